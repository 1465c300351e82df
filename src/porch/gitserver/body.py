"""A request's body, wholly received into a nameless temporary file before git or a lock is touched.

So a slow client holds nothing but its own file, a client that goes away leaves nothing, and git reads at disk speed.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from typing import Any, BinaryIO

from porch.errors import BadRequest, RequestTooLarge, Timeout, UnsupportedMediaType

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
_GZIP = 31
_STEP = 1024 * 1024


class Disconnected(Exception):
    """The client went away; there is nobody to answer."""


async def receive_all(
    receive: Receive,
    headers: Mapping[bytes, bytes],
    into: BinaryIO,
    *,
    limit: int,
    idle_seconds: float,
    write: Callable[[Callable[[bytes], object], bytes], Awaitable[object]],
) -> None:
    """Unpacks the body into `into` and rewinds it. `write(function, chunk)` runs on a thread.

    Raises RequestTooLarge above `limit` bytes, before or after unpacking; UnsupportedMediaType; Timeout; Disconnected.
    """
    too_large = RequestTooLarge(f"the request is larger than {limit} bytes")
    declared = headers.get(b"content-length", b"")
    if declared.isdigit() and int(declared) > limit:
        raise too_large
    sink = _sink(headers.get(b"content-encoding", b"identity").lower(), into, limit)
    received = 0
    async for chunk in _chunks(receive, idle_seconds):
        received += len(chunk)
        if received > limit:
            raise too_large
        await write(sink, chunk)
    into.seek(0)


async def _chunks(receive: Receive, idle_seconds: float) -> AsyncIterator[bytes]:
    more = True
    while more:
        try:
            message = await asyncio.wait_for(receive(), idle_seconds)
        except TimeoutError as error:
            raise Timeout(f"the client sent nothing for {idle_seconds:g} s") from error
        if message["type"] != "http.request":
            raise Disconnected
        more = message.get("more_body", False)
        if chunk := message.get("body", b""):
            yield chunk


def _sink(encoding: bytes, into: BinaryIO, limit: int) -> Callable[[bytes], object]:
    if encoding in {b"identity", b""}:
        return into.write
    if encoding in {b"gzip", b"x-gzip"}:
        return _Gunzip(into, limit)
    raise UnsupportedMediaType("the body may be plain or gzip")


class _Gunzip:
    """Unpacks step by step, so that a small body cannot become a big one in memory."""

    def __init__(self, into: BinaryIO, limit: int) -> None:
        self._into = into
        self._left = limit
        self._unpack = zlib.decompressobj(_GZIP)

    def __call__(self, chunk: bytes) -> None:
        while chunk and not self._unpack.eof:
            try:
                data = self._unpack.decompress(chunk, _STEP)
            except zlib.error as error:
                raise BadRequest("the body is not gzip, as its Content-Encoding says") from error
            self._left -= len(data)
            if self._left < 0:
                raise RequestTooLarge("the request is too large once it is unpacked")
            self._into.write(data)
            chunk = self._unpack.unconsumed_tail
