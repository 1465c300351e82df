"""The webhook endpoint: an ASGI application for POST /webhooks/NAMESPACE/REPOSITORY.

A delivery is believed when it is signed with the Repository's secret. It then has the Repository looked at, and is
answered at once: what the delivery says is not used, for git is asked anyway, so a forged, repeated or late one can do
nothing but cause one listing of refs. Whoever cannot sign learns nothing: a Repository that is not there, one that
takes no deliveries and a wrong signature are one answer. The body is only hashed, never kept.
"""

from __future__ import annotations

import asyncio
import math
import re
import secrets
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import structlog
from prometheus_client import Counter

from porch.errors import (
    BadRequest,
    MethodNotAllowed,
    NotFound,
    PorchError,
    RequestTooLarge,
    Timeout,
    TooManyRequests,
    Unauthorized,
)
from porch.keys import RepositoryKey, label_problems
from porch.webhooks.interface import Hooks, Limits
from porch.webhooks.signature import Event, Proof, event_of, is_signed
from porch.webhooks.throttle import Throttle
from porch.workers import Threads

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
_log = structlog.get_logger(__name__)
_PATH = re.compile(r"/webhooks/([^/]+)/([^/]+)")
_NOT_SIGNED = "the delivery is not signed with the secret of a Repository at this URL"
_DELIVERIES = Counter("porch_webhook_deliveries_total", "Webhook deliveries, by how they were answered.", ["code"])
_THREADS = 2
_NOBODY = secrets.token_bytes(32)
"""Deliveries to a Repository that takes none are checked against this, which nobody knows."""


class WebhookServer:
    """Serves scopes whose path begins with /webhooks/."""

    def __init__(self, hooks: Hooks, limits: Limits | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._hooks, self._limits = hooks, limits or Limits()
        self._throttle = Throttle(self._limits.failures, self._limits.pause_seconds, clock)
        self._threads = Threads(_THREADS, "webhook")
        self._running = 0

    def close(self) -> None:
        """Waits for nobody: what was not looked up by now is not answered."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        try:
            await _answer(send, *await self._serve(scope, receive))
        except _Disconnected:
            return
        except TimeoutError:
            await _fail(send, Timeout("the delivery took too long"))
        except PorchError as error:
            await _fail(send, error)

    async def _serve(self, scope: Message, receive: Receive) -> tuple[int, str]:
        key = _key(scope)
        headers = dict[bytes, bytes](scope["headers"])
        address = (scope.get("client") or ("",))[0]
        self._check_size(headers)
        if (wait := self._throttle.wait(address)) > 0:
            raise TooManyRequests("too many deliveries were not signed rightly", retry_after=math.ceil(wait))
        if self._running >= self._limits.deliveries:
            raise TooManyRequests("too many deliveries at the same time", retry_after=1)
        self._running += 1
        try:
            async with asyncio.timeout(self._limits.seconds):
                genuine = is_signed(headers) and await self._is_genuine(key, headers, receive)
        finally:
            self._running -= 1
        if not genuine:
            self._throttle.failed(address)
            raise Unauthorized(_NOT_SIGNED)
        return self._accept(key, event_of(headers))

    def _check_size(self, headers: dict[bytes, bytes]) -> None:
        length = headers.get(b"content-length", b"0")
        if not length.isdigit():
            raise BadRequest("the Content-Length is no number")
        if int(length[:19]) > self._limits.body_bytes:
            raise RequestTooLarge(f"a delivery may have {self._limits.body_bytes} bytes")

    async def _is_genuine(self, key: RepositoryKey, headers: dict[bytes, bytes], receive: Receive) -> bool:
        secret = await asyncio.get_running_loop().run_in_executor(self._threads, self._hooks.secret, key)
        proof = Proof(headers, secret or _NOBODY)
        received, more = 0, True
        while more:
            message = await asyncio.wait_for(receive(), self._limits.idle_seconds)
            if message["type"] != "http.request":
                raise _Disconnected
            chunk = message.get("body", b"")
            received += len(chunk)
            if received > self._limits.body_bytes:
                raise RequestTooLarge(f"a delivery may have {self._limits.body_bytes} bytes")
            proof.feed(chunk)
            more = message.get("more_body", False)
        return proof.holds()

    def _accept(self, key: RepositoryKey, event: Event) -> tuple[int, str]:
        _log.info("webhook delivery", repository=str(key), what=event.value)
        if event is Event.PING:
            return 200, "deliveries arrive"
        if event is Event.OTHER:
            return 202, "nothing to do: only pushes matter"
        self._hooks.pushed(key)
        return 202, "the Repository is looked at"


class _Disconnected(Exception):
    """The client went away. Never leaves this file."""


def _key(scope: Message) -> RepositoryKey:
    """Raises NotFound, MethodNotAllowed: by the form of the request alone."""
    found = _PATH.fullmatch(scope["path"])
    if found is None or label_problems(found[1]) or label_problems(found[2]):
        raise NotFound("the URL is .../webhooks/NAMESPACE/REPOSITORY")
    if scope["method"] != "POST":
        raise MethodNotAllowed
    return RepositoryKey(found[1], found[2])


async def _fail(send: Send, error: PorchError) -> None:
    more = [(b"retry-after", str(error.retry_after).encode())] if error.retry_after is not None else []
    await _answer(send, error.code, error.message, more)


async def _answer(send: Send, code: int, text: str, more: list[tuple[bytes, bytes]] | None = None) -> None:
    _DELIVERIES.labels(str(code)).inc()
    body = f"{text}\n".encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": code, "headers": [*headers, *(more or [])]})
    await send({"type": "http.response.body", "body": body})
