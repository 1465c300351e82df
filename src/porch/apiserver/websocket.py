"""Watches over websocket, for browsers: the same requests and answers as over HTTP, spoken through a socket.

A browser cannot set headers, so its token comes as a sub-protocol; the one that stands beside it is echoed. It sends
client certificates by itself, to whatever page asks: one from another origin is not believed to be the user. Events are
text messages, one each. An error is an HTTP answer instead of a socket. What clients send is ignored.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import MutableMapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from porch.apiserver.request import CERTIFICATE, Disconnected, Receive, Scope, Send

_TOKEN = "base64url.bearer.authorization.k8s.io."  # noqa: S105 - the prefix, no token


def as_http(scope: Scope, receive: Receive, send: Send) -> tuple[Scope, Receive, Send]:
    """The same for a handler that knows HTTP only. Its answer with code 200 must be a watch."""
    offered: Sequence[str] = scope.get("subprotocols") or ()
    others = [name for name in offered if not name.startswith(_TOKEN)]
    extensions = dict(scope.get("extensions") or {})
    if _is_foreign(scope):
        extensions.pop(CERTIFICATE, None)
    headers = [*scope["headers"], *_authorization(scope, offered)]
    asked = {**scope, "method": "GET", "headers": headers, "extensions": extensions}
    return asked, _receiver(receive), _Sender(send, others[0] if len(others) == 1 else None).send


def _authorization(scope: Scope, offered: Sequence[str]) -> list[tuple[bytes, bytes]]:
    if any(name == b"authorization" for name, _ in scope["headers"]):
        return []
    for name in offered:
        if name.startswith(_TOKEN):
            return [(b"authorization", b"Bearer " + _decoded(name.removeprefix(_TOKEN)))]
    return []


def _decoded(text: str) -> bytes:
    """What cannot be decoded is nobody's token."""
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b"-"


def _is_foreign(scope: Scope) -> bool:
    headers = dict(scope["headers"])
    origin = headers.get(b"origin")
    if origin is None:
        return False
    try:
        return bool(urlsplit(origin.decode("latin-1")).netloc.encode("latin-1") != headers.get(b"host", b""))
    except ValueError:
        return True


def _receiver(receive: Receive) -> Receive:
    async def received() -> MutableMapping[str, Any]:
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect":
                return {"type": "http.disconnect"}

    return received


class _Sender:
    def __init__(self, send: Send, subprotocol: str | None) -> None:
        self._send, self._subprotocol = send, subprotocol
        self._accepted = False
        self._begun: list[bytes] = []

    async def send(self, message: MutableMapping[str, Any]) -> None:
        """Raises Disconnected once the client has left: over HTTP nobody would notice, a socket says so."""
        try:
            await self._translate(message)
        except OSError as error:
            raise Disconnected from error
        except RuntimeError as error:
            # uvicorn takes no more when the client left before the socket was accepted.
            if not self._accepted:
                raise
            raise Disconnected from error

    async def _translate(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start" and message["status"] == 200:
            self._accepted = True
            headers = [(name, value) for name, value in message["headers"] if name in {b"audit-id", b"warning"}]
            await self._send({"type": "websocket.accept", "subprotocol": self._subprotocol, "headers": headers})
        elif not self._accepted:
            await self._send({**message, "type": message["type"].replace("http", "websocket.http", 1)})
        else:
            await self._tell(message.get("body", b""), more=message.get("more_body", False))

    async def _tell(self, lines: bytes, *, more: bool) -> None:
        """A long line comes in pieces."""
        *whole, rest = lines.split(b"\n")
        for end in whole:
            line, self._begun = b"".join((*self._begun, end)), []
            await self._send({"type": "websocket.send", "text": line.decode()})
        self._begun.append(rest)
        if not more:
            await self._send({"type": "websocket.close", "code": 1000})
