"""The HTTPS server around an ASGI application: uvicorn, with client certificates and bounds on slow clients.

The caller binds the socket and says when to stop; signals are his. Client certificates are optional and verified in the
handshake; the subject of a verified one travels to the application in the scope.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.wsproto_impl import WSProtocol

from porch.apiserver.interface import ClientCertificate
from porch.apiserver.negotiate import JSON
from porch.apiserver.request import CERTIFICATE, Receive, Scope, Send
from porch.apiserver.status import status_json
from porch.errors import exhausted

_PATIENCE_SECONDS = 15.0
_MAX_HEAD = 64 * 1024
_KEEP_ALIVE = 90
_LAST_WORD_SECONDS = 0.1
_MAX_MESSAGE = 4096  # what clients say over a websocket is not even looked at
_UNREAD_BYTES = 64 * 1024
"""So much waits for a slow client before the server stops writing to it."""


class Application(Protocol):
    """What is served: the App, alone or beside others."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Tls:
    """PEM files: our certificate and key, and the CA whose client certificates are believed."""

    certificate: Path
    key: Path
    client_ca: Path

    def context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self.certificate, self.key)
        context.load_verify_locations(self.client_ca)
        context.verify_mode = ssl.CERT_OPTIONAL
        context.set_alpn_protocols(["http/1.1"])
        return context


async def serve(
    app: Application,
    listener: socket.socket,
    tls: Tls,
    stopping: asyncio.Event,
    *,
    grace: float,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Serves until `stopping` is set, which also ends the app's watches; requests in flight then get `grace` seconds.
    Meanwhile the app still hears those who come: it can tell them that it is not ready, and to come back later.

    `ready` is called once requests are accepted.
    """
    # What a client's leaving makes uvicorn and uvloop warn of is nobody's concern.
    for name in ("uvicorn.error", "asyncio"):
        logging.getLogger(name).setLevel(logging.ERROR)
    config = uvicorn.Config(
        app,
        http=_Protocol,
        ws=_WebSocket,
        ws_max_size=_MAX_MESSAGE,
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=_KEEP_ALIVE,
        ssl_context_factory=lambda *_: tls.context(),
    )
    server = _Server(config, ready)
    stopper = asyncio.ensure_future(server.stop_after(stopping, grace))
    try:
        await server.serve(sockets=[listener])
    finally:
        stopper.cancel()
        app.close()


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    async def stop_after(self, stopping: asyncio.Event, grace: float) -> None:
        """Only then is the port closed, and whoever is still at work is cancelled."""
        await stopping.wait()
        if in_flight := set(self.server_state.tasks):
            await asyncio.wait(in_flight, timeout=grace)
        # uvicorn waits in whole seconds by its signature only.
        self.config.timeout_graceful_shutdown = _LAST_WORD_SECONDS  # type: ignore[assignment]
        self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals belong to the caller: uvicorn would raise them again after a clean shutdown."""
        yield


class _Protocol(HttpToolsProtocol):
    """One connection: its client certificate, and bounds on a request's head and on a body that outlasts its answer."""

    _certificate: ClientCertificate | None = None
    _impatience: asyncio.TimerHandle | None = None
    _head_size = 0
    _whole = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=_UNREAD_BYTES)
        self._certificate = _subject(transport.get_extra_info("ssl_object"))
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        self._arrived()
        super().connection_lost(exc)
        # uvicorn does so only after a clean end. The timer would hold what there is of a broken connection, a third of
        # a megabyte, for as long as an idle client may stay.
        self._unset_keepalive_if_required()

    def shutdown(self) -> None:
        super().shutdown()
        if self.transport.is_closing():
            # An idle client need not be asked: it would be waited for until it says goodbye, for the whole grace.
            self.transport.abort()

    def send_400_response(self, msg: str) -> None:
        """Of whatever the parser did not like; for what it had no memory for, the client is not to blame."""
        failed = sys.exception()
        denied = exhausted(failed.__context__) if failed is not None and failed.__context__ is not None else None
        if denied is None:
            super().send_400_response(msg)
            return
        body = status_json(denied)
        head = f"Content-Type: {JSON}\r\nContent-Length: {len(body)}\r\nRetry-After: {denied.retry_after}\r\n"
        self.transport.write(f"HTTP/1.1 503 Service Unavailable\r\n{head}Connection: close\r\n\r\n".encode() + body)
        self.transport.close()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {CERTIFICATE: self._certificate}  # type: ignore[dict-item]
        self._head_size, self._whole = 0, False
        if self._impatience is None:
            self._expect()

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value))
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._arrived()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._whole = True
        self._arrived()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.cycle.response_complete and not self._whole and self._impatience is None:
            # The rest of a body that nobody wants: it may come, but not for ever.
            self._expect()

    def _count(self, size: int) -> None:
        self._head_size += size
        if self._head_size > _MAX_HEAD:
            # The parser turns this into a 400 and closes the connection.
            raise ValueError(f"the head of the request exceeds {_MAX_HEAD} bytes")

    def _expect(self) -> None:
        self._impatience = self.loop.call_later(_PATIENCE_SECONDS, self.transport.close)

    def _arrived(self) -> None:
        if self._impatience is not None:
            self._impatience.cancel()
            self._impatience = None


class _WebSocket(WSProtocol):
    """A connection that was upgraded: its client certificate travels on."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        certificate, app = _subject(transport.get_extra_info("ssl_object")), self.app

        async def certified(scope: Any, receive: Any, send: Any) -> None:
            extensions = {**(scope.get("extensions") or {}), CERTIFICATE: certificate}
            scope["extensions"] = extensions
            await app(scope, receive, send)

        self.app = certified


def _subject(ssl_object: Any) -> ClientCertificate | None:
    """The subject of the peer's verified certificate."""
    certificate = ssl_object.getpeercert() if ssl_object else None
    if not certificate:
        return None
    names = [pair for part in certificate.get("subject", ()) for pair in part]
    common_name = next((value for key, value in names if key == "commonName"), "")
    organizations = tuple(value for key, value in names if key == "organizationName")
    return ClientCertificate(common_name, organizations)
