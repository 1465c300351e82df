"""`"..." % values` and `"...".format(...)`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from porch.function.builtin.starlark.errors import StarlarkError
from porch.function.builtin.starlark.numbers import as_float, go_float
from porch.function.builtin.starlark.values import (
    Anything,
    Arguments,
    Keywords,
    float_text,
    printed,
    text_of,
    type_name,
)

_CONVERSION = re.compile(r"%(?:%|(?P<key>\([^)]*\)?)?(?P<letter>.?))", re.DOTALL)
_LITERAL = re.compile(r"\{\{|\}\}|\{|\}")


def interpolate(template: str, values: Anything) -> str:
    pieces: list[str] = []
    rest: Iterator[Anything] = iter(values if type(values) is tuple else (values,))
    at = 0
    for found in _CONVERSION.finditer(template):
        pieces.append(template[at : found.start()])
        at = found.end()
        if found[0] == "%%":
            pieces.append("%")
            continue
        value = _by_key(found["key"], values) if found["key"] else _next(rest)
        if not found["letter"]:
            raise StarlarkError("incomplete format")
        pieces.append(_converted(found["letter"], value))
        if found["key"]:
            next(rest, None)
    if type(values) is not dict and next(rest, pieces) is not pieces:
        raise StarlarkError("too many arguments for format string")
    return "".join((*pieces, template[at:]))


def _by_key(key: str, values: Anything) -> Anything:
    if key[-1] != ")":
        raise StarlarkError("incomplete format key")
    if type(values) is not dict:
        raise StarlarkError("format requires a mapping")
    if key[1:-1] not in values:
        raise StarlarkError(f"key not found: {key[1:-1]}")
    return values[key[1:-1]]


def _next(rest: Iterator[Anything]) -> Anything:
    for value in rest:
        return value
    raise StarlarkError("not enough arguments for format string")


def _converted(letter: str, value: Anything) -> str:
    if letter == "s":
        return printed(value)
    if letter == "r":
        return text_of(value)
    if letter in "dioxX":
        return _integer(letter, value)
    if letter in "efgEFG":
        return _float(letter, value)
    if letter == "c":
        return _character(value)
    if letter == "%":
        return "%"
    raise StarlarkError(f"unknown conversion %{letter}")


def _integer(letter: str, value: Anything) -> str:
    from porch.function.builtin.starlark.calls import number_to_int

    try:
        number = number_to_int(value)
    except StarlarkError as error:
        raise StarlarkError(f"%{letter} format requires integer: {error}") from None
    return format(number, letter if letter in "oxX" else "d")


def _float(letter: str, value: Anything) -> str:
    if type(value) not in {int, float}:
        raise StarlarkError(f"%{letter} format requires float, not {type_name(value)}")
    number = as_float(value) if type(value) is int else value
    if number != number or number in {float("inf"), float("-inf")}:  # noqa: PLR0124 - NaN
        return float_text(number)
    if letter in "gG":
        text = go_float(number)
        text = text if "e" in text or "." in text else f"{text}.0"
        return text.upper() if letter == "G" else text
    return format(number, f".6{letter}")


def _character(value: Anything) -> str:
    if type(value) is int:
        if not 0 <= value <= 0x10FFFF:
            raise StarlarkError(f"%c format requires a valid Unicode code point, got {value}")
        return chr(value)
    if type(value) is str:
        if len(value) != 1:
            raise StarlarkError("%c format requires a single-character string")
        return value
    raise StarlarkError(f"%c format requires int or single-character string, not {type_name(value)}")


class _Numbering:
    """Fields are numbered by themselves or by the template, not both."""

    def __init__(self, arguments: Arguments) -> None:
        self._arguments = arguments
        self._next = 0
        self._by_hand = False

    def automatic(self) -> Anything:
        if self._by_hand:
            raise StarlarkError("format: cannot switch from manual field specification to automatic field numbering")
        self._next += 1
        return self._at(self._next - 1)

    def by_hand(self, number: int) -> Anything:
        if self._next:
            raise StarlarkError("format: cannot switch from automatic field numbering to manual field specification")
        self._by_hand = True
        return self._at(number)

    def _at(self, number: int) -> Anything:
        if number >= len(self._arguments):
            raise StarlarkError("format: tuple index out of range")
        return self._arguments[number]


def format_text(template: str, arguments: Arguments, keywords: Keywords) -> str:
    pieces: list[str] = []
    numbering = _Numbering(arguments)
    at = 0
    while found := _LITERAL.search(template, at):
        pieces.append(template[at : found.start()])
        at = found.end()
        if found[0] in {"{{", "}}"}:
            pieces.append(found[0][0])
        elif found[0] == "}":
            raise StarlarkError("format: single '}' in format")
        else:
            end = template.find("}", at)
            if end < 0:
                raise StarlarkError("format: unmatched '{' in format")
            pieces.append(_field(template[at:end], numbering, keywords))
            at = end + 1
    return "".join((*pieces, template[at:]))


def _field(field: str, numbering: _Numbering, keywords: Keywords) -> str:
    name, bang, rest = field.partition("!")
    conversion = "s"
    if bang:
        conversion, _, spec = rest.partition(":")
    else:
        name, _, spec = field.partition(":")
    value = _named(name, numbering, keywords)
    if spec:
        raise StarlarkError(f"format spec features not supported in replacement fields: {spec}")
    if conversion not in {"s", "r"}:
        raise StarlarkError(f'format: unknown conversion "{conversion}"')
    return printed(value) if conversion == "s" else text_of(value)


def _named(name: str, numbering: _Numbering, keywords: Keywords) -> Anything:
    if not name:
        return numbering.automatic()
    if name.isascii() and name.isdigit():
        return numbering.by_hand(int(name[:9]))
    if name in keywords:
        return keywords[name]
    if "." in name:
        raise StarlarkError(f"format: attribute syntax x.y is not supported in replacement fields: {name}")
    if "[" in name:
        raise StarlarkError(f"format: element syntax a[i] is not supported in replacement fields: {name}")
    if "{" in name:
        raise StarlarkError("format: nested replacement fields not supported")
    raise StarlarkError(f"format: keyword {name} not found")
