"""encoding/json.star: encode, decode and indent."""

from __future__ import annotations

import json
import math
import re

from porch.function.builtin.starlark.arguments import anything, named, positional, text
from porch.function.builtin.starlark.errors import StarlarkError
from porch.function.builtin.starlark.numbers import bounded
from porch.function.builtin.starlark.values import (
    Anything,
    Arguments,
    Builtin,
    Iterating,
    Keywords,
    Module,
    Value,
    float_text,
    items_of,
    text_of,
    type_name,
)

_DEEPEST = 200
_STRING = re.compile(r'"((?:[^"\\]|\\(?s:.))*)"')
_NUMBER = re.compile(r"[-0-9][0-9.eE+-]*")
_SPACE = re.compile(r"[ \t\n\r]*")


def _encode(arguments: Arguments, keywords: Keywords) -> Anything:
    (value,) = positional("json.encode", arguments, keywords, 1, anything)
    try:
        return _encoded(value, ())
    except StarlarkError as error:
        raise StarlarkError(f"json.encode: {error}") from None


def _encoded(value: Anything, inside: tuple[int, ...]) -> str:  # noqa: C901, PLR0911 - one case for each kind
    kind = type(value)
    if kind is str:
        return _quoted(value)
    if value is None:
        return "null"
    if kind is bool:
        return "true" if value else "false"
    if kind is int:
        return str(value)
    if kind is float:
        if not math.isfinite(value):
            raise StarlarkError(f"cannot encode non-finite float {float_text(value)}")
        return float_text(value)
    if id(value) in inside:
        raise StarlarkError("cycle in JSON structure")
    if len(inside) > _DEEPEST:
        raise StarlarkError("nested too deeply")
    within = (*inside, id(value))
    if kind is dict:
        return _encoded_dict(value, within)
    if kind in {list, tuple, range} or isinstance(value, Iterating):
        return _encoded_list(value, within)
    if isinstance(value, Value) and value.attribute_names():
        return _encoded_fields(value, within)
    raise StarlarkError(f"cannot encode {type_name(value)} as JSON")


def _encoded_dict(value: dict[Anything, Anything], inside: tuple[int, ...]) -> str:
    items = items_of(value)
    for key, _ in items:
        if type(key) is not str:
            raise StarlarkError(f"dict has {type_name(key)} key, want string")
    pieces = []
    for key, item in sorted(items, key=lambda item: str(item[0])):
        try:
            pieces.append(f"{_quoted(key)}:{_encoded(item, inside)}")
        except StarlarkError as error:
            raise StarlarkError(f"in dict key {text_of(key)}: {error}") from None
    return f"{{{','.join(pieces)}}}"


def _encoded_list(value: Anything, inside: tuple[int, ...]) -> str:
    pieces = []
    for at, item in enumerate(value):
        try:
            pieces.append(_encoded(item, inside))
        except StarlarkError as error:
            raise StarlarkError(f"at {type_name(value)} index {at}: {error}") from None
    return f"[{','.join(pieces)}]"


def _encoded_fields(value: Value, inside: tuple[int, ...]) -> str:
    pieces = []
    for name in sorted(value.attribute_names()):
        try:
            pieces.append(f"{_quoted(name)}:{_encoded(value.attribute(name), inside)}")
        except StarlarkError as error:
            raise StarlarkError(f"in field .{name}: {error}") from None
    return f"{{{','.join(pieces)}}}"


def _quoted(value: str) -> str:
    """Plain text as it is; with other characters as Go's JSON, which escapes those that matter in HTML."""
    if value.isascii() and value.isprintable():
        return json.dumps(value)
    value = "".join("\ufffd" if 0xDC80 <= ord(char) <= 0xDCFF else char for char in value)
    made = json.dumps(value, ensure_ascii=False)
    for char in "<>&\u2028\u2029":
        made = made.replace(char, f"\\u{ord(char):04x}")
    return made


def _decode(arguments: Arguments, keywords: Keywords) -> Anything:
    given = named("json.decode", arguments, keywords, x=text, default_=anything)
    reader = _Reader(given["x"])
    try:
        return reader.document()
    except StarlarkError as error:
        if "default" in given:
            return given["default"]
        raise StarlarkError(f"json.decode: at offset {reader.at}, {error}") from None


class _Reader:
    def __init__(self, source: str) -> None:
        self._source = source
        self.at = 0

    def document(self) -> Anything:
        value = self._value(0)
        self._skip()
        if self.at < len(self._source):
            raise StarlarkError(f"unexpected character '{self._source[self.at]}' after value")
        return value

    def _skip(self) -> None:
        found = _SPACE.match(self._source, self.at)
        assert found
        self.at = found.end()

    def _next(self) -> str:
        self._skip()
        if self.at >= len(self._source):
            raise StarlarkError("unexpected end of file")
        return self._source[self.at]

    def _value(self, depth: int) -> Anything:
        if depth > _DEEPEST:
            raise StarlarkError("nested too deeply")
        char = self._next()
        if char == '"':
            return self._string()
        if char == "[":
            return self._list(depth)
        if char == "{":
            return self._dict(depth)
        for word, value in (("null", None), ("true", True), ("false", False)):
            if self._source.startswith(word, self.at):
                self.at += len(word)
                return value
        if found := _NUMBER.match(self._source, self.at):
            self.at = found.end()
            return _number(found[0])
        raise StarlarkError(f"unexpected character '{char}'")

    def _string(self) -> str:
        found = _STRING.match(self._source, self.at)
        if not found:
            raise StarlarkError("unclosed string literal")
        self.at = found.end()
        if "\\" not in found[1] and found[1].isascii():
            return found[1]
        try:
            return json.loads(found[0])  # type: ignore[no-any-return]
        except ValueError as error:
            raise StarlarkError(str(error)) from None

    def _list(self, depth: int) -> list[Anything]:
        items: list[Anything] = []
        self.at += 1
        while self._next() != "]":
            items.append(self._value(depth + 1))
            char = self._next()
            if char == "]":
                break
            if char != ",":
                raise StarlarkError(f"got '{char}', want ',' or ']'")
            self.at += 1
            if self._next() == "]":
                raise StarlarkError("unexpected character ']'")
        self.at += 1
        return items

    def _dict(self, depth: int) -> dict[str, Anything]:
        made: dict[str, Anything] = {}
        self.at += 1
        while self._next() != "}":
            key = self._value(depth + 1)
            if type(key) is not str:
                raise StarlarkError(f"got {type_name(key)} for object key, want string")
            char = self._next()
            if char != ":":
                raise StarlarkError(f"after object key, got '{char}', want ':' ")
            self.at += 1
            made[key] = self._value(depth + 1)
            char = self._next()
            if char == "}":
                break
            if char != ",":
                raise StarlarkError(f"in object, got '{char}', want ',' or '}}'")
            self.at += 1
            if self._next() == "}":
                raise StarlarkError("unexpected character '}'")
        self.at += 1
        return made


def _number(word: str) -> Anything:
    digits = word.removeprefix("-")
    if not digits or (digits[0] == "0" and digits[1:2].isdigit()) or len(word) > 4000:
        raise StarlarkError(f"invalid number: {word}")
    try:
        return float(word) if set(".eE+-") & set(digits) else bounded(int(word))
    except ValueError:
        raise StarlarkError(f"invalid number: {word}") from None


def _indent(arguments: Arguments, keywords: Keywords) -> Anything:
    given = named("json.indent", (), keywords, prefix_=text, indent_=text)
    (source,) = positional("json.indent", arguments, {}, 1, text)
    try:
        value = json.loads(source)
    except ValueError as error:
        raise StarlarkError(f"json.indent: {error}") from None
    lines = json.dumps(value, indent=given.get("indent", "\t"), ensure_ascii=False).split("\n")
    return f"\n{given.get('prefix', '')}".join(lines)


MEMBERS = {
    "json": Module(
        "json",
        {
            "encode": Builtin("json.encode", _encode),
            "decode": Builtin("json.decode", _decode),
            "indent": Builtin("json.indent", _indent),
        },
    )
}
