"""A small protobuf encoder: single fields for tests, and whole objects by the tables that the server reads with."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from porch.apiserver.protobuf_messages import DELETE_OPTIONS, OBJECTS, PARTS, Field, Message


def varint(number: int) -> bytes:
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def counted(field: int, value: bytes | str) -> bytes:
    data = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(data)) + data


def entry(field: int, key: str, value: bytes | str) -> bytes:
    return counted(field, counted(1, key) + counted(2, value))


def envelope(raw: bytes, kind: str = "", api_version: str = "", *more: bytes) -> bytes:
    type_meta = counted(1, api_version) + counted(2, kind)
    return b"k8s\0" + counted(1, type_meta) + counted(2, raw) + b"".join(more)


def encode(group: str, kind: str, obj: dict[str, Any]) -> bytes | None:
    """The object as Kubernetes' clients send it; None for a kind without a message. What does not fit is left out."""
    message = DELETE_OPTIONS if kind == "DeleteOptions" else OBJECTS.get((group, kind))
    if message is None:
        return None
    return envelope(_message(message, obj), kind, str(obj.get("apiVersion", "")))


def _message(message: Message, value: Any) -> bytes:
    if not isinstance(value, dict):
        return b""
    return b"".join(_field(at, field, value[field.name]) for at, field in message.items() if field.name in value)


def _field(at: int, field: Field, value: Any) -> bytes:
    if field.shape == "list":
        items = value if isinstance(value, list) else []
        return b"".join(_one(at, field.type, item) for item in items)
    if field.shape == "map":
        pairs = value.items() if isinstance(value, dict) else ()
        return b"".join(counted(at, counted(1, str(key)) + _one(2, field.type, item)) for key, item in pairs)
    return _one(at, field.type, value)


def _one(at: int, kind: str, value: Any) -> bytes:
    if kind in {"bool", "int"}:
        return number(at, int(value)) if isinstance(value, bool | int) else b""
    if kind in PARTS and kind != "Strings":
        return counted(at, _message(PARTS[kind], value))
    if kind in {"strings", "Strings"}:
        return counted(at, b"".join(counted(1, str(item)) for item in value) if isinstance(value, list) else b"")
    if kind == "time":
        return counted(at, number(1, 1_700_000_000))
    return counted(at, _decoded(str(value)) if kind in {"bytes", "raw"} else str(value))


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text)
    except (binascii.Error, ValueError):
        return text.encode("utf-8", "surrogatepass")
