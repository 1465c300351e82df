"""A script as a tree. `place` is where a part begins: line and column. Names are given their scope by `resolve`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

Place: TypeAlias = tuple[int, int]

GLOBAL, UNIVERSAL, LOCAL = "g", "u", "l"


@dataclass(slots=True)
class Name:
    place: Place
    name: str
    scope: str = ""
    """GLOBAL, UNIVERSAL (predeclared), or LOCAL with the number of its block."""


@dataclass(slots=True)
class Literal:
    place: Place
    value: str | bytes | int | float


@dataclass(slots=True)
class Items:
    """A list or a tuple. `parenthesised` tuples are wrapped in Parens by the parser, except the empty one."""

    place: Place
    kind: str
    items: list[Expr]


@dataclass(slots=True)
class DictOf:
    place: Place
    entries: list[tuple[Expr, Expr]]


@dataclass(slots=True)
class Parens:
    place: Place
    inner: Expr


@dataclass(slots=True)
class Unary:
    """Also `*x` and `**x` of arguments and parameters; there `operand` may be missing."""

    place: Place
    operator: str
    operand: Expr | None


@dataclass(slots=True)
class Binary:
    """Also `x=y` of arguments and parameters."""

    place: Place
    operator: str
    left: Expr
    right: Expr
    operator_place: Place


@dataclass(slots=True)
class Conditional:
    place: Place
    condition: Expr
    then: Expr
    otherwise: Expr


@dataclass(slots=True)
class Index:
    place: Place
    of: Expr
    key: Expr


@dataclass(slots=True)
class Slice:
    place: Place
    of: Expr
    low: Expr | None
    high: Expr | None
    step: Expr | None


@dataclass(slots=True)
class Dot:
    place: Place
    of: Expr
    name: str


@dataclass(slots=True)
class Call:
    place: Place
    function: Expr
    arguments: list[Expr]


@dataclass(slots=True)
class ForClause:
    targets: Expr
    over: Expr


@dataclass(slots=True)
class IfClause:
    condition: Expr


@dataclass(slots=True)
class Comprehension:
    """`value` is there for a dict."""

    place: Place
    body: Expr
    value: Expr | None
    clauses: list[ForClause | IfClause]


@dataclass(slots=True)
class Function:
    """A def, or a lambda, whose body is one return."""

    place: Place
    name: str
    parameters: list[Expr]
    body: list[Statement]


Expr: TypeAlias = (
    Name
    | Literal
    | Items
    | DictOf
    | Parens
    | Unary
    | Binary
    | Conditional
    | Index
    | Slice
    | Dot
    | Call
    | Comprehension
    | Function
)


@dataclass(slots=True)
class Evaluate:
    value: Expr


@dataclass(slots=True)
class Branch:
    """pass, break or continue."""

    place: Place
    word: str


@dataclass(slots=True)
class Assign:
    """`operator` is `=`, or like `+=`."""

    target: Expr
    operator: str
    value: Expr


@dataclass(slots=True)
class Define:
    target: Name
    function: Function


@dataclass(slots=True)
class If:
    place: Place
    condition: Expr
    then: list[Statement]
    otherwise: list[Statement]


@dataclass(slots=True)
class For:
    place: Place
    targets: Expr
    over: Expr
    body: list[Statement]


@dataclass(slots=True)
class While:
    place: Place
    condition: Expr
    body: list[Statement]


@dataclass(slots=True)
class Return:
    place: Place
    value: Expr | None


@dataclass(slots=True)
class Load:
    """`names` are pairs of the name here and the name in the module."""

    place: Place
    module: str
    names: list[tuple[Name, Name]]


Statement: TypeAlias = Evaluate | Branch | Assign | Define | If | For | While | Return | Load

KIND_NAMES: dict[type[Any], str] = {
    Literal: "literal",
    DictOf: "dictexpr",
    Unary: "unaryexpr",
    Binary: "binaryexpr",
    Conditional: "condexpr",
    Slice: "sliceexpr",
    Call: "callexpr",
    Comprehension: "comprehension",
    Function: "lambdaexpr",
}
"""How the Go interpreter calls what cannot be assigned to."""
