"""Checks the arguments of our functions, with the messages of the Go interpreter."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from porch.function.builtin.starlark.errors import StarlarkError
from porch.function.builtin.starlark.spell import hint
from porch.function.builtin.starlark.values import Anything, Arguments, Builtin, Keywords, listed, type_name

Check: TypeAlias = Callable[[Anything], Anything]
"""Gives the argument as the function wants it, or raises StarlarkError."""

_INT64 = 1 << 63


def anything(value: Anything) -> Anything:
    return value


def text(value: Anything) -> str:
    return _must_be(value, str, "string")  # type: ignore[no-any-return]


def flag(value: Anything) -> bool:
    return _must_be(value, bool, "bool")  # type: ignore[no-any-return]


def integer(value: Anything) -> int:
    if type(value) is not int:
        raise StarlarkError(f"got {type_name(value)}, want int")
    if not -_INT64 <= value < _INT64:
        raise StarlarkError(f"{value} out of range (want value in signed 64-bit range)")
    return value


def iterable(value: Anything) -> Anything:
    """What a loop over it gives."""
    over = listed(value)
    if over is None:
        raise StarlarkError(f"got {type_name(value)}, want iterable")
    return over


def callable_value(value: Anything) -> Anything:
    from porch.function.builtin.starlark.calls import Function

    if not isinstance(value, (Function, Builtin)):
        raise StarlarkError(f"got {type_name(value)}, want callable")
    return value


def number(value: Anything) -> float:
    if type(value) not in {int, float}:
        raise StarlarkError(f"got {type_name(value)}, want float or int")
    return float(value)


def _must_be(value: Anything, kind: type, name: str) -> Anything:
    if type(value) is not kind:
        raise StarlarkError(f"got {type_name(value)}, want {name}")
    return value


def positional(name: str, arguments: Arguments, keywords: Keywords, least: int, *checks: Check) -> list[Anything]:
    """The arguments that were given, checked; those missing are None. Keywords are refused."""
    if keywords:
        raise StarlarkError(f"{name}: unexpected keyword arguments")
    given, most = len(arguments), len(checks)
    if given < least:
        raise StarlarkError(f"{name}: got {given} arguments, want {'at least ' if least < most else ''}{least}")
    if given > most:
        raise StarlarkError(f"{name}: got {given} arguments, want {'at most ' if most > least else ''}{most}")
    values: list[Anything] = [None] * most
    for at, value in enumerate(arguments):
        try:
            values[at] = checks[at](value)
        except StarlarkError as error:
            raise StarlarkError(f"{name}: for parameter {at + 1}: {error}") from None
    return values


def named(name: str, arguments: Arguments, keywords: Keywords, **checks: Check) -> dict[str, Anything]:
    """The arguments that were given, by name. Parameters whose name ends with `_` are optional, and all after them."""
    names = [parameter.removesuffix("_") for parameter in checks]
    if len(arguments) > len(names):
        raise StarlarkError(f"{name}: got {len(arguments)} arguments, want at most {len(names)}")
    by_name = dict(zip(names, checks.values(), strict=True))
    values: dict[str, Anything] = {}
    for key, value in (*zip(names, arguments, strict=False), *keywords.items()):
        if key not in by_name:
            raise StarlarkError(f'{name}: unexpected keyword argument "{key}"{hint(key, names)}')
        if key in values:
            raise StarlarkError(f'{name}: got multiple values for keyword argument "{key}"')
        try:
            values[key] = by_name[key](value)
        except StarlarkError as error:
            raise StarlarkError(f"{name}: for parameter {key}: {error}") from None
    for parameter in checks:
        if parameter.endswith("_"):
            break
        if parameter not in values:
            raise StarlarkError(f"{name}: missing argument for {parameter}")
    return values


def plain(name: str, arguments: Arguments, keywords: Keywords, want: str = "1") -> Anything:
    """The one argument of functions like `len` and `str` that check it themselves."""
    if keywords:
        raise StarlarkError(f"{name} does not accept keyword arguments")
    if len(arguments) != 1:
        raise StarlarkError(f"{name}: got {len(arguments)} arguments, want {want}")
    return arguments[0]
