"""Protobuf request bodies: kubectl and controller-runtime send Kubernetes' own kinds so and do not retry in JSON.

Bytes become the object that the same request would have carried as JSON: bytes as base64, times as RFC 3339. Answers
are always JSON. The tables in `protobuf_messages` are the whole schema; unknown fields are skipped, everything that is
broken is a BadRequest. Depth is bounded because the messages do not contain themselves, work by counting fields.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from porch.apiserver.protobuf_messages import DELETE_OPTIONS, ENVELOPE, OBJECTS, PARTS, Field, Message
from porch.errors import BadRequest, UnsupportedMediaType
from porch.types import Kind

MAX_FIELDS = 200_000
_MAGIC = b"k8s\0"
_VARINT, _COUNTED = 0, 2
_FIXED_LENGTHS = {1: 8, 5: 4}
_WIRE_TYPES = {"bool": _VARINT, "int": _VARINT}  # all other types are counted bytes
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def decode(kind: Kind, body: bytes) -> dict[str, Any]:
    """The object in `body`, which must be a `kind`. Raises BadRequest, or UnsupportedMediaType for kinds of ours."""
    message = OBJECTS.get((kind.group, kind.name))
    if message is None:
        raise UnsupportedMediaType(
            "the body of the request was in an unknown format"
            " - accepted media types include: application/json, application/yaml"
        )
    type_meta, raw = _open(body, kind.name)
    # A missing kind or version is that of the URL.
    _expect("API version", type_meta.get("apiVersion"), kind.api_version)
    _expect("kind", type_meta.get("kind"), kind.name)
    return {"kind": kind.name, "apiVersion": kind.api_version, **_Reader(kind.name).message(message, raw)}


def decode_delete_options(body: bytes) -> dict[str, Any]:
    """The DeleteOptions in `body`; any API version will do, since each group has them."""
    type_meta, raw = _open(body, "DeleteOptions")
    _expect("kind", type_meta.get("kind"), "DeleteOptions")
    return {"kind": "DeleteOptions", "apiVersion": "v1", **_Reader("DeleteOptions").message(DELETE_OPTIONS, raw)}


def _expect(what: str, sent: str | None, expected: str) -> None:
    if sent and sent != expected:
        raise BadRequest(f"the {what} in the data ({sent[:253]}) does not match the expected {what} ({expected})")


def _open(body: bytes, expected: str) -> tuple[dict[str, str], bytes]:
    """The envelope's type and the bytes of the object."""
    if not body.startswith(_MAGIC):
        raise _broken(expected, "it does not begin with the bytes of a Kubernetes message")
    envelope = _Reader(expected).message(ENVELOPE, body[len(_MAGIC) :])
    if envelope.get("contentEncoding"):
        raise _broken(expected, f"unknown content encoding {envelope['contentEncoding'][:64]!r}")
    return envelope.get("typeMeta", {}), envelope.get("raw", b"")


def _broken(expected: str, why: str) -> BadRequest:
    return BadRequest(f"the object provided is unrecognized (must be of type {expected}): protobuf error: {why}")


class _Reader:
    """Reads the messages of one body. `expected` is for error texts."""

    def __init__(self, expected: str) -> None:
        self._expected = expected
        self._fields_left = MAX_FIELDS
        self._scalars: dict[str, Callable[[Any], Any]] = {
            "string": self._text,
            "strings": lambda data: self.message(PARTS["Strings"], data).get("items", []),
            "bytes": lambda data: base64.b64encode(data).decode(),
            "raw": bytes,
            "bool": bool,
            "int": _signed,
            "time": lambda data: self._time(data, "seconds"),
            "microtime": lambda data: self._time(data, "microseconds"),
        }

    def message(self, message: Message, data: bytes) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for number, wire_type, value in self._fields(data):
            if field := message.get(number):
                self._put(found, field, wire_type, value)
        return found

    def _put(self, found: dict[str, Any], field: Field, wire_type: int, value: Any) -> None:
        if field.shape == "map":
            key, entry = self._entry(field, value if wire_type == _COUNTED else None)
            found.setdefault(field.name, {})[key] = entry
            return
        read = self._value(field, wire_type, value)
        if field.shape == "list":
            found.setdefault(field.name, []).append(read)
        elif read is not None:
            found[field.name] = read

    def _value(self, field: Field, wire_type: int, value: Any) -> Any:
        if wire_type != _WIRE_TYPES.get(field.type, _COUNTED):
            raise _broken(self._expected, f"field {field.name} has wire type {wire_type}")
        if scalar := self._scalars.get(field.type):
            return scalar(value)
        return self.message(PARTS[field.type], value)

    def _entry(self, field: Field, data: bytes | None) -> tuple[str, Any]:
        if data is None:
            raise _broken(self._expected, f"field {field.name} is not a map")
        entry = self.message({1: Field("key"), 2: Field("value", field.type)}, data)
        return entry.get("key", ""), entry["value"] if "value" in entry else self._value(field, _COUNTED, b"")

    def _fields(self, data: bytes) -> Iterator[tuple[int, int, Any]]:
        """Field number, wire type and raw value of each field of one message."""
        at = 0
        while at < len(data):
            self._fields_left -= 1
            if self._fields_left < 0:
                raise _broken(self._expected, f"it has more than {MAX_FIELDS} fields")
            tag, at = self._varint(data, at)
            number, wire_type = tag >> 3, tag & 7
            if not 0 < number < 1 << 29:
                raise _broken(self._expected, f"field number {number} is out of range")
            value, at = self._raw(data, at, wire_type)
            yield number, wire_type, value

    def _raw(self, data: bytes, at: int, wire_type: int) -> tuple[Any, int]:
        if wire_type == _VARINT:
            return self._varint(data, at)
        if wire_type == _COUNTED:
            length, at = self._varint(data, at)
        elif wire_type in _FIXED_LENGTHS:
            length = _FIXED_LENGTHS[wire_type]
        else:
            raise _broken(self._expected, f"unknown wire type {wire_type}")
        if length > len(data) - at:
            raise _broken(self._expected, "unexpected end of data")
        return data[at : at + length], at + length

    def _varint(self, data: bytes, at: int) -> tuple[int, int]:
        number = 0
        for index, byte in enumerate(data[at : at + 10]):
            number |= (byte & 0x7F) << (7 * index)
            if byte < 0x80:
                if number >> 64:
                    break
                return number, at + index + 1
        raise _broken(self._expected, "unexpected end of data" if len(data) - at < 10 else "a number is too large")

    def _text(self, data: bytes) -> str:
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            raise _broken(self._expected, "a string is not UTF-8") from error

    def _time(self, data: bytes, precision: str) -> str | None:
        """Kubernetes writes "no time" as an empty message. What its JSON form would not show is dropped."""
        if not data:
            return None
        parts = {number: _signed(value) for number, wire_type, value in self._fields(data) if wire_type == _VARINT}
        try:
            moment = _EPOCH + timedelta(seconds=parts.get(1, 0), microseconds=parts.get(2, 0) // 1000)
        except OverflowError as error:
            raise _broken(self._expected, "a time is out of range") from error
        return moment.isoformat(timespec=precision).replace("+00:00", "Z")


def _signed(number: int) -> int:
    return number - (1 << 64) if number >> 63 else number
