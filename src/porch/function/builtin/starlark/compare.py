"""Equality and order of values. Containers are compared ten levels deep and no deeper, as the Go interpreter does."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from porch.function.builtin.starlark.errors import StarlarkError
from porch.function.builtin.starlark.values import Anything, StarlarkSet, Value, type_name

_DEEPEST = 10
_SIMPLE = frozenset((str, int, float, bool, bytes, type(None)))


def equal(left: Anything, right: Anything, depth: int = _DEEPEST) -> bool:  # noqa: PLR0911 - one case for each kind
    kind, other = type(left), type(right)
    if kind in _SIMPLE and other in _SIMPLE:
        if left == right:
            return (kind is bool) == (other is bool)
        return kind is float and other is float and math.isnan(left) and math.isnan(right)
    if depth < 1:
        raise StarlarkError("comparison exceeded maximum recursion depth")
    if kind is not other:
        return False
    if kind is list or kind is tuple:
        if len(left) != len(right):
            return False
        return all(equal(a, b, depth - 1) for a, b in zip(left, right, strict=True))
    if kind is dict:
        return len(left) == len(right) and all(
            key in right and equal(value, right[key], depth - 1) for key, value in left.items()
        )
    if kind is StarlarkSet:
        return left.table.keys() == right.table.keys()  # type: ignore[no-any-return]
    return bool(left == right)


def not_equal(left: Anything, right: Anything) -> bool:
    return not equal(left, right)


def _ordered(operator: str, left: Anything, right: Anything, depth: int) -> bool:
    if depth < 1:
        raise StarlarkError("comparison exceeded maximum recursion depth")
    kind, other = type(left), type(right)
    if kind in {int, float} and other in {int, float}:
        return _holds(operator, _numbers(left, right))
    if kind is other:
        if kind is str or kind is bool or kind is bytes:
            return _holds(operator, (left > right) - (left < right))
        if kind is list or kind is tuple:
            return _sequences(operator, left, right, depth)
        if kind is StarlarkSet:
            return _sets(operator, left.table, right.table)
        if isinstance(left, Value) and kind.compared is not Value.compared:
            return _holds(operator, left.compared(right))
    raise StarlarkError(f"{type_name(left)} {operator} {type_name(right)} not implemented")


def _numbers(left: float, right: float) -> int:
    """NaN is greater than all others, and equal to itself."""
    if math.isnan(left) or math.isnan(right):
        return math.isnan(left) - math.isnan(right)
    return (left > right) - (left < right)


def _sequences(operator: str, left: Sequence[Anything], right: Sequence[Anything], depth: int) -> bool:
    for a, b in zip(left, right, strict=False):
        if not equal(a, b, depth - 1):
            return _ordered(operator, a, b, depth - 1)
    return _holds(operator, (len(left) > len(right)) - (len(left) < len(right)))


def _sets(operator: str, left: dict[Anything, None], right: dict[Anything, None]) -> bool:
    a, b = left.keys(), right.keys()
    return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[operator]


def _holds(operator: str, order: int) -> bool:
    if operator == "<":
        return order < 0
    if operator == "<=":
        return order <= 0
    return order > 0 if operator == ">" else order >= 0


def less(left: Anything, right: Anything) -> bool:
    if type(left) is str and type(right) is str:
        return left < right
    return _ordered("<", left, right, _DEEPEST)


def greater(left: Anything, right: Anything) -> bool:
    return _ordered(">", left, right, _DEEPEST)


def at_most(left: Anything, right: Anything) -> bool:
    return _ordered("<=", left, right, _DEEPEST)


def at_least(left: Anything, right: Anything) -> bool:
    return _ordered(">=", left, right, _DEEPEST)


COMPARISONS: dict[str, Callable[[Anything, Anything], bool]] = {
    "==": equal,
    "!=": not_equal,
    "<": less,
    "<=": at_most,
    ">": greater,
    ">=": at_least,
}
