"""The verb watch: a cursor in the log of changes, turned into a stream of JSON lines.

A watch first sends the current objects, page by page (unless it resumes from a version), then what the ChangeFeed has
after its cursor, as long as client, deadline and server last. Nothing is queued for a slow client: it reads on from the
log at its own pace, and is told 410 when the log has been compacted past it. Watches that ask for the same and stand at
the same place are sent the same bytes, encoded once.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, replace

from porch.apiserver.events import Events
from porch.apiserver.operation import Operation
from porch.apiserver.options import WatchOptions
from porch.apiserver.read import PAGE, canonical
from porch.errors import PorchError
from porch.objects import ChangeFeed, ListOptions, ListResult
from porch.store import Change

Write = Callable[[bytes], Awaitable[None]]
BOOKMARK_SECONDS = 60.0
_TIMEOUTS = (1800.0, 3600.0)
_RECENT = 1000
_CHUNK_BYTES = 48 * 1024
"""About as much is read for a client at once, and so kept for one that does not take it."""
_KEPT_CHUNKS = 64
_KEPT_CHUNK_BYTES = 8 * 1024 * 1024
"""Of them all, but for the newest: that is kept whatever its size, because its watches come for it together."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Event lines, and the version that a watch has reached with them. `more`: there is more to read at once."""

    lines: bytes
    after: int
    more: bool


class Chunks:
    """Chunks that other watches may want too. Of one event loop."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, Chunk] = OrderedDict()
        self._bytes = 0
        self._making: dict[Hashable, asyncio.Task[Chunk]] = {}

    def get(self, key: Hashable) -> Chunk | None:
        return self._kept.get(key)

    def put(self, key: Hashable, chunk: Chunk) -> None:
        self._kept[key] = chunk
        self._bytes += len(chunk.lines)
        while len(self._kept) > 1 and (len(self._kept) > _KEPT_CHUNKS or self._bytes > _KEPT_CHUNK_BYTES):
            _, dropped = self._kept.popitem(last=False)
            self._bytes -= len(dropped.lines)

    async def made(self, key: Hashable, make: Callable[[], Chunk]) -> Chunk:
        """What is costly is made on a thread, and once for all who want it meanwhile."""
        task = self._making.get(key)
        if task is None:
            task = self._making[key] = asyncio.create_task(self._make(key, make))
        return await asyncio.shield(task)

    async def _make(self, key: Hashable, make: Callable[[], Chunk]) -> Chunk:
        try:
            chunk = await asyncio.to_thread(make)
        finally:
            del self._making[key]
        self.put(key, chunk)
        return chunk


class Watch:
    """One watch: `begin` may raise errors that are answered as such, `run` streams and tells them as events."""

    def __init__(self, operation: Operation, options: WatchOptions, feed: ChangeFeed, chunks: Chunks) -> None:
        self._operation = operation
        self._options = options
        self._selection = canonical(options.selection, operation)
        self._feed, self._chunks = feed, chunks
        self._resource = operation.target.resource.log
        self._is_cheap = operation.target.resource.cheap_reads
        self._events = Events(operation, self._selection)
        self._after = 0
        self._page: ListResult | None = None
        self._over = False
        self._waiting: asyncio.Future[None] | None = None
        self._woken = False

    def begin(self) -> None:
        """Reads the first current objects, or only has the selectors checked. Synchronous, for a worker thread."""
        storage, selected = self._operation.target.resource.storage, self._selection
        version = selected.resource_version
        if not self._options.initial:
            # Only the storage knows which fields can be selected by: a list of one makes it look.
            storage.list(self._operation.call, ListOptions(selected.namespace, selected.labels, selected.fields, 1))
            self._after = int(version or 0) or self._feed.version()
            return
        match = selected.match if version not in {"", "0"} else ""
        self._page = storage.list(
            self._operation.call,
            ListOptions(
                selected.namespace, selected.labels, selected.fields, PAGE, resource_version=version, match=match
            ),
        )
        self._after = self._page.page.version

    def end(self) -> None:
        """Has the stream end cleanly, soon. On the event loop."""
        self._over = True
        self._wake()

    async def run(self, write: Write) -> None:
        """Streams until the deadline or `end`. What goes wrong is the last event."""
        forget = self._feed.subscribe(self._resource, self._wake)
        try:
            await self._initial(write)
            await self._follow(write)
        except PorchError as error:
            await write(self._events.error(error))
        finally:
            forget()

    async def _initial(self, write: Write) -> None:
        """The current objects, as they were when the watch began."""
        while self._page is not None and not self._over:
            lines = await self._added(self._page)
            token, self._page = self._page.continue_token, None
            if token:
                rest = replace(self._selection, limit=PAGE, continue_token=token, resource_version="", match="")
                self._page = await asyncio.to_thread(
                    self._operation.target.resource.storage.list, self._operation.call, rest
                )
            elif self._options.mark_end:
                lines.append(self._events.bookmark(self._after, initial_end=True))
            if lines:
                await write(b"".join(lines))

    async def _added(self, page: ListResult) -> list[bytes]:
        def lines() -> list[bytes]:
            return [self._events.added(item) for item in page.page.items]

        return lines() if self._is_cheap else await asyncio.to_thread(lines)

    async def _follow(self, write: Write) -> None:
        deadline = time.monotonic() + (self._options.timeout or random.uniform(*_TIMEOUTS))  # noqa: S311 - no secret
        bookmark_at = time.monotonic() + BOOKMARK_SECONDS
        while not self._over:
            self._woken = False
            chunk = await self._read()
            self._after = chunk.after
            if chunk.lines:
                await write(chunk.lines)
            if chunk.more:
                await asyncio.sleep(0)
                continue
            now = time.monotonic()
            if self._options.bookmarks and now >= min(bookmark_at, deadline):
                await write(self._events.bookmark(self._after))
                bookmark_at = now + BOOKMARK_SECONDS
            if now >= deadline:
                return
            await self._wait(min(bookmark_at, deadline) - now)

    async def _read(self) -> Chunk:
        """The next changes; moves the cursor behind them, or, when there are no more, to the newest version."""
        newest = self._feed.version()
        key = (self._events.identity, self._after, newest)
        chunk = self._chunks.get(key)
        if chunk is None and not self._is_cheap:
            chunk = await self._chunks.made(key, lambda: self._chunk(self._changes(), newest))
        if chunk is not None:
            if chunk.lines:
                self._events.continued()
            return chunk
        far = newest - self._after > _RECENT
        changes = await asyncio.to_thread(self._changes) if far else self._changes()
        chunk = self._chunk(changes, newest)
        self._chunks.put(key, chunk)
        return chunk

    def _changes(self) -> Sequence[Change]:
        return self._feed.changes(self._resource, self._after, PAGE)

    def _chunk(self, changes: Sequence[Change], newest: int) -> Chunk:
        lines: list[bytes] = []
        size = 0
        for place, change in enumerate(changes, 1):
            if line := self._events.of(change):
                lines.append(line)
                size += len(line)
            if size > _CHUNK_BYTES and place < len(changes):
                return Chunk(b"".join(lines), change.current.version, more=True)
        more = len(changes) == PAGE
        after = changes[-1].current.version if more else max(self._after, newest)
        if changes:
            after = max(after, changes[-1].current.version)
        return Chunk(b"".join(lines), after, more)

    async def _wait(self, seconds: float) -> None:
        if self._woken or self._over:
            return
        loop = asyncio.get_running_loop()
        self._waiting = loop.create_future()
        timer = loop.call_later(seconds, self._wake)
        try:
            await self._waiting
        finally:
            timer.cancel()
            self._waiting = None

    def _wake(self) -> None:
        self._woken = True
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)
