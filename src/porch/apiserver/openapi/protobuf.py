"""The OpenAPI 2 document as protobuf: kubectl 1.26 and older validate, apply and explain by nothing else.

The tables give the field numbers of gnostic's `openapi.v2` messages, for the keys that our documents use and no others:
a key without a number is a KeyError, which a test would see. Maps are repeated messages of a name and a value, in the
document's order; whatever may be any JSON value (extensions, enums, defaults) travels as its text, since JSON is YAML.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

_COUNTED = 2
_NAME, _VALUE = 1, 2
_EXTENSION = "x-"
_NO_PLACE = frozenset({"deprecated"})  # JSON Schema has it, OpenAPI 2 has not

Encoder = Callable[[Any], bytes]
"""The bytes of one message or text."""


def encode(document: Mapping[str, Any]) -> bytes:
    """Of a whole OpenAPI 2 document."""
    return _message(_DOCUMENT, document)


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _counted(number: int, data: bytes) -> bytes:
    return b"".join((_varint(number << 3 | _COUNTED), _varint(len(data)), data))


def _text(value: str) -> bytes:
    return value.encode()


def _any(value: Any) -> bytes:
    """An `Any` holds the text of its value."""
    return _counted(2, msgspec.json.encode(value))


def _named(name: str, value: bytes) -> bytes:
    return _counted(_NAME, name.encode()) + _counted(_VALUE, value)


Writer = Callable[[int, Any], bytes]
"""A whole field: its number and what it holds."""


@dataclass(frozen=True, slots=True)
class _Message:
    """How the keys of a JSON object become fields; `extensions` is the number of those for `x-` keys."""

    fields: Mapping[str, tuple[int, Writer]]
    extensions: int = 0


def _message(message: _Message, value: Mapping[str, Any]) -> bytes:
    parts = []
    for key, item in value.items():
        if key.startswith(_EXTENSION):
            parts.append(_counted(message.extensions, _named(key, _any(item))))
        elif key not in _NO_PLACE:
            number, write = message.fields[key]
            parts.append(write(number, item))
    return b"".join(parts)


def _one(encoder: Encoder) -> Writer:
    return lambda number, value: _counted(number, encoder(value))


def _many(encoder: Encoder) -> Writer:
    return lambda number, values: b"".join(_counted(number, encoder(value)) for value in values)


def _map(encoder: Encoder) -> Writer:
    return lambda number, values: b"".join(
        _counted(number, _named(key, encoder(value))) for key, value in values.items()
    )


def _flag(number: int, value: bool) -> bytes:
    return _varint(number << 3) + _varint(int(value))


def _within(writer: Writer) -> Encoder:
    """A message that holds nothing but field 1."""
    return lambda value: writer(1, value)


def _schema(value: Any) -> bytes:
    return _message(_SCHEMA, value)


def _path_item(value: Any) -> bytes:
    return _message(_PATH_ITEM, value)


def _response(value: Any) -> bytes:
    return _message(_RESPONSE, value)


def _info(value: Any) -> bytes:
    return _message(_INFO, value)


def _type(value: str) -> bytes:
    return _counted(1, value.encode())


def _operation(value: Any) -> bytes:
    return _message(_OPERATION, value)


def _parameter(value: Any) -> bytes:
    """A ParametersItem, and in it a Parameter: a body, or else one of the query or of the path."""
    if value["in"] == "body":
        parameter = _counted(1, _message(_BODY, value))
    elif value["in"] == "query":
        parameter = _counted(2, _counted(3, _message(_QUERY, value)))
    else:
        parameter = _counted(2, _counted(4, _message(_PATH, value)))
    return _counted(1, parameter)


_TEXT, _TEXTS = _one(_text), _many(_text)
_SCHEMA_FIELD, _OPERATION_FIELD = _one(_schema), _one(_operation)
_SCHEMA = _Message(
    {
        "$ref": (1, _TEXT),
        "format": (2, _TEXT),
        "description": (4, _TEXT),
        "default": (5, _one(_any)),
        "required": (19, _TEXTS),
        "enum": (20, _many(_any)),
        "additionalProperties": (21, _one(_within(_SCHEMA_FIELD))),
        "type": (22, _one(_type)),
        "items": (23, _one(_within(_SCHEMA_FIELD))),
        "allOf": (24, _many(_schema)),
        "properties": (25, _one(_within(_map(_schema)))),
    },
    extensions=31,
)
_PLACE: dict[str, tuple[int, Writer]] = {"required": (1, _flag), "in": (2, _TEXT), "description": (3, _TEXT)}
_QUERY = _Message({"name": (4, _TEXT), "type": (6, _TEXT), **_PLACE})
_PATH = _Message({"name": (4, _TEXT), "type": (5, _TEXT), **_PLACE})
_BODY = _Message(
    {
        "description": (1, _TEXT),
        "name": (2, _TEXT),
        "in": (3, _TEXT),
        "required": (4, _flag),
        "schema": (5, _SCHEMA_FIELD),
    }
)
_RESPONSE = _Message({"description": (1, _TEXT), "schema": (2, _one(_within(_SCHEMA_FIELD)))})
_OPERATION = _Message(
    {
        "description": (3, _TEXT),
        "operationId": (5, _TEXT),
        "produces": (6, _TEXTS),
        "consumes": (7, _TEXTS),
        "parameters": (8, _many(_parameter)),
        "responses": (9, _one(_within(_map(_within(_one(_response)))))),
    },
    extensions=13,
)
_PATH_ITEM = _Message(
    {
        "get": (2, _OPERATION_FIELD),
        "put": (3, _OPERATION_FIELD),
        "post": (4, _OPERATION_FIELD),
        "delete": (5, _OPERATION_FIELD),
        "patch": (8, _OPERATION_FIELD),
    }
)
_INFO = _Message({"title": (1, _TEXT), "version": (2, _TEXT)})
_DOCUMENT = _Message(
    {
        "swagger": (1, _TEXT),
        "info": (2, _one(_info)),
        "paths": (8, _one(lambda paths: _map(_path_item)(2, paths))),
        "definitions": (9, _one(_within(_map(_schema)))),
    }
)
