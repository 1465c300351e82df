"""What Kubernetes adds to CEL: quantities, sets, and more for lists and strings.

A quantity is a map with one entry, its exact value as text; so two of the same size are equal.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from cel_expr_python import cel

_UNITS = {"": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18, "m": -3, "u": -6, "n": -9}
_BINARY = {unit: 1 << 10 * power for power, unit in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), 1)}
_QUANTITY = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))([eE][+-]?\d{1,3}|[numkMGTPE]|[KMGTPE]i)?")
_EXACT = "exact"

_ANY_LIST = cel.Type.List(cel.Type.DYN)
_AMOUNT = cel.Type.Map(cel.Type.STRING, cel.Type.STRING)
_BOOL, _INT, _STRING, _DOUBLE, _DYN = cel.Type.BOOL, cel.Type.INT, cel.Type.STRING, cel.Type.DOUBLE, cel.Type.DYN


def parse_quantity(text: str) -> Decimal:
    """Like `100m` or `1.5Gi`. Raises ValueError."""
    found = _QUANTITY.fullmatch(text)
    if not found:
        raise ValueError("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")
    try:
        number, unit = Decimal(found[1]), found[2] or ""
        if unit in _BINARY:
            return number * _BINARY[unit]
        return number.scaleb(int(unit[1:]) if unit[:1] in {"e", "E"} and unit[1:] else _UNITS[unit])
    except InvalidOperation as error:
        raise ValueError(f"{text} is too large for a quantity") from error


def _amount(value: Decimal) -> dict[str, str]:
    return {_EXACT: format(value.normalize(), "f")}


def _exact(amount: dict[str, str]) -> Decimal:
    return Decimal(amount[_EXACT])


def _is_quantity(text: str) -> bool:
    try:
        parse_quantity(text)
    except ValueError:
        return False
    return True


def _as_integer(amount: dict[str, str]) -> int:
    value = _exact(amount)
    if value != int(value):
        raise ValueError("cannot convert value to integer")
    return int(value)


def _compared(left: dict[str, str], right: dict[str, str]) -> int:
    return int(_exact(left).compare(_exact(right)))


def _find_all(text: str, pattern: str) -> list[str]:
    return [found[0] for found in re.finditer(pattern, text)]


def _find(text: str, pattern: str) -> str:
    return next(iter(_find_all(text, pattern)), "")


def _extreme(pick: Callable[[Any], Any], name: str) -> Callable[[list[Any]], Any]:
    def extreme(items: list[Any]) -> Any:
        if not items:
            raise ValueError(f"{name} called on empty list")
        return pick(items)

    return extreme


Function = tuple[str, str, cel.Type, list[cel.Type], bool, Callable[..., Any]]
_FUNCTIONS: tuple[Function, ...] = (
    ("quantity", "quantity", _AMOUNT, [_STRING], False, lambda text: _amount(parse_quantity(text))),
    ("isQuantity", "is_quantity", _BOOL, [_STRING], False, _is_quantity),
    ("isInteger", "quantity_is_integer", _BOOL, [_AMOUNT], True, lambda it: _exact(it) == int(_exact(it))),
    ("asInteger", "quantity_as_integer", _INT, [_AMOUNT], True, _as_integer),
    ("asApproximateFloat", "quantity_as_float", _DOUBLE, [_AMOUNT], True, lambda it: float(_exact(it))),
    ("sign", "quantity_sign", _INT, [_AMOUNT], True, lambda it: (_exact(it) > 0) - (_exact(it) < 0)),
    ("isGreaterThan", "quantity_greater", _BOOL, [_AMOUNT, _AMOUNT], True, lambda a, b: _compared(a, b) > 0),
    ("isLessThan", "quantity_less", _BOOL, [_AMOUNT, _AMOUNT], True, lambda a, b: _compared(a, b) < 0),
    ("compareTo", "quantity_compare", _INT, [_AMOUNT, _AMOUNT], True, _compared),
    ("add", "quantity_add", _AMOUNT, [_AMOUNT, _AMOUNT], True, lambda a, b: _amount(_exact(a) + _exact(b))),
    ("sub", "quantity_sub", _AMOUNT, [_AMOUNT, _AMOUNT], True, lambda a, b: _amount(_exact(a) - _exact(b))),
    ("find", "string_find", _STRING, [_STRING, _STRING], True, _find),
    ("findAll", "string_find_all", cel.Type.List(_STRING), [_STRING, _STRING], True, _find_all),
    ("sum", "list_sum", _DYN, [_ANY_LIST], True, sum),
    ("min", "list_min", _DYN, [_ANY_LIST], True, _extreme(min, "min")),
    ("max", "list_max", _DYN, [_ANY_LIST], True, _extreme(max, "max")),
    ("isSorted", "list_is_sorted", _BOOL, [_ANY_LIST], True, lambda items: items == sorted(items)),
    ("sets.contains", "sets_contains", _BOOL, [_ANY_LIST, _ANY_LIST], False, lambda a, b: all(x in a for x in b)),
    ("sets.intersects", "sets_intersects", _BOOL, [_ANY_LIST, _ANY_LIST], False, lambda a, b: any(x in a for x in b)),
    (
        "sets.equivalent",
        "sets_equivalent",
        _BOOL,
        [_ANY_LIST, _ANY_LIST],
        False,
        lambda a, b: all(x in a for x in b) and all(x in b for x in a),
    ),
)


def declarations() -> list[cel.FunctionDecl]:
    return [
        cel.FunctionDecl(name, [cel.Overload(overload, result, parameters, is_member, function)])
        for name, overload, result, parameters, is_member, function in _FUNCTIONS
    ]
