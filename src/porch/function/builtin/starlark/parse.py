"""Makes a tree of a script: the grammar of Starlark, with the messages of the Go parser.

One method for each rule of the grammar. Depth is bounded, so that no script exhausts the stack.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from porch.function.builtin.starlark import scan, tree
from porch.function.builtin.starlark.errors import ScriptSyntaxError
from porch.function.builtin.starlark.scan import Scanner, Token, described
from porch.function.builtin.starlark.tree import Expr, Place, Statement

_DEEPEST = 60
_ASSIGNMENTS = frozenset(["=", "+=", "-=", "*=", "/=", "//=", "%=", "&=", "|=", "^=", "<<=", ">>="])
_LEVELS = (
    ("or",),
    ("and",),
    ("not",),
    ("==", "!=", "<", ">", "<=", ">=", "in", "not in"),
    ("|",),
    ("^",),
    ("&",),
    ("<<", ">>"),
    ("-", "+"),
    ("*", "%", "/", "//"),
)
_PRECEDENCE = {operator: level for level, operators in enumerate(_LEVELS) for operator in operators}
_NOT, _COMPARISON = 2, 3
_ENDS_LIST = frozenset((scan.EOF, scan.NEWLINE, "=", "}", "]", ")", ";"))


def parse(program: str, text: str) -> list[Statement]:
    """Raises ScriptSyntaxError."""
    return Parser(program, text).file()


class Parser:
    def __init__(self, program: str, text: str) -> None:
        self._scanner = Scanner(program, text)
        self._tokens = self._scanner.tokens()
        self._token: Token = next(self._tokens)
        self._depth = 0

    def file(self) -> list[Statement]:
        statements: list[Statement] = []
        while self._kind != scan.EOF:
            if self._kind == scan.NEWLINE:
                self._next()
            else:
                self._statement(statements)
        return statements

    # Tokens

    @property
    def _kind(self) -> str:
        return self._token.kind

    @property
    def _place(self) -> Place:
        return self._token.line, self._token.column

    def _next(self) -> Place:
        place = self._place
        self._token = next(self._tokens)
        return place

    def _take(self, kind: str) -> Place:
        if self._kind != kind:
            self._fail(f"got {described(self._kind)}, want {described(kind)}")
        return self._next()

    def _fail(self, message: str, place: Place | None = None) -> NoReturn:
        raise self._failure(message, place)

    def _failure(self, message: str, place: Place | None) -> ScriptSyntaxError:
        """Without a place, at the end of the token looked at: that is where the Go scanner stands."""
        return self._scanner.fail(message, *(place or (self._token.end_line, self._token.end_column)))

    @contextmanager
    def _deeper(self) -> Iterator[None]:
        self._depth += 1
        if self._depth > _DEEPEST:
            self._fail("nested too deeply")
        yield
        self._depth -= 1

    # Statements

    def _statement(self, statements: list[Statement]) -> None:
        match self._kind:
            case "def":
                statements.append(self._def())
            case "if":
                statements.append(self._if())
            case "for":
                statements.append(self._for())
            case "while":
                place = self._next()
                condition = self._test()
                statements.append(tree.While(place, condition, self._suite()))
            case _:
                self._simple(statements)

    def _def(self) -> Statement:
        place = self._next()
        name = self._name()
        self._take("(")
        parameters = self._parameters()
        self._take(")")
        return tree.Define(name, tree.Function(place, name.name, parameters, self._suite()))

    def _if(self) -> tree.If:
        place = self._next()
        condition = self._test()
        first = last = tree.If(place, condition, self._suite(), [])
        while self._kind == "elif":
            place = self._next()
            condition = self._test()
            following = tree.If(place, condition, self._suite(), [])
            last.otherwise = [following]
            last = following
        if self._kind == "else":
            self._next()
            last.otherwise = self._suite()
        return first

    def _for(self) -> Statement:
        place = self._next()
        targets = self._loop_variables()
        self._take("in")
        over = self._expression()
        return tree.For(place, targets, over, self._suite())

    def _suite(self) -> list[Statement]:
        self._take(":")
        statements: list[Statement] = []
        if self._kind != scan.NEWLINE:
            self._simple(statements)
            return statements
        self._next()
        self._take(scan.INDENT)
        with self._deeper():
            while self._kind not in {scan.OUTDENT, scan.EOF}:
                self._statement(statements)
        self._take(scan.OUTDENT)
        return statements

    def _simple(self, statements: list[Statement]) -> None:
        statements.append(self._small())
        while self._kind == ";":
            self._next()
            if self._kind in {scan.NEWLINE, scan.EOF}:
                break
            statements.append(self._small())
        if self._kind != scan.EOF:
            self._take(scan.NEWLINE)

    def _small(self) -> Statement:
        kind = self._kind
        if kind == "return":
            place = self._next()
            value = None if self._kind in {scan.EOF, scan.NEWLINE, ";"} else self._expression()
            return tree.Return(place, value)
        if kind in {"break", "continue", "pass"}:
            return tree.Branch(self._next(), kind)
        if kind == "load":
            return self._load()
        target = self._expression()
        if self._kind in _ASSIGNMENTS:
            operator = self._kind
            self._next()
            return tree.Assign(target, operator, self._expression())
        return tree.Evaluate(target)

    def _load(self) -> Statement:
        place = self._next()
        opening = self._take("(")
        if self._kind != scan.STRING:
            self._fail("first operand of load statement must be a string literal")
        module = self._quoted_name().name
        names: list[tuple[tree.Name, tree.Name]] = []
        while self._kind not in {")", scan.EOF}:
            self._take(",")
            if self._kind == ")":
                break
            names.append(self._loaded())
        self._take(")")
        if not names:
            self._fail("load statement must import at least 1 symbol", opening)
        return tree.Load(place, module, names)

    def _loaded(self) -> tuple[tree.Name, tree.Name]:
        if self._kind == scan.STRING:
            name = self._quoted_name()
            return tree.Name(name.place, name.name), name
        if self._kind != scan.IDENT:
            self._fail(f'load operand must be "name" or localname="name" (got {described(self._kind)})')
        local = self._name()
        word = local.name
        if self._kind != "=":
            self._fail(f'load operand must be "{word}" or {word}="originalname" (want \'=\' after {word})')
        self._next()
        if self._kind != scan.STRING:
            self._fail(f'original name of loaded symbol must be quoted: {word}="originalname"')
        return local, self._quoted_name()

    def _quoted_name(self) -> tree.Name:
        value: str = self._token.value
        line, column = self._next()
        return tree.Name((line, column + 1), value)

    # Names and parameters

    def _name(self) -> tree.Name:
        if self._kind != scan.IDENT:
            self._fail("not an identifier")
        word: str = self._token.value
        return tree.Name(self._next(), word)

    def _parameters(self) -> list[Expr]:
        parameters: list[Expr] = []
        while self._kind not in {")", ":", scan.EOF}:
            if parameters:
                self._take(",")
            if self._kind == ")":
                break
            parameters.append(self._parameter())
        return parameters

    def _parameter(self) -> Expr:
        if self._kind in {"*", "**"}:
            operator = self._kind
            place = self._next()
            named = operator == "**" or self._kind == scan.IDENT
            return tree.Unary(place, operator, self._name() if named else None)
        name = self._name()
        if self._kind != "=":
            return name
        equals = self._next()
        return tree.Binary(name.place, "=", name, self._test(), equals)

    def _loop_variables(self) -> Expr:
        first = self._primary_with_suffix()
        if self._kind != ",":
            return first
        items = [first]
        while self._kind == ",":
            self._next()
            if self._kind in _ENDS_LIST:
                break
            items.append(self._primary_with_suffix())
        return tree.Items(first.place, "tuple", items)

    # Expressions

    def _expression(self, *, in_parens: bool = False) -> Expr:
        first = self._test()
        if self._kind != ",":
            return first
        return tree.Items(first.place, "tuple", self._more([first], trailing_comma=in_parens))

    def _more(self, items: list[Expr], *, trailing_comma: bool) -> list[Expr]:
        while self._kind == ",":
            place = self._next()
            if self._kind in _ENDS_LIST:
                if not trailing_comma:
                    self._fail("unparenthesized tuple with trailing comma", place)
                break
            items.append(self._test())
        return items

    def _test(self, *, conditional: bool = True) -> Expr:
        with self._deeper():
            if self._kind == "lambda":
                return self._lambda(conditional=conditional)
            then = self._operators(0)
            if self._kind != "if" or not conditional:
                return then
            place = self._next()
            condition = self._operators(0)
            if self._kind != "else":
                self._fail("conditional expression without else clause", place)
            self._next()
            return tree.Conditional(then.place, condition, then, self._test())

    def _lambda(self, *, conditional: bool) -> Expr:
        place = self._next()
        parameters = self._parameters() if self._kind != ":" else []
        self._take(":")
        body = self._test(conditional=conditional)
        return tree.Function(place, "lambda", parameters, [tree.Return(body.place, body)])

    def _operators(self, level: int) -> Expr:
        """Precedence climbing: an operand, then operators that bind at least as tightly as `level`."""
        if self._kind == "not" and level <= _NOT:
            with self._deeper():
                place = self._next()
                left: Expr = tree.Unary(place, "not", self._operators(_NOT))
        else:
            left = self._primary_with_suffix()
        compared = ""
        while True:
            if self._kind == "not":
                self._not_in()
            operator = self._kind
            precedence = _PRECEDENCE.get(operator, -1)
            if precedence < level or precedence < 0:
                return left
            if precedence == _COMPARISON:
                if compared:
                    self._fail(f"{compared} does not associate with {operator} (use parens)")
                compared = operator
            elif precedence < _COMPARISON:
                compared = ""
            operator_place = self._next()
            right = self._operators(precedence + 1)
            left = tree.Binary(left.place, operator, left, right, operator_place)

    def _not_in(self) -> None:
        place = self._next()
        if self._kind != "in":
            self._fail(f"got {described(self._kind)}, want in")
        self._token.kind = "not in"
        self._token.line, self._token.column = place

    def _primary_with_suffix(self) -> Expr:
        value = self._primary()
        while True:
            match self._kind:
                case ".":
                    self._next()
                    value = tree.Dot(value.place, value, self._name().name)
                case "[":
                    value = self._index(value)
                case "(":
                    self._next()
                    value = tree.Call(value.place, value, self._arguments())
                    self._take(")")
                case _:
                    return value

    def _index(self, of: Expr) -> Expr:
        self._next()
        low = high = step = None
        if self._kind != ":":
            low = self._expression()
            if self._kind == "]":
                self._next()
                return tree.Index(of.place, of, low)
        if self._kind == ":":
            self._next()
            high = self._test() if self._kind not in {":", "]"} else None
        if self._kind == ":":
            self._next()
            step = self._test() if self._kind != "]" else None
        self._take("]")
        return tree.Slice(of.place, of, low, high, step)

    def _arguments(self) -> list[Expr]:
        arguments: list[Expr] = []
        while self._kind not in {")", scan.EOF}:
            if arguments:
                self._take(",")
            if self._kind == ")":
                break
            arguments.append(self._argument())
        return arguments

    def _argument(self) -> Expr:
        if self._kind in {"*", "**"}:
            operator = self._kind
            return tree.Unary(self._next(), operator, self._test())
        value = self._test()
        if self._kind != "=":
            return value
        if not isinstance(value, tree.Name):
            self._fail("keyword argument must have form name=expr")
        place = self._next()
        return tree.Binary(value.place, "=", value, self._test(), place)

    def _primary(self) -> Expr:
        match self._kind:
            case scan.IDENT:
                return self._name()
            case scan.INT | scan.FLOAT | scan.STRING | scan.BYTES:
                value = self._token.value
                return tree.Literal(self._next(), value)
            case "[":
                return self._list()
            case "{":
                return self._dict()
            case "(":
                return self._parens()
            case "-" | "+" | "~":
                with self._deeper():
                    operator = self._kind
                    return tree.Unary(self._next(), operator, self._primary_with_suffix())
            case kind:
                raise self._failure(f"got {described(kind)}, want primary expression", self._place)

    def _parens(self) -> Expr:
        place = self._next()
        if self._kind == ")":
            self._next()
            return tree.Items(place, "tuple", [])
        inner = self._expression(in_parens=True)
        self._take(")")
        return tree.Parens(place, inner)

    def _list(self) -> Expr:
        place = self._next()
        if self._kind == "]":
            self._next()
            return tree.Items(place, "list", [])
        first = self._test()
        if self._kind == "for":
            return tree.Comprehension(place, first, None, self._clauses("]"))
        items = self._more([first], trailing_comma=True)
        self._take("]")
        return tree.Items(place, "list", items)

    def _dict(self) -> Expr:
        place = self._next()
        entries: list[tuple[Expr, Expr]] = []
        while self._kind != "}":
            if entries:
                self._take(",")
                if self._kind == "}":
                    break
            key = self._test()
            self._take(":")
            entries.append((key, self._test()))
            if self._kind == "for" and len(entries) == 1:
                return tree.Comprehension(place, *entries[0], self._clauses("}"))
            if self._kind != ",":
                break
        self._take("}")
        return tree.DictOf(place, entries)

    def _clauses(self, end: str) -> list[tree.ForClause | tree.IfClause]:
        clauses: list[tree.ForClause | tree.IfClause] = []
        while self._kind != end:
            if self._kind == "for":
                self._next()
                targets = self._loop_variables()
                self._take("in")
                clauses.append(tree.ForClause(targets, self._operators(0)))
            elif self._kind == "if":
                self._next()
                clauses.append(tree.IfClause(self._test(conditional=False)))
            else:
                self._fail(f"got {described(self._kind)}, want '{end}', for, or if")
        self._next()
        return clauses
