"""Numbers: floats as Go writes them, and the bounds that keep a script's integers small enough to be printed."""

from __future__ import annotations

import math

from porch.function.builtin.starlark.errors import StarlarkError

_MOST_BITS = 14_000
"""About 4200 digits: Python converts no more to text."""


def go_float(value: float) -> str:
    """The shortest digits that read back as the same number; with an exponent below 1e-4 and from 1e6 on."""
    sign = "-" if math.copysign(1.0, value) < 0 else ""
    mantissa, _, exponent = f"{abs(value)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = int(exponent or 0) + len(whole) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0") or "0"
    if not digits.strip("0"):
        return f"{sign}0"
    power = point - 1
    if power < -4 or power >= 6:
        rest = f".{digits[1:]}" if len(digits) > 1 else ""
        return f"{sign}{digits[0]}{rest}e{'-' if power < 0 else '+'}{abs(power):02d}"
    if point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    if len(digits) <= point:
        return sign + digits.ljust(point, "0")
    return f"{sign}{digits[:point]}.{digits[point:]}"


def bounded(value: int) -> int:
    if value.bit_length() > _MOST_BITS:
        raise StarlarkError("integer too large")
    return value


def as_float(value: int) -> float:
    """Raises StarlarkError when it is beyond the range of floats."""
    try:
        return float(value)
    except OverflowError:
        raise StarlarkError("int too large to convert to float") from None
