"""math.star: functions of floats."""

from __future__ import annotations

import math
from collections.abc import Callable

from porch.function.builtin.starlark.arguments import anything, number, positional
from porch.function.builtin.starlark.calls import number_to_int
from porch.function.builtin.starlark.errors import StarlarkError
from porch.function.builtin.starlark.values import Anything, Arguments, Builtin, Keywords, Module, type_name


def _floats(name: str, count: int, compute: Callable[..., float]) -> Builtin:
    """Where Python raises an error Go gives NaN, or infinity for what is too large."""

    def function(arguments: Arguments, keywords: Keywords) -> Anything:
        values = positional(name, arguments, keywords, count, *(number,) * count)
        try:
            return compute(*values)
        except OverflowError:
            return math.inf
        except (ValueError, ZeroDivisionError):
            return math.nan

    return Builtin(name, function)


def _whole(name: str, compute: Callable[[float], int]) -> Builtin:
    def function(arguments: Arguments, keywords: Keywords) -> Anything:
        (value,) = positional(name, arguments, keywords, 1, anything)
        if type(value) not in {int, float}:
            raise StarlarkError(f"got {type_name(value)}, want float or int")
        number_to_int(value)
        return compute(value)

    return Builtin(name, function)


def _log(arguments: Arguments, keywords: Keywords) -> Anything:
    value, base = positional("log", arguments, keywords, 1, number, number)
    if base == 1:
        raise StarlarkError("division by zero")
    try:
        return math.log(value) / (1.0 if base is None else math.log(base))
    except (ValueError, ZeroDivisionError):
        return -math.inf if value == 0 else math.nan


def _round(value: float) -> float:
    """Halves away from zero."""
    if not math.isfinite(value):
        return value
    return math.copysign(math.floor(abs(value) + 0.5) if abs(value) < 1 << 52 else abs(value), value)


_ONE: dict[str, Callable[[float], float]] = {
    "fabs": math.fabs,
    "round": _round,
    "exp": math.exp,
    "sqrt": math.sqrt,
    "acos": math.acos,
    "asin": math.asin,
    "atan": math.atan,
    "cos": math.cos,
    "sin": math.sin,
    "tan": math.tan,
    "degrees": lambda value: 360 * value / (2 * math.pi),
    "radians": lambda value: 2 * math.pi * value / 360,
    "acosh": math.acosh,
    "asinh": math.asinh,
    "atanh": math.atanh,
    "cosh": math.cosh,
    "sinh": math.sinh,
    "tanh": math.tanh,
    "gamma": math.gamma,
}
_TWO: dict[str, Callable[[float, float], float]] = {
    "copysign": math.copysign,
    "mod": math.fmod,
    "pow": math.pow,
    "remainder": math.remainder,
    "atan2": math.atan2,
    "hypot": math.hypot,
}
MEMBERS = {
    "math": Module(
        "math",
        {
            **{name: _floats(name, 1, compute) for name, compute in _ONE.items()},
            **{name: _floats(name, 2, compute) for name, compute in _TWO.items()},
            "ceil": _whole("ceil", math.ceil),
            "floor": _whole("floor", math.floor),
            "log": Builtin("log", _log),
            "e": math.e,
            "pi": math.pi,
        },
    )
}
