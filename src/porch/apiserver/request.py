"""One HTTP request, read from the ASGI scope: method, path, query, headers, and its body up to a limit.

Everything is parsed when it is first asked for: most requests need little. Nothing here knows resources or verbs.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs, unquote_to_bytes

from porch.apiserver.interface import ClientCertificate
from porch.errors import BadRequest, RequestTooLarge, Timeout

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

CERTIFICATE = "porch.certificate"
_BODY_IDLE_SECONDS = 30.0
_MAX_QUERY_FIELDS = 100
_BOOLEANS = dict.fromkeys(("1", "t", "T", "TRUE", "true", "True"), True) | dict.fromkeys(
    ("0", "f", "F", "FALSE", "false", "False"), False
)


class Disconnected(Exception):
    """The client went away before its request was complete; nobody is left to answer."""


class Request:
    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.method: str = scope["method"]
        self.raw_headers: list[tuple[bytes, bytes]] = scope["headers"]
        self.unread = False
        """Whether a body was asked for and has not arrived: what is left of it stands before the next request."""
        self._scope = scope
        self._receive = receive

    @cached_property
    def headers(self) -> Mapping[str, str]:
        """Names are lower case; of repeated headers the last counts."""
        return {name.decode("latin-1"): value.decode("latin-1") for name, value in self.raw_headers}

    @property
    def by_websocket(self) -> bool:
        return bool(self._scope["type"] == "websocket")

    @property
    def certificate(self) -> ClientCertificate | None:
        extensions: Mapping[str, Any] = self._scope.get("extensions") or {}
        return extensions.get(CERTIFICATE)

    @cached_property
    def path(self) -> str:
        """The path as sent, for documents and logs; percent escapes stay."""
        raw: bytes = self._scope.get("raw_path") or self._scope["path"].encode()
        return raw.partition(b"?")[0].decode("latin-1")

    @cached_property
    def segments(self) -> tuple[str, ...]:
        """The pieces of the path, each unescaped on its own, so that an escaped slash stays inside its piece."""
        try:
            return tuple(
                unquote_to_bytes(piece).decode() if "%" in piece else piece for piece in self.path.strip("/").split("/")
            )
        except UnicodeDecodeError as error:
            raise BadRequest("the path of the URL is not UTF-8") from error

    @cached_property
    def query(self) -> Mapping[str, list[str]]:
        text = self._scope["query_string"]
        if not text:
            return {}
        try:
            return parse_qs(
                text.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MAX_QUERY_FIELDS
            )
        except ValueError as error:
            raise BadRequest(f"the query of the URL cannot be read: {error}") from error

    def parameter(self, name: str) -> str:
        """The first value of a query parameter, empty when absent."""
        values = self.query.get(name)
        return values[0] if values else ""

    def flag(self, name: str) -> bool:
        """A boolean query parameter. `?watch` alone is true, as for Kubernetes."""
        values = self.query.get(name)
        return values is not None and (not values[0] or _BOOLEANS.get(values[0], True))

    async def body(self, limit: int) -> bytes:
        """The whole body. Raises RequestTooLarge as soon as it is known to exceed `limit` bytes, and Timeout when
        nothing more comes: a slow client may take its time as long as it goes on.
        """
        self.unread = True
        length = self.headers.get("content-length", "")
        if length.isdigit() and int(length) > limit:
            raise _too_large(limit)
        body = await self._read(limit)
        self.unread = False
        return body

    async def _read(self, limit: int) -> bytes:
        body = io.BytesIO()  # it gives away its bytes without a copy
        while True:
            message = await self._next_piece()
            if message["type"] == "http.disconnect":
                raise Disconnected
            body.write(message.get("body", b""))
            if body.tell() > limit:
                raise _too_large(limit)
            if not message.get("more_body", False):
                return body.getvalue()

    async def _next_piece(self) -> MutableMapping[str, Any]:
        try:
            async with asyncio.timeout(_BODY_IDLE_SECONDS):
                return await self._receive()
        except TimeoutError as error:
            text = f"Timeout: the body of the request stopped: nothing came for {_BODY_IDLE_SECONDS:g} s"
            raise Timeout(text) from error

    async def disconnected(self) -> None:
        """Returns when the client has gone away."""
        with contextlib.suppress(OSError):
            while (await self._receive())["type"] != "http.disconnect":
                pass


def _too_large(limit: int) -> RequestTooLarge:
    return RequestTooLarge(f"Request entity too large: limit is {limit}")
