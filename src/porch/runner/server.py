"""A gRPC server of one method, and of the health service. Used by the function runner and by the wrapper in pods.

Plaintext, as upstream's: it belongs on a network that only the server and its runner share.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import grpc
import msgspec
import structlog

from porch.errors import BadRequest, PorchError
from porch.function.evaluator import HEALTH_SERVICE, METHOD, RESULTS_KEY, decode, encode, encode_health
from porch.function.results import Result

_HEALTH_CHECK = f"/{HEALTH_SERVICE}/Check"
_METADATA_BYTES = 128 * 1024
_RESULTS_BYTES = 64 * 1024
_logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the evaluation of a function gives to the caller."""

    resource_list: bytes
    log: bytes = b""


class Refused(Exception):
    """The call is answered with a gRPC status. Results of a failed function go along, for callers who read them."""

    def __init__(self, code: grpc.StatusCode, text: str, results: tuple[Result, ...] = ()) -> None:
        super().__init__(text)
        self.code, self.text, self.results = code, text, results


Evaluate = Callable[[str, bytes, grpc.ServicerContext], Answer]
"""(image, ResourceList, call) to the answer; raises Refused or a PorchError."""

_CODES = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    403: grpc.StatusCode.PERMISSION_DENIED,
    404: grpc.StatusCode.NOT_FOUND,
    409: grpc.StatusCode.CANCELLED,
    413: grpc.StatusCode.RESOURCE_EXHAUSTED,
    503: grpc.StatusCode.UNAVAILABLE,
    504: grpc.StatusCode.DEADLINE_EXCEEDED,
}


class Server:
    """Serves from `start` until `stop`."""

    def __init__(self, evaluate: Evaluate, address: str, *, calls: int, message_bytes: int) -> None:
        """`calls` run at one time; others wait. Raises BadRequest when the address cannot be listened on."""
        limits = ("grpc.max_send_message_length", "grpc.max_receive_message_length")
        options = [(name, message_bytes) for name in limits] + [
            ("grpc.max_metadata_size", _METADATA_BYTES),
            ("grpc.so_reuseport", 0),  # two runners on one port would each get half of the calls
        ]
        self._server = grpc.server(
            ThreadPoolExecutor(calls, "porch-call"), handlers=[_Handler(evaluate)], options=options
        )
        try:
            self.port = self._server.add_insecure_port(address)
        except RuntimeError as error:
            raise BadRequest(f"cannot listen on {address}; choose another --port") from error

    def start(self) -> None:
        self._server.start()

    def stop(self, grace: float) -> None:
        """Calls that are running get `grace` seconds."""
        self._server.stop(grace).wait()


class _Handler(grpc.GenericRpcHandler):  # type: ignore[misc]
    def __init__(self, evaluate: Evaluate) -> None:
        self._evaluate = evaluate

    def service(self, details: grpc.HandlerCallDetails) -> Any:
        match details.method:
            case _ if details.method == METHOD:
                return grpc.unary_unary_rpc_method_handler(self._call)
            case _ if details.method == _HEALTH_CHECK:
                return grpc.unary_unary_rpc_method_handler(lambda _data, _context: encode_health(serving=True))
        return None

    def _call(self, data: bytes, context: grpc.ServicerContext) -> bytes:
        try:
            resource_list, image = decode(data)
            answer = self._evaluate(_text(image), resource_list, context)
            return encode(answer.resource_list, answer.log)
        except Refused as refused:
            _add_results(context, refused.results)
            context.abort(refused.code, refused.text)
        except PorchError as error:
            context.abort(_CODES.get(error.code, grpc.StatusCode.INTERNAL), error.message)
        except Exception as error:
            _logger.exception("call failed")
            context.abort(grpc.StatusCode.INTERNAL, f"{type(error).__name__}: {error}")
        raise AssertionError  # abort raises


def _text(image: bytes) -> str:
    try:
        return image.decode()
    except UnicodeDecodeError as error:
        raise BadRequest("the image's name is not UTF-8") from error


def _add_results(context: grpc.ServicerContext, results: tuple[Result, ...]) -> None:
    encoded = msgspec.json.encode([result.to_json() for result in results])
    if results and len(encoded) <= _RESULTS_BYTES:
        context.set_trailing_metadata(((RESULTS_KEY, encoded),))
