"""Makes Python code of a resolved script.

The code consists of names, constants, calls, loops and assignments only. There is no attribute and no import in it,
every name that the script chose carries a prefix, and every operation is a call of one of our functions. So a script
can do what those allow and nothing else, at nearly the speed of Python.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence
from types import CodeType
from typing import Any

from porch.function.builtin.starlark import arithmetic, calls, compare, tree
from porch.function.builtin.starlark.calls import Function, Signature
from porch.function.builtin.starlark.errors import StarlarkError
from porch.function.builtin.starlark.tree import UNIVERSAL, Expr, Statement
from porch.function.builtin.starlark.values import Anything

_CONSTANTS = {"None": None, "True": True, "False": False}
_WORDS = {
    "+": "add",
    "-": "subtract",
    "*": "multiply",
    "/": "divide",
    "//": "floor_divide",
    "%": "modulo",
    "|": "or",
    "&": "and",
    "^": "xor",
    "<<": "shift_left",
    ">>": "shift_right",
    "in": "in",
    "<": "less",
    "<=": "at_most",
    ">": "greater",
    ">=": "at_least",
    "==": "equal",
    "!=": "not_equal",
}
_LOAD, _STORE = ast.Load(), ast.Store()


def _new_function(
    signature: Signature, names: tuple[str, ...], defaults: tuple[Anything, ...], code: Callable[..., Anything]
) -> Function:
    return Function(signature, dict(zip(names, defaults, strict=True)), code)


OPERATIONS: dict[str, Callable[..., Any]] = {
    **{f"_{_WORDS[operator]}": function for operator, function in arithmetic.BINARY.items()},
    **{f"_{_WORDS[operator]}": function for operator, function in compare.COMPARISONS.items()},
    **{f"_in_place_{_WORDS[operator]}": function for operator, function in arithmetic.IN_PLACE.items()},
    "_unary": arithmetic.unary,
    "_call": calls.call,
    "_call_with": calls.call_with,
    "_method": calls.call_method,
    "_attribute": calls.attribute,
    "_set_attribute": calls.set_attribute,
    "_index": calls.index,
    "_set_index": calls.set_index,
    "_slice": calls.slice_of,
    "_loop": calls.loop,
    "_unpack": calls.unpack,
    "_dict": calls.dict_display,
    "_pairs": calls.dict_of_pairs,
    "_function": _new_function,
}
"""What generated code may call; `_load` and the predeclared names (`u_`) come from the run."""


def generate(program: str, statements: list[Statement]) -> tuple[CodeType, dict[str, Signature]]:
    """The code, and the signatures that it refers to by name. Raises StarlarkError when it is too large."""
    generator = _Generator()
    body = generator.block(statements)
    module = ast.fix_missing_locations(ast.Module(body, []))
    try:
        return compile(module, f"<{program}>", "exec"), generator.signatures
    except (SyntaxError, RecursionError, MemoryError, ValueError) as error:
        raise StarlarkError(f"{program}: nested too deeply") from error


def _name(name: str, context: ast.expr_context = _LOAD) -> ast.expr:
    return ast.Name(name, context)


def _op(name: str, *arguments: ast.expr) -> ast.expr:
    return ast.Call(_name(f"_{name}"), list(arguments), [])


def _constant(value: Any) -> ast.expr:
    return ast.Constant(value)


def _tuple(items: Iterable[ast.expr]) -> ast.expr:
    return ast.Tuple(list(items), _LOAD)


def _mangled(name: tree.Name) -> str:
    return f"{name.scope}_{name.name}"


class _Generator:
    def __init__(self) -> None:
        self.signatures: dict[str, Signature] = {}
        self._count = 0

    def _fresh(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}{self._count}"

    # Statements

    def block(self, statements: Iterable[Statement]) -> list[ast.stmt]:
        made: list[ast.stmt] = []
        for statement in statements:
            made += self._statement(statement)
        return made or [ast.Pass()]

    def _statement(self, statement: Statement) -> list[ast.stmt]:  # noqa: C901, PLR0911 - one case for each kind
        match statement:
            case tree.Evaluate(value):
                return [ast.Expr(self._expr(value))]
            case tree.Branch(_, word):
                return [ast.Break() if word == "break" else ast.Continue() if word == "continue" else ast.Pass()]
            case tree.Assign(target, "=", value):
                return self._assign(target, self._expr(value))
            case tree.Assign(target, operator, value):
                return self._assign_in_place(target, operator[:-1], value)
            case tree.Define(target, function):
                code, definition = self._define(function)
                return [*definition, *self._assign(target, code)]
            case tree.If(_, condition, then, otherwise):
                return [ast.If(self._expr(condition), self.block(then), self.block(otherwise) if otherwise else [])]
            case tree.For(_, targets, over, body):
                item, more = self._loop_target(targets)
                return [ast.For(item, _op("loop", self._expr(over)), [*more, *self.block(body)], [])]
            case tree.While(_, condition, body):
                return [ast.While(self._expr(condition), self.block(body), [])]
            case tree.Return(_, value):
                return [ast.Return(self._expr(value) if value is not None else None)]
            case tree.Load(_, module, names):
                return [
                    ast.Assign(
                        [_name(_mangled(name), _STORE)], _op("load", _constant(module), _constant(original.name))
                    )
                    for name, original in names
                ]

    def _assign(self, target: Expr, value: ast.expr) -> list[ast.stmt]:
        """The value is evaluated first, then what the target is made of."""
        match target:
            case tree.Name():
                return [ast.Assign([_name(_mangled(target), _STORE)], value)]
            case tree.Index(_, of, key):
                return [ast.Expr(_op("set_index", value, self._expr(of), self._expr(key)))]
            case tree.Dot(_, of, name):
                return [ast.Expr(_op("set_attribute", value, self._expr(of), _constant(name)))]
            case tree.Parens(_, inner):
                return self._assign(inner, value)
            case tree.Items(_, _, items):
                return self._assign_each(items, value)
            case _:
                raise AssertionError(target)

    def _assign_each(self, items: list[Expr], value: ast.expr) -> list[ast.stmt]:
        values = _op("unpack", value, _constant(len(items)))
        if not items:
            return [ast.Expr(values)]
        names = [_mangled(item) if isinstance(item, tree.Name) else self._fresh("t") for item in items]
        made: list[ast.stmt] = [ast.Assign([ast.Tuple([_name(name, _STORE) for name in names], _STORE)], values)]
        for name, item in zip(names, items, strict=True):
            if not isinstance(item, tree.Name):
                made += self._assign(item, _name(name))
        return made

    def _assign_in_place(self, target: Expr, operator: str, value: Expr) -> list[ast.stmt]:
        operation = f"in_place_{_WORDS[operator]}"
        match target:
            case tree.Parens(_, inner):
                return self._assign_in_place(inner, operator, value)
            case tree.Name():
                changed = _op(operation, _name(_mangled(target)), self._expr(value))
                return [ast.Assign([_name(_mangled(target), _STORE)], changed)]
            case tree.Index(_, of, key):
                container, at = self._fresh("t"), self._fresh("t")
                old = _op("index", _name(container), _name(at))
                changed = _op(operation, old, self._expr(value))
                return [
                    ast.Assign([_name(container, _STORE)], self._expr(of)),
                    ast.Assign([_name(at, _STORE)], self._expr(key)),
                    ast.Expr(_op("set_index", changed, _name(container), _name(at))),
                ]
            case tree.Dot(_, of, name):
                container = self._fresh("t")
                old = _op("attribute", _name(container), _constant(name))
                changed = _op(operation, old, self._expr(value))
                return [
                    ast.Assign([_name(container, _STORE)], self._expr(of)),
                    ast.Expr(_op("set_attribute", changed, _name(container), _constant(name))),
                ]
            case _:
                raise AssertionError(target)

    def _loop_target(self, targets: Expr) -> tuple[ast.expr, list[ast.stmt]]:
        if isinstance(targets, tree.Name):
            return _name(_mangled(targets), _STORE), []
        item = self._fresh("t")
        return _name(item, _STORE), self._assign(targets, _name(item))

    # Functions

    def _define(self, function: tree.Function) -> tuple[ast.expr, list[ast.stmt]]:
        """The value of a def, and the Python function that has to come before it."""
        name = self._fresh("f")
        defined = ast.FunctionDef(
            name=name, args=self._parameters(function), body=self.block(function.body), decorator_list=[]
        )
        return self._function(function, _name(name)), [defined]

    def _lambda(self, function: tree.Function) -> ast.expr:
        body = function.body[0]
        assert isinstance(body, tree.Return)
        assert body.value is not None
        return self._function(function, ast.Lambda(self._parameters(function), self._expr(body.value)))

    def _parameters(self, function: tree.Function) -> ast.arguments:
        names = [_mangled(name) for name in _named(function.parameters)]
        return ast.arguments([], [ast.arg(name) for name in names], None, [], [], None, [])

    def _function(self, function: tree.Function, code: ast.expr) -> ast.expr:
        signature = _signature(function)
        key = self._fresh("s")
        self.signatures[key] = signature
        optional = [parameter for parameter in function.parameters if isinstance(parameter, tree.Binary)]
        names = tuple(parameter.left.name for parameter in optional if isinstance(parameter.left, tree.Name))
        defaults = _tuple(self._expr(parameter.right) for parameter in optional)
        return _op("function", _name(key), _constant(names), defaults, code)

    # Expressions

    def _expr(self, value: Expr) -> ast.expr:  # noqa: C901, PLR0911, PLR0912 - one case for each kind
        match value:
            case tree.Name(_, name, scope):
                if scope == UNIVERSAL and name in _CONSTANTS:
                    return _constant(_CONSTANTS[name])
                return _name(_mangled(value))
            case tree.Literal(_, literal):
                return _constant(literal)
            case tree.Parens(_, inner):
                return self._expr(inner)
            case tree.Items(_, kind, items):
                made = [self._expr(item) for item in items]
                return ast.List(made, _LOAD) if kind == "list" else ast.Tuple(made, _LOAD)
            case tree.DictOf(_, entries):
                return _op("dict", *(self._expr(part) for entry in entries for part in entry))
            case tree.Conditional(_, condition, then, otherwise):
                return ast.IfExp(self._expr(condition), self._expr(then), self._expr(otherwise))
            case tree.Unary(_, operator, operand):
                assert operand is not None
                made_operand = self._expr(operand)
                if operator == "not":
                    return ast.UnaryOp(ast.Not(), made_operand)
                return _op("unary", _constant(operator), made_operand)
            case tree.Binary(_, operator, left, right, _):
                return self._binary(operator, left, right)
            case tree.Index(_, of, key):
                return _op("index", self._expr(of), self._expr(key))
            case tree.Slice(_, of, low, high, step):
                bounds = (self._expr(part) if part is not None else _constant(None) for part in (low, high, step))
                return _op("slice", self._expr(of), *bounds)
            case tree.Dot(_, of, name):
                return _op("attribute", self._expr(of), _constant(name))
            case tree.Call():
                return self._call(value)
            case tree.Comprehension():
                return self._comprehension(value)
            case tree.Function():
                return self._lambda(value)

    def _binary(self, operator: str, left: Expr, right: Expr) -> ast.expr:
        if operator in {"and", "or"}:
            junction = ast.And() if operator == "and" else ast.Or()
            return ast.BoolOp(junction, [self._expr(left), self._expr(right)])
        made = (self._expr(left), self._expr(right))
        if operator == "not in":
            return ast.UnaryOp(ast.Not(), _op("in", *made))
        if operator in {"==", "!="} and (_is_text(left) or _is_text(right)):
            # Python's own comparison with a string is Starlark's, and much faster.
            return ast.Compare(made[0], [ast.Eq() if operator == "==" else ast.NotEq()], [made[1]])
        return _op(_WORDS[operator], *made)

    def _call(self, value: tree.Call) -> ast.expr:
        plain: list[ast.expr] = []
        names: list[str] = []
        values: list[ast.expr] = []
        rest: ast.expr = _tuple(())
        more: ast.expr = ast.Dict([], [])
        simple = True
        for argument in value.arguments:
            match argument:
                case tree.Unary(_, "*", operand) if operand is not None:
                    rest, simple = self._expr(operand), False
                case tree.Unary(_, "**", operand) if operand is not None:
                    more, simple = self._expr(operand), False
                case tree.Binary(_, "=", tree.Name(_, name), right, _):
                    names.append(name)
                    values.append(self._expr(right))
                    simple = False
                case _:
                    plain.append(self._expr(argument))
        if not simple:
            function = self._expr(value.function)
            return _op("call_with", function, _tuple(plain), _constant(tuple(names)), _tuple(values), rest, more)
        if isinstance(value.function, tree.Dot):
            return _op("method", self._expr(value.function.of), _constant(value.function.name), *plain)
        return _op("call", self._expr(value.function), *plain)

    def _comprehension(self, value: tree.Comprehension) -> ast.expr:
        generators: list[ast.comprehension] = []
        for clause in value.clauses:
            if isinstance(clause, tree.IfClause):
                generators[-1].ifs.append(self._expr(clause.condition))
            else:
                generators += self._for_clause(clause)
        if value.value is None:
            return ast.ListComp(self._expr(value.body), generators)
        pair = _tuple((self._expr(value.body), self._expr(value.value)))
        return _op("pairs", ast.ListComp(pair, generators))

    def _for_clause(self, clause: tree.ForClause) -> list[ast.comprehension]:
        """Targets that are not a name are assigned by further clauses, each of which runs over one value."""
        over = _op("loop", self._expr(clause.over))
        if isinstance(clause.targets, tree.Name):
            return [_clause(_name(_mangled(clause.targets), _STORE), over)]
        item = self._fresh("t")
        return [_clause(_name(item, _STORE), over), *self._target_clauses(clause.targets, _name(item))]

    def _target_clauses(self, target: Expr, value: ast.expr) -> list[ast.comprehension]:
        match target:
            case tree.Parens(_, inner):
                return self._target_clauses(inner, value)
            case tree.Items(_, _, items):
                names = [_mangled(item) if isinstance(item, tree.Name) else self._fresh("t") for item in items]
                stored = ast.Tuple([_name(name, _STORE) for name in names], _STORE)
                made = [_clause(stored, _tuple((_op("unpack", value, _constant(len(items))),)))]
                for name, item in zip(names, items, strict=True):
                    if not isinstance(item, tree.Name):
                        made += self._target_clauses(item, _name(name))
                return made
            case _:
                statement = self._assign(target, value)[0]
                assert isinstance(statement, ast.Expr)
                return [_clause(_name(self._fresh("t"), _STORE), _tuple((statement.value,)))]


def _clause(target: ast.expr, over: ast.expr) -> ast.comprehension:
    return ast.comprehension(target, over, [], 0)


def _is_text(value: Expr) -> bool:
    return isinstance(value, tree.Literal) and isinstance(value.value, str)


def _named(parameters: Sequence[Expr]) -> list[tree.Name]:
    """All named parameters in the order in which code takes them: plain ones, then *args, then **kwargs."""
    plain: list[tree.Name] = []
    rest: list[tree.Name] = []
    more: list[tree.Name] = []
    for parameter in parameters:
        match parameter:
            case tree.Name():
                plain.append(parameter)
            case tree.Binary(left=tree.Name() as name):
                plain.append(name)
            case tree.Unary(_, "*", tree.Name() as name):
                rest.append(name)
            case tree.Unary(_, "**", tree.Name() as name):
                more.append(name)
    return [*plain, *rest, *more]


def _signature(function: tree.Function) -> Signature:
    parameters = function.parameters
    star = next((at for at, each in enumerate(parameters) if isinstance(each, tree.Unary)), len(parameters))
    plain = [each for each in parameters if not isinstance(each, tree.Unary)]
    names = tuple(name.name for name in _named(plain))
    spread = [each for each in parameters if isinstance(each, tree.Unary)]
    return Signature(
        function.name,
        names,
        keyword_only=sum(not isinstance(each, tree.Unary) for each in parameters[star:]),
        optional=tuple(isinstance(each, tree.Binary) for each in plain),
        has_rest=any(each.operator == "*" and each.operand is not None for each in spread),
        has_keywords=any(each.operator == "**" for each in spread),
    )
