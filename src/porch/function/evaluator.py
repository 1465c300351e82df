"""The messages of the function runner's protocol, `/evaluator.FunctionEvaluator/EvaluateFunction`, as protobuf bytes.

    EvaluateFunctionRequest   bytes resource_list = 1, string image = 2
    EvaluateFunctionResponse  bytes resource_list = 1, bytes log = 2

Each has two fields of bytes, so they are read and written here rather than by generated code. So is the answer of
gRPC's health service. An error has no ResourceList; ours carries a failed function's results in trailing metadata.
"""

from __future__ import annotations

from porch.errors import BadRequest

SERVICE = "evaluator.FunctionEvaluator"
METHOD = f"/{SERVICE}/EvaluateFunction"
HEALTH_SERVICE = "grpc.health.v1.Health"
RESULTS_KEY = "porch-results-bin"
"""JSON list of results. Upstream's clients do not look at it."""
_BYTES = 2
_SKIPPED = {0: -1, 1: 8, 5: 4}
"""Lengths of fields that are no bytes, by wire type; -1 is a varint."""
_MOST_BITS = 63


def encode(first: bytes, second: bytes = b"") -> bytes:
    """A message with fields 1 and 2; an empty one is left out."""
    return b"".join(
        bytes([number << 3 | _BYTES]) + _varint(len(value)) + value
        for number, value in ((1, first), (2, second))
        if value
    )


def decode(data: bytes) -> tuple[bytes, bytes]:
    """Fields 1 and 2. Unknown fields are skipped; raises BadRequest for what is no message."""
    found = {1: b"", 2: b""}
    place = 0
    while place < len(data):
        key, place = _read_varint(data, place)
        if key & 7 == _BYTES:
            length, place = _read_varint(data, place)
            value, place = data[place : place + length], place + length
            found[key >> 3] = value
        elif (length := _SKIPPED.get(key & 7, 0)) > 0:
            place += length
        elif length:
            _, place = _read_varint(data, place)
        else:
            raise BadRequest("the message is not of the function runner's protocol")
    if place != len(data):
        raise BadRequest("the message ends in the middle of a field")
    return found[1], found[2]


def encode_health(*, serving: bool) -> bytes:
    """HealthCheckResponse: SERVING is 1, NOT_SERVING 2."""
    return bytes([8, 1 if serving else 2])


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def _read_varint(data: bytes, place: int) -> tuple[int, int]:
    number = shift = 0
    while shift <= _MOST_BITS and place < len(data):
        byte = data[place]
        number |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return number, place
    raise BadRequest("the message is not of the function runner's protocol")
