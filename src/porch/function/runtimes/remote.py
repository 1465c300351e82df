"""A function runner over gRPC: ours (`porch function-runner`) or upstream's, whose protocol it is.

The connection is made at the first call and kept. What the runner answers about a function is an outcome; a runner that
cannot be reached is ServiceUnavailable, and the function has not failed.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec

from porch.errors import RequestTooLarge, ServiceUnavailable
from porch.function.evaluator import METHOD, RESULTS_KEY, decode, encode
from porch.function.images import parse_image
from porch.function.interface import FunctionCall, FunctionNotFound, FunctionOutcome, ResourceList
from porch.function.resourcelist import write_resource_list
from porch.function.results import Result, results_from_json
from porch.function.runtimes.outcome import Ended, failure, outcome_of

if TYPE_CHECKING:
    import grpc

METADATA_BYTES = 128 * 1024
_NAMES = {
    "CANCELLED": "Canceled",
    "DEADLINE_EXCEEDED": "DeadlineExceeded",
    "INTERNAL": "Internal",
    "INVALID_ARGUMENT": "InvalidArgument",
    "NOT_FOUND": "NotFound",
    "PERMISSION_DENIED": "PermissionDenied",
    "RESOURCE_EXHAUSTED": "ResourceExhausted",
    "UNAVAILABLE": "Unavailable",
    "UNIMPLEMENTED": "Unimplemented",
    "UNKNOWN": "Unknown",
}
"""Go's names of the codes; they are in the texts that people search for."""


class RemoteRuntime:
    name = "grpc"

    def __init__(self, address: str, *, seconds: float, message_bytes: int) -> None:
        """`address` is host:port; `seconds` is the time for one call."""
        self._address, self._seconds, self._message_bytes = address, seconds, message_bytes
        self._channel: grpc.Channel | None = None

    def digest(self, image: str) -> str:
        """Only a digest says what a runner will run; tags move."""
        return parse_image(image).digest

    def evaluate(self, call: FunctionCall) -> FunctionOutcome:
        import grpc

        data = encode(write_resource_list(ResourceList(call.items, call.config)), call.image.encode())
        began = time.monotonic()
        try:
            answer: bytes = self._method()(data, timeout=self._seconds)
        except grpc.RpcError as error:
            return self._refused(call.image, error, time.monotonic() - began)
        output, log = decode(answer)
        ended = Ended(output, log.decode("utf-8", "replace"), 0, time.monotonic() - began, self.digest(call.image))
        return outcome_of(call.image, ended)

    def close(self) -> None:
        if self._channel is not None:
            self._channel.close()
            self._channel = None

    def _method(self) -> Any:
        import grpc

        if self._channel is None:
            limits = ("grpc.max_send_message_length", "grpc.max_receive_message_length")
            self._channel = grpc.insecure_channel(
                self._address, options=[(name, self._message_bytes) for name in limits]
            )
        return self._channel.unary_unary(METHOD)

    def _refused(self, image: str, error: Any, duration: float) -> FunctionOutcome:
        code, details = error.code().name, error.details() or ""
        text = f'func eval "{image}" failed: rpc error: code = {go_name(code)} desc = {details}'
        if code == "NOT_FOUND":
            raise FunctionNotFound(text)
        if code == "UNAVAILABLE":
            raise ServiceUnavailable(f"{text} (function runner at {self._address})", retry_after=5)
        if code == "RESOURCE_EXHAUSTED":
            raise RequestTooLarge(f"{text}; the setting function-message-bytes bounds it here and at the runner")
        return failure(text, Ended(b"", "", 1, duration), sent_results(error))


def go_name(code: str) -> str:
    return _NAMES.get(code, code)


def sent_results(error: Any) -> list[Result]:
    """Those that our own runner sends along."""
    for key, value in error.trailing_metadata() or ():
        if key == RESULTS_KEY:
            with suppress(msgspec.DecodeError):
                return results_from_json(msgspec.json.decode(value))
    return []
