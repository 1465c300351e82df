"""The messages of scripts that cannot be read or that fail. They are those of the Go interpreter."""

from __future__ import annotations

import pytest

from tests.unit.function.starlark.scripts import failure


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("x = (", "prog:1:6: got end of file, want primary expression"),
        ("def f()\n  pass", "prog:2:1: got newline, want ':'"),
        ("if True:\npass", "prog:2:5: got pass, want indent"),
        ("x = 1\n  y = 2", "prog:2:3: got indent, want primary expression"),
        ("if 1:\n    x = 1\n  y = 2", "prog:3:3: unindent does not match any outer indentation level"),
        ("x = 'abc", "prog:1:5: unexpected EOF in string"),
        ("x = 'abc\n'", "prog:1:5: unexpected newline in string"),
        ("x = 1 == 2 == 3", "prog:1:14: == does not associate with == (use parens)"),
        ("x = 1 if 2", "prog:1:7: conditional expression without else clause"),
        ("x = 017", "prog:1:8: obsolete form of octal literal; use 0o17"),
        ("x = '\\q'", "prog:1:5: invalid escape sequence \\q"),
        ("class A: pass", "prog:1:1: got illegal token, want primary expression"),
        ("x = )", "prog:1:5: unexpected ')'"),
        ("x = !", "prog:1:5: unexpected input character '!'"),
        ("f(x for x in y)", "prog:1:8: got for, want ','"),
        ("x = 1,", "prog:1:6: unparenthesized tuple with trailing comma"),
        ("load('a.star')", "prog:1:5: load statement must import at least 1 symbol"),
        ("break", "prog:1:1: break not in a loop"),
        ("return 1", "prog:1:1: return statement not within a function"),
        ("def f(a, a): pass", "prog:1:10: duplicate parameter: a"),
        ("def f(a=1, b): pass", "prog:1:12: required parameter may not follow optional"),
        ("def f(*): pass", "prog:1:7: bare * must be followed by keyword-only parameters"),
        ("f = 1\nf(a=1, a=2)", 'prog:2:8: keyword argument "a" is repeated'),
        ("1 = 2", "prog:1:1: can't assign to literal"),
        ("f = 1\nf() = 2", "prog:2:1: can't assign to callexpr"),
        ("(a, b) += 1", "prog:1:2: can't use tuple expression in augmented assignment"),
        ("resources = 1\nx = resource", "prog:2:5: undefined: resource (did you mean resources?)"),
        ("def f():\n  load('a.star', 'b')", "prog:2:3: load statement within a function"),
    ],
)
def test_a_script_that_cannot_be_read_says_where(script: str, message: str) -> None:
    assert failure(script) == message


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("1 + 'a'", "unknown binary op: int + string"),
        ("-'a'", "unknown unary op: - string"),
        ("1 < 'a'", "int < string not implemented"),
        ("{}['a']", 'key "a" not in dict'),
        ("[1][3]", "list index 3 out of range [-1:0]"),
        ("''[0]", "index 0 out of range: empty string"),
        ("[1]['a']", "list index: got string, want int"),
        ("None[0]", "unhandled index operation NoneType[int]"),
        ("None()", "invalid call of non-function (NoneType)"),
        ("''.uper()", "string has no .uper field or method (did you mean .upper?)"),
        ("for x in 1: pass", "int value is not iterable"),
        ("a, b = [1]", "too few values to unpack (got 1, want 2)"),
        ("a, b = 1", "got int in sequence assignment"),
        ("{[]: 1}", "unhashable type: list"),
        ("{'a': 1, 'a': 2}", 'duplicate key: "a"'),
        ("1 // 0", "floored division by zero"),
        ("1 % 0", "integer modulo by zero"),
        ("1 / 0", "floating-point division by zero"),
        ("1 << 600", "shift count too large: 600"),
        ("len(1)", "len: value of type int has no len"),
        ("len()", "len: got 0 arguments, want 1"),
        ("int('x')", "int: invalid literal with base 10: x"),
        ("'%d' % 'x'", "%d format requires integer: cannot convert string to int"),
        ("'%d' % (1, 2)", "too many arguments for format string"),
        ("'{}'.format()", "format: tuple index out of range"),
        ("','.join([1])", "join: in list, want string, got int"),
        ("sorted([1, 'a'])", "string < int not implemented"),
        ("[].pop()", "pop: index -1 out of range: empty list"),
        ("{}.pop('a')", "pop: missing key"),
        ("[1].index(2)", "index: value not in list"),
        ("sorted(key=len)", "sorted: missing argument for iterable"),
        ("sorted([], kye=len)", 'sorted: unexpected keyword argument "kye"'),
        ("fail('a', 1, sep='-')", "fail: a-1"),
        ("def f(a, b): pass\nf(1)", "function f missing 1 argument (b)"),
        ("def f(): pass\nf(1)", "function f accepts no arguments (1 given)"),
        ("def f(a): pass\nf(1, 2)", "function f accepts 1 positional argument (2 given)"),
        ("def f(a): pass\nf(b=1)", 'function f got an unexpected keyword argument "b"'),
        ("def f(a): pass\nf(1, a=2)", 'function f got multiple values for parameter "a"'),
        ("def f():\n  x += 1\nf()", "local variable x referenced before assignment"),
        ("def f():\n  return y\nf()\ny = 1", "global variable y referenced before assignment"),
        ("l = [1]\nfor x in l: l.append(2)", "append: cannot append to list during iteration"),
        ("d = {1: 2}\nfor x in d: d[3] = 4", "cannot insert into hash table during iteration"),
        ("'a'.b = 1", "can't assign to .b field of string"),
        ("''[0] = 1", "string value does not support item assignment"),
        ("load('json.star', 'json')", "load: name json not found in module json.star"),
        ("load('hash.star', 'hsh')", "load: name hsh not found in module hash.star (did you mean hash?)"),
    ],
)
def test_a_script_that_fails_says_why(script: str, message: str) -> None:
    assert failure(script) == message
