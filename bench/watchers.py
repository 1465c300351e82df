"""A thousand watches in one process that does nothing but count: asyncio protocols on TLS connections, no parsing."""

from __future__ import annotations

import asyncio
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from bench.server import Endpoint, endpoint

_EVENT = b'{"type":"MODIFIED"'
_AT_ONCE = 40
_PATIENCE = 120.0


class _Watch(asyncio.Protocol):
    """Counts events; tells `news` when some came."""

    def __init__(self, request: bytes, news: Callable[[], None]) -> None:
        self._request, self._news = request, news
        self._tail = b""
        self.transport: asyncio.Transport | None = None
        self.events = 0
        self.last = 0.0
        self.begun: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but its bases
        self.transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if not self.begun.done():
            assert data.startswith(b"HTTP/1.1 200"), data[:500]
            self.begun.set_result(None)
        found = (self._tail + data).count(_EVENT)
        self._tail = data[-len(_EVENT) + 1 :]
        if found:
            self.events += found
            self.last = time.perf_counter()
            self._news()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        if not self.begun.done():
            self.begun.set_exception(exc or ConnectionError("the watch was not answered"))


@dataclass
class Crowd:
    """Many watches of one server on one path."""

    kubeconfig: Path
    path: str
    watches: list[_Watch] = field(default_factory=list)

    def __post_init__(self) -> None:
        allow_many_files()
        self._endpoint: Endpoint = endpoint(self.kubeconfig)
        self._news = asyncio.Event()

    async def gather(self, count: int) -> None:
        """Connects `count` more."""
        places = asyncio.Semaphore(_AT_ONCE)

        async def one() -> _Watch:
            async with places:
                return await self._open()

        self.watches += await asyncio.gather(*(one() for _ in range(count)))

    async def _open(self) -> _Watch:
        where = self._endpoint
        request = f"GET {self.path} HTTP/1.1\r\nHost: {where.host}\r\nAccept: application/json\r\n\r\n".encode()
        loop = asyncio.get_running_loop()
        _, watch = await loop.create_connection(
            lambda: _Watch(request, self._news.set), where.host, where.port, ssl=where.tls, ssl_handshake_timeout=60
        )
        await watch.begun
        return watch

    async def until_each_has(self, events: int) -> float:
        """Waits until each watch has seen so many events in all; when the last one had. Raises TimeoutError."""
        async with asyncio.timeout(_PATIENCE):
            while any(watch.events < events for watch in self.watches):
                self._news.clear()
                await self._news.wait()
        return max(watch.last for watch in self.watches)

    async def drop(self) -> None:
        """Without a word, as clients do that are killed."""
        for watch in self.watches:
            if watch.transport is not None:
                watch.transport.abort()
        self.watches.clear()
        await asyncio.sleep(0)


def allow_many_files() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
