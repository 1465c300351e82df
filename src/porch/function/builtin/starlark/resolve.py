"""Says of each name which variable it is, and finds the mistakes that need no run.

At the top of a script a name is looked up when it is met; in functions and comprehensions once the whole script has
been read. A local variable belongs to a block, a function or a comprehension, and its scope is `l` with the block's
number, so that no two blocks share one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from porch.function.builtin.starlark import tree
from porch.function.builtin.starlark.errors import ScriptSyntaxError
from porch.function.builtin.starlark.spell import hint
from porch.function.builtin.starlark.tree import GLOBAL, LOCAL, UNIVERSAL, Expr, Place, Statement

_MOST_ARGUMENTS = 255


@dataclass(slots=True)
class _Block:
    number: int
    outer: _Block | None
    is_function: bool = False
    names: set[str] = field(default_factory=set)


def resolve(program: str, statements: list[Statement], universe: Collection[str]) -> None:
    """Raises ScriptSyntaxError for the first mistake."""
    resolver = _Resolver(universe)
    resolver.statements(statements)
    resolver.finish()
    if resolver.mistakes:
        (line, column), message = resolver.mistakes[0]
        raise ScriptSyntaxError(program, line, column, message)


class _Resolver:
    def __init__(self, universe: Collection[str]) -> None:
        self.mistakes: list[tuple[Place, str]] = []
        self._universe = universe
        self._globals: dict[str, None] = {}
        self._file = self._block = _Block(0, None)
        self._count = 0
        self._later: list[tuple[tree.Name, _Block]] = []
        self._loops = self._branches = 0

    def finish(self) -> None:
        for name, block in self._later:
            self._look_up(name, block)

    def _mistake(self, place: Place, message: str) -> None:
        self.mistakes.append((place, message))

    # Names

    def _use(self, name: tree.Name) -> None:
        if self._block is self._file:
            self._look_up(name, self._block)
        else:
            self._later.append((name, self._block))

    def _look_up(self, name: tree.Name, block: _Block) -> None:
        at: _Block | None = block
        while at is not None and at is not self._file:
            if name.name in at.names:
                name.scope = f"{LOCAL}{at.number}"
                return
            at = at.outer
        if name.name in self._globals:
            name.scope = GLOBAL
        elif name.name in self._universe:
            name.scope = UNIVERSAL
        else:
            self._mistake(name.place, f"undefined: {name.name}{hint(name.name, self._visible(block))}")

    def _visible(self, block: _Block | None) -> list[str]:
        names = set(self._globals)
        while block is not None:
            names |= block.names
            block = block.outer
        return sorted(names)

    def _bind(self, name: tree.Name) -> bool:
        """Whether the block has had the name before."""
        if self._block is self._file:
            bound = name.name in self._globals
            self._globals[name.name] = None
            name.scope = GLOBAL
            return bound
        bound = name.name in self._block.names
        self._block.names.add(name.name)
        name.scope = f"{LOCAL}{self._block.number}"
        return bound

    def _open(self, *, is_function: bool) -> _Block:
        self._count += 1
        self._block = _Block(self._count, self._block, is_function)
        return self._block

    def _close(self, block: _Block) -> None:
        assert block.outer
        self._block = block.outer

    def _in_function(self) -> bool:
        block: _Block | None = self._block
        while block is not None and not block.is_function:
            block = block.outer
        return block is not None

    # Statements

    def statements(self, statements: Iterable[Statement]) -> None:
        for statement in statements:
            self._statement(statement)

    def _statement(self, statement: Statement) -> None:  # noqa: C901 - one case for each kind
        match statement:
            case tree.Evaluate(value):
                self._expr(value)
            case tree.Branch(place, word):
                if not self._loops and word != "pass":
                    self._mistake(place, f"{word} not in a loop")
            case tree.Assign(target, operator, value):
                self._expr(value)
                self._assign(target, in_place=operator != "=")
            case tree.Define(target, function):
                self._bind(target)
                self._function(function)
            case tree.If(_, condition, then, otherwise):
                self._expr(condition)
                self._branches += 1
                self.statements(then)
                self.statements(otherwise)
                self._branches -= 1
            case tree.For(_, targets, over, body):
                self._expr(over)
                self._assign(targets)
                self._body(body)
            case tree.While(_, condition, body):
                self._expr(condition)
                self._body(body)
            case tree.Return(place, value):
                if not self._in_function():
                    self._mistake(place, "return statement not within a function")
                if value is not None:
                    self._expr(value)
            case tree.Load():
                self._load(statement)

    def _body(self, body: list[Statement]) -> None:
        self._loops += 1
        self.statements(body)
        self._loops -= 1

    def _load(self, load: tree.Load) -> None:
        if self._in_function():
            self._mistake(load.place, "load statement within a function")
        elif self._loops:
            self._mistake(load.place, "load statement within a loop")
        elif self._branches:
            self._mistake(load.place, "load statement within a conditional")
        for name, original in load.names:
            if not original.name:
                self._mistake(original.place, "load: empty identifier")
                continue
            if original.name[0] == "_":
                message = f"load: names with leading underscores are not exported: {original.name}"
                self._mistake(original.place, message)
            self._bind(name)

    def _assign(self, target: Expr, *, in_place: bool = False) -> None:
        match target:
            case tree.Name():
                self._bind(target)
            case tree.Index(_, of, key):
                self._expr(of)
                self._expr(key)
            case tree.Dot(_, of, _):
                self._expr(of)
            case tree.Items(place, kind, items):
                if in_place:
                    self._mistake(place, f"can't use {kind} expression in augmented assignment")
                for item in items:
                    self._assign(item, in_place=in_place)
            case tree.Parens(_, inner):
                self._assign(inner, in_place=in_place)
            case _:
                self._mistake(target.place, f"can't assign to {tree.KIND_NAMES[type(target)]}")

    # Expressions

    def _expr(self, value: Expr) -> None:
        match value:
            case tree.Name():
                self._use(value)
            case tree.Comprehension():
                self._comprehension(value)
            case tree.Call(place, function, arguments):
                self._expr(function)
                self._arguments(place, arguments)
            case tree.Function():
                self._function(value)
            case _:
                for part in _parts(value):
                    if part is not None:
                        self._expr(part)

    def _comprehension(self, value: tree.Comprehension) -> None:
        first, *others = value.clauses
        assert isinstance(first, tree.ForClause)
        self._expr(first.over)
        block = self._open(is_function=False)
        self._assign(first.targets)
        for clause in others:
            if isinstance(clause, tree.IfClause):
                self._expr(clause.condition)
            else:
                self._assign(clause.targets)
                self._expr(clause.over)
        self._expr(value.body)
        if value.value is not None:
            self._expr(value.value)
        self._close(block)

    def _arguments(self, place: Place, arguments: list[Expr]) -> None:  # noqa: C901, PLR0912 - one case for each kind
        stage = ""
        names: set[str] = set()
        plain = 0
        for argument in arguments:
            match argument:
                case tree.Unary(at, "**", _):
                    if stage == "**kwargs":
                        self._mistake(at, "multiple **kwargs not allowed")
                    stage = "**kwargs"
                    self._expr(argument)
                case tree.Unary(at, "*", _):
                    if stage == "**kwargs":
                        self._mistake(at, "*args may not follow **kwargs")
                    elif stage:
                        self._mistake(at, "multiple *args not allowed")
                    stage = stage or "*args"
                    self._expr(argument)
                case tree.Binary(at, "=", tree.Name(name_place, name), right, _):
                    if stage:
                        self._mistake(at, f"keyword argument may not follow {stage}")
                    if name in names:
                        self._mistake(name_place, f'keyword argument "{name}" is repeated')
                    names.add(name)
                    self._expr(right)
                case _:
                    plain += 1
                    if stage or names:
                        self._mistake(argument.place, f"positional argument may not follow {stage or 'named'}")
                    self._expr(argument)
        for count, kind in ((plain, "positional"), (len(names), "keyword")):
            if count > _MOST_ARGUMENTS:
                self._mistake(place, f"{count} {kind} arguments in call, limit is {_MOST_ARGUMENTS}")

    def _function(self, function: tree.Function) -> None:
        for parameter in function.parameters:
            if isinstance(parameter, tree.Binary):
                self._expr(parameter.right)
        block = self._open(is_function=True)
        loops, self._loops = self._loops, 0
        self._parameters(function.parameters)
        self.statements(function.body)
        self._loops = loops
        self._close(block)

    def _parameters(self, parameters: list[Expr]) -> None:  # noqa: C901, PLR0912 - one case for each kind
        rest: tree.Unary | None = None
        more: tree.Name | None = None
        optional, keyword_only = False, 0
        for parameter in parameters:
            match parameter:
                case tree.Name(place):
                    if more is not None:
                        self._mistake(place, f"required parameter may not follow **{more.name}")
                    elif rest is not None:
                        keyword_only += 1
                    elif optional:
                        self._mistake(place, "required parameter may not follow optional")
                    self._parameter(parameter, place)
                case tree.Binary(left=tree.Name() as name, operator_place=place):
                    if more is not None:
                        self._mistake(place, f"optional parameter may not follow **{more.name}")
                    elif rest is not None:
                        keyword_only += 1
                    self._parameter(name, place)
                    optional = True
                case tree.Unary(place, "*", _):
                    if more is not None:
                        self._mistake(place, f"* parameter may not follow **{more.name}")
                    elif rest is not None:
                        self._mistake(place, "multiple * parameters not allowed")
                    else:
                        rest = parameter
                case tree.Unary(place, _, tree.Name() as name):
                    if more is not None:
                        self._mistake(place, "multiple ** parameters not allowed")
                    more = name
        if rest is not None:
            if isinstance(rest.operand, tree.Name):
                self._parameter(rest.operand, rest.operand.place)
            elif not keyword_only:
                self._mistake(rest.place, "bare * must be followed by keyword-only parameters")
        if more is not None:
            self._parameter(more, more.place)

    def _parameter(self, name: tree.Name, place: Place) -> None:
        if self._bind(name):
            self._mistake(place, f"duplicate parameter: {name.name}")


def _parts(value: Any) -> Iterable[Expr | None]:  # noqa: PLR0911 - one case for each kind
    """The expressions directly in one of the simpler expressions, in the order of the text."""
    match value:
        case tree.Items(_, _, items):
            return items
        case tree.DictOf(_, entries):
            return (part for entry in entries for part in entry)
        case tree.Parens(_, inner):
            return (inner,)
        case tree.Unary(_, _, operand):
            return (operand,)
        case tree.Binary(_, _, left, right, _):
            return (left, right)
        case tree.Conditional(_, condition, then, otherwise):
            return (condition, then, otherwise)
        case tree.Index(_, of, key):
            return (of, key)
        case tree.Slice(_, of, low, high, step):
            return (of, low, high, step)
        case tree.Dot(_, of, _):
            return (of,)
        case _:
            return ()
