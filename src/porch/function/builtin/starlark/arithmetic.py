"""The operators of a script, as functions of two values. Operands are checked by their exact type: True is no number.

What would take all memory at once is refused: the server's worker ends a script that takes it slowly.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NoReturn

from porch.function.builtin.starlark.compare import equal
from porch.function.builtin.starlark.errors import StarlarkError
from porch.function.builtin.starlark.formats import interpolate
from porch.function.builtin.starlark.numbers import as_float, bounded
from porch.function.builtin.starlark.values import (
    MOST_ELEMENTS,
    Anything,
    StarlarkSet,
    Value,
    key_of,
    listed,
    must_be_still,
    type_name,
)

MOST_BYTES = 1 << 26
_NUMBERS = (int, float)


def unknown(operator: str, left: Anything, right: Anything) -> NoReturn:
    raise StarlarkError(f"unknown binary op: {type_name(left)} {operator} {type_name(right)}")


def _other(operator: str, left: Anything, right: Anything) -> Anything:
    """The operator of a type of ours, or an error."""
    if isinstance(left, Value):
        result = left.operate(operator, right, is_left=True)
        if result is not NotImplemented:
            return result
    if isinstance(right, Value):
        result = right.operate(operator, left, is_left=False)
        if result is not NotImplemented:
            return result
    unknown(operator, left, right)


def _floats(left: Anything, right: Anything) -> tuple[float, float]:
    return (as_float(left) if type(left) is int else left, as_float(right) if type(right) is int else right)


def _are_numbers(left: Anything, right: Anything) -> bool:
    return type(left) in _NUMBERS and type(right) in _NUMBERS


def add(left: Anything, right: Anything) -> Anything:
    kind = type(left)
    if kind is type(right):
        if kind is str or kind is bytes:
            if len(left) + len(right) > MOST_BYTES:
                raise StarlarkError(f"{type_name(left)} too large")
            return left + right
        if kind is int:
            return bounded(left + right)
        if kind is float:
            return left + right
        if kind is list or kind is tuple:
            _check_size(len(left) + len(right))
            return left + right
    if _are_numbers(left, right):
        first, second = _floats(left, right)
        return first + second
    return _other("+", left, right)


def subtract(left: Anything, right: Anything) -> Anything:
    if type(left) is int and type(right) is int:
        return bounded(left - right)
    if _are_numbers(left, right):
        first, second = _floats(left, right)
        return first - second
    if type(left) is StarlarkSet and type(right) is StarlarkSet:
        return StarlarkSet(element for element in left if not contains(element, right))
    return _other("-", left, right)


def multiply(left: Anything, right: Anything) -> Anything:
    if type(left) is int and type(right) is int:
        return bounded(left * right) if left.bit_length() + right.bit_length() < 1 << 16 else bounded(1 << (1 << 16))
    if _are_numbers(left, right):
        first, second = _floats(left, right)
        return first * second
    if type(left) is int and type(right) in {str, bytes, list, tuple}:
        return _repeat(right, left)
    if type(right) is int and type(left) in {str, bytes, list, tuple}:
        return _repeat(left, right)
    return _other("*", left, right)


def _repeat(sequence: Anything, count: int) -> Anything:
    if not sequence:
        return sequence[:]
    if not -(2**31) <= count < 2**31:
        raise StarlarkError(f"repeat count {count} too large")
    most = MOST_BYTES if type(sequence) in {str, bytes} else MOST_ELEMENTS
    if len(sequence) * count >= most:
        raise StarlarkError(f"excessive repeat ({len(sequence)} * {count} elements)")
    return sequence * count


def _check_size(size: int) -> None:
    if size > MOST_ELEMENTS:
        raise StarlarkError("list too large")


def divide(left: Anything, right: Anything) -> Anything:
    if not _are_numbers(left, right):
        return _other("/", left, right)
    first, second = _floats(left, right)
    if second == 0.0:
        raise StarlarkError("floating-point division by zero")
    return first / second


def floor_divide(left: Anything, right: Anything) -> Anything:
    if not _are_numbers(left, right):
        return _other("//", left, right)
    if right == 0:
        raise StarlarkError("floored division by zero")
    if type(left) is int and type(right) is int:
        return left // right
    first, second = _floats(left, right)
    quotient = first / second
    return float(math.floor(quotient)) if quotient and math.isfinite(quotient) else quotient


def modulo(left: Anything, right: Anything) -> Anything:
    if type(left) is str:
        return interpolate(left, right)
    if not _are_numbers(left, right):
        return _other("%", left, right)
    if type(left) is int and type(right) is int:
        if right == 0:
            raise StarlarkError("integer modulo by zero")
        return left % right
    first, second = _floats(left, right)
    if second == 0.0:
        raise StarlarkError("floating-point modulo by zero")
    if math.isinf(first) or math.isnan(first):
        return math.nan
    return first % second


def bit_or(left: Anything, right: Anything) -> Anything:
    if type(left) is int and type(right) is int:
        return left | right
    if type(left) is dict and type(right) is dict:
        return {**left, **right}
    if type(left) is StarlarkSet and type(right) is StarlarkSet:
        return StarlarkSet((*left, *right))
    return _other("|", left, right)


def bit_and(left: Anything, right: Anything) -> Anything:
    if type(left) is int and type(right) is int:
        return left & right
    if type(left) is StarlarkSet and type(right) is StarlarkSet:
        return StarlarkSet(element for element in right if contains(element, left))
    return _other("&", left, right)


def bit_xor(left: Anything, right: Anything) -> Anything:
    if type(left) is int and type(right) is int:
        return left ^ right
    if type(left) is StarlarkSet and type(right) is StarlarkSet:
        only_left = (element for element in left if not contains(element, right))
        only_right = (element for element in right if not contains(element, left))
        return StarlarkSet((*only_left, *only_right))
    return _other("^", left, right)


def _shift_count(count: Anything) -> int:
    if type(count) is not int:
        raise StarlarkError(f"got {type_name(count)}, want int")
    if not -(2**31) <= count < 2**31:
        raise StarlarkError(f"{count} out of range")
    if count < 0:
        raise StarlarkError(f"negative shift count: {count}")
    return count


def shift_left(left: Anything, right: Anything) -> Anything:
    if type(left) is not int:
        return _other("<<", left, right)
    count = _shift_count(right)
    if count >= 512:
        raise StarlarkError(f"shift count too large: {count}")
    return bounded(left << count)


def shift_right(left: Anything, right: Anything) -> Anything:
    return left >> _shift_count(right) if type(left) is int else _other(">>", left, right)


def contains(needle: Anything, where: Anything) -> bool:
    kind = type(where)
    if kind is dict:
        return not isinstance(needle, (list, dict, StarlarkSet, range)) and key_of(needle) in where
    if kind is StarlarkSet:
        return key_of(needle) in where.table
    if kind is str:
        if type(needle) is not str:
            raise StarlarkError(f"'in <string>' requires string as left operand, not {type_name(needle)}")
        return needle in where
    if kind is list or kind is tuple:
        return any(equal(item, needle) for item in where)
    if kind is range:
        if type(needle) not in _NUMBERS:
            raise StarlarkError(f"'in <range>' requires integer as left operand, not {type_name(needle)}")
        return int(needle) in where
    if kind is bytes:
        return _in_bytes(needle, where)
    unknown("in", needle, where)


def _in_bytes(needle: Anything, where: bytes) -> bool:
    if type(needle) is bytes:
        return needle in where
    if type(needle) is not int:
        raise StarlarkError(f"'in bytes' requires bytes or int as left operand, not {type_name(needle)}")
    if not 0 <= needle < 256:
        raise StarlarkError(f"int in bytes: {needle} out of range (want value in unsigned 8-bit range)")
    return needle in where


def add_in_place(left: Anything, right: Anything) -> Anything:
    """`+=`: a list grows where it is."""
    if type(left) is list and (more := listed(right)) is not None:
        must_be_still(left, "apply += to")
        left.extend(more)
        _check_size(len(left))
        return left
    return add(left, right)


def or_in_place(left: Anything, right: Anything) -> Anything:
    """`|=`: a dict takes over entries where it is."""
    if type(left) is dict and type(right) is dict:
        must_be_still(left, "apply |= to")
        left.update(right)
        return left
    return bit_or(left, right)


def unary(operator: str, value: Anything) -> Anything:
    kind = type(value)
    if kind is int:
        return -value if operator == "-" else value if operator == "+" else ~value
    if kind is float and operator != "~":
        return -value if operator == "-" else value
    raise StarlarkError(f"unknown unary op: {operator} {type_name(value)}")


BINARY: dict[str, Callable[[Anything, Anything], Anything]] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "//": floor_divide,
    "%": modulo,
    "|": bit_or,
    "&": bit_and,
    "^": bit_xor,
    "<<": shift_left,
    ">>": shift_right,
    "in": contains,
}
IN_PLACE = BINARY | {"+": add_in_place, "|": or_in_place}
