"""One HTTP response of the git server: a whole body, a stream, or an error as a line that git shows to its user."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, MutableMapping
from contextlib import aclosing
from typing import Any

from porch.errors import PorchError, Unauthorized

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
_NO_CACHE = (b"cache-control", b"no-cache, max-age=0, must-revalidate")


class Answer:
    """Sends one response: once it has begun, a failure can only cut it off."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._begun = False

    async def whole(self, content_type: bytes, body: bytes) -> None:
        await self._begin(200, [(b"content-type", content_type), _NO_CACHE, _length(body)])
        await self._send({"type": "http.response.body", "body": body})

    async def stream(self, content_type: bytes, chunks: AsyncGenerator[bytes, None]) -> None:
        async with aclosing(chunks):
            async for chunk in chunks:
                if not self._begun:
                    await self._begin(200, [(b"content-type", content_type), _NO_CACHE])
                await self._send({"type": "http.response.body", "body": chunk, "more_body": True})
        await self._send({"type": "http.response.body"})

    async def fail(self, error: PorchError) -> None:
        if self._begun:
            return
        body = f"{error.message}\n".encode()
        headers = [(b"content-type", b"text/plain; charset=utf-8"), _length(body)]
        if isinstance(error, Unauthorized):
            headers.append((b"www-authenticate", b'Basic realm="porch"'))
        if error.retry_after is not None:
            headers.append((b"retry-after", str(error.retry_after).encode()))
        await self._begin(error.code, headers)
        await self._send({"type": "http.response.body", "body": body})

    async def _begin(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        self._begun = True
        await self._send({"type": "http.response.start", "status": status, "headers": headers})


def _length(body: bytes) -> tuple[bytes, bytes]:
    return b"content-length", str(len(body)).encode()
