"""The language: what expressions are worth, and how scripts go."""

from __future__ import annotations

import pytest

from tests.unit.function.starlark.scripts import shown, values


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1 + 2 * 3", "7"),
        ("-7 // 2", "-4"),
        ("7 % -3", "-2"),
        ("7 / 2", "3.5"),
        ("1 << 40", "1099511627776"),
        ("~5 & 12 ^ 1 | 2", "11"),
        ("1e6", "1e+06"),
        ("100000.0", "100000.0"),
        ("1e-9", "1e-09"),
        ("0.1 + 0.2", "0.30000000000000004"),
        ("0x1F + 0o17 + 0b11", "49"),
        ("'a' + \"b\" * 2", '"abb"'),
        ("'''a\nb'''", '"a\\nb"'),
        ("r'\\d' + '\\x41\\u00e9\\101'", '"\\\\dAéA"'),
        ("b'\\xff'", 'b"\\xff"'),
        ("not 1 in [1]", "False"),
        ("1 not in [1]", "False"),
        ("True == 1", "False"),
        ("1 == 1.0", "True"),
        ("[1, [2]] == [1, [2]]", "True"),
        ("(1, 'a') < (1, 'b')", "True"),
        ("1 if [] else 2", "2"),
        ("[] or 'x' and 3", "3"),
        ("(1,)", "(1,)"),
        ("()", "()"),
        ("{'a': 1, True: 2, 1: 3}", '{"a": 1, True: 2, 1: 3}'),
        ("{'a': 1} | {'b': 2}", '{"a": 1, "b": 2}'),
        ("set([1, 2]) | set([3])", "set([1, 2, 3])"),
        ("[1, 2, 3][::-1]", "[3, 2, 1]"),
        ("'hello'[1:-1]", '"ell"'),
        ("'é'[0]", '"\\xc3"'),
        ("len('é')", "2"),
        ("'aé'.find('é')", "1"),
        ("[x * y for x, y in [(1, 2), (3, 4)] if x > 1]", "[12]"),
        ("{k: v for v, k in enumerate('a b'.split())}", '{"a": 0, "b": 1}'),
        ("[(i, j) for i in range(2) for j in range(i)]", "[(1, 0)]"),
        ("sorted(['b', 'A', 'c'], key=lambda s: s.lower(), reverse=True)", '["c", "b", "A"]'),
        ("max(3, 1, key=lambda x: -x)", "1"),
        ("'%d-%s-%r-%x-%%' % (1, 'a', 'a', 255)", '"1-a-\\"a\\"-ff-%"'),
        ("'%(a)s' % {'a': 1}", '"1"'),
        ("'{} {x!r} {{}}'.format(1, x='a')", '"1 \\"a\\" {}"'),
        ("'a,b,,c'.split(',', 1)", '["a", "b,,c"]'),
        ("' a  b '.split()", '["a", "b"]'),
        ("'a-b-c'.rsplit('-', 1)", '["a-b", "c"]'),
        ("'x=1'.partition('=')", '("x", "=", "1")'),
        ("'ab'.elems()", '"ab".elems()'),
        ("list('ab'.elems())", '["a", "b"]'),
        ("'aXb'.title() + 'abc'.capitalize()", '"AxbAbc"'),
        ("'abc'.startswith(('x', 'a'))", "True"),
        ("'a\\nb\\n'.splitlines()", '["a", "b"]'),
        ("zip([1, 2], ('a', 'b'))", '[(1, "a"), (2, "b")]'),
        ("int('ff', 16) + int('-0x10', 0) + int(3.9)", "242"),
        ("float('1.5') + float(True)", "2.5"),
        ("type(None) + type(len) + type([].append)", '"NoneTypebuiltin_function_or_methodbuiltin_function_or_method"'),
        ("dir({})[:2]", '["clear", "get"]'),
        ("getattr('', 'nope', 3)", "3"),
        ("hash('abc')", "96354"),
        ("repr(range(1, 5)) + str(range(3))", '"range(1, 5)range(3)"'),
        ("any([0, '']) or all([])", "True"),
        ("bytes('hé')", 'b"hé"'),
        ("chr(233) + str(ord('é'))", '"é233"'),
    ],
)
def test_an_expression_is_worth(expression: str, value: str) -> None:
    assert shown(expression) == value


def test_parameters_are_bound_as_in_python() -> None:
    before = "def f(a, b=2, *args, c, d=4, **more):\n  return (a, b, args, c, d, more)"
    assert shown("f(1, c=3)", before) == "(1, 2, (), 3, 4, {})"
    assert shown("f(1, 2, 3, c=5, e=6)", before) == '(1, 2, (3,), 5, 4, {"e": 6})'
    assert shown("f(*[1, 2], **{'c': 3})", before) == "(1, 2, (), 3, 4, {})"


def test_functions_recurse_and_close_over_variables() -> None:
    before = "def outer(n):\n  def inner(k):\n    return 0 if k == 0 else n + inner(k - 1)\n  return inner"
    assert shown("outer(3)(4)", before) == "12"


def test_loops_and_conditions_stand_at_the_top_of_a_script() -> None:
    script = "n = 0\nwhile True:\n  n += 1\n  if n == 3:\n    continue\n  elif n > 5:\n    break\nfor n in [n]: pass\n"
    assert values(script)["n"] == 6


def test_targets_may_be_nested_indexed_and_starred_in_calls() -> None:
    script = "d = {}\n(a, [b, d['x']]) = 1, (2, 3)\nd['x'] += 4\n[c for (c,) in [(1,)]]\nl = [1]\nm = l\nm += [a, b]\n"
    made = values(script)
    assert (made["a"], made["b"], made["d"], made["l"]) == (1, 2, {"x": 7}, [1, 1, 2])


def test_a_right_side_is_evaluated_before_its_target() -> None:
    script = "log = []\ndef f(x):\n  log.append(x)\n  return x\nd = {}\nd[f('key')] = f('value')\n"
    assert values(script)["log"] == ["value", "key"]


def test_continued_lines_comments_and_semicolons() -> None:
    assert values("x = (1 + # one\n  2); y = x \\\n  + 1\n\n# end")["y"] == 4


def test_variables_of_a_comprehension_stay_in_it() -> None:
    assert values("x = 1\ny = [x for x in [2]]\n")["x"] == 1


def test_a_global_may_take_the_name_of_a_builtin() -> None:
    assert values("n = len([1])\nlen = 5\nm = len\n")["m"] == 5
