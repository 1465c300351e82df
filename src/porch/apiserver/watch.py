"""The verb watch: a cursor in the log of changes, turned into a stream of JSON lines.

A watch first sends the current objects (unless it resumes from a version), then what the ChangeFeed has after its
cursor, as long as client, deadline and server last. Nothing is queued for a slow client: it reads on from the log at
its own pace, and is told 410 when the log has been compacted past it.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence

from porch.apiserver.events import Events
from porch.apiserver.operation import Operation
from porch.apiserver.options import WatchOptions
from porch.apiserver.read import canonical
from porch.apiserver.request import Send
from porch.errors import PorchError
from porch.objects import ChangeFeed, ListOptions
from porch.store import Change

BOOKMARK_SECONDS = 60.0
_TIMEOUTS = (1800.0, 3600.0)
_BATCH = 500
_RECENT = 1000


class Watch:
    """One watch: `begin` may raise errors that are answered as such, `run` streams and tells them as events."""

    def __init__(self, operation: Operation, options: WatchOptions, feed: ChangeFeed) -> None:
        self._operation = operation
        self._options = options
        self._selection = canonical(options.selection, operation)
        self._feed = feed
        self._resource = operation.target.resource.log
        self._events = Events(operation, self._selection)
        self._after = 0
        self._first: list[bytes] = []
        self._sent = 0

    def begin(self) -> None:
        """Reads the current objects, or only has the selectors checked. Synchronous, for a worker thread."""
        storage, selected = self._operation.target.resource.storage, self._selection
        version = selected.resource_version
        if not self._options.initial:
            # Only the storage knows which fields can be selected by: a list of one makes it look.
            storage.list(self._operation.call, ListOptions(selected.namespace, selected.labels, selected.fields, 1))
            self._after = int(version or 0) or self._feed.version()
            return
        match = selected.match if version not in {"", "0"} else ""
        current = ListOptions(
            selected.namespace, selected.labels, selected.fields, resource_version=version, match=match
        )
        page = storage.list(self._operation.call, current).page
        self._after = page.version
        self._first = [self._events.added(item) for item in page.items]
        if self._options.mark_end:
            self._first.append(self._events.bookmark(self._after, initial_end=True))

    async def run(self, send: Send, stopping: asyncio.Event) -> int:
        """Streams until the deadline, a stop, or until the client has gone. Returns the number of bytes sent."""
        await self._write(send, self._first)
        self._first = []
        over = asyncio.ensure_future(self._over(stopping))
        try:
            await self._follow(send, over)
        except PorchError as error:
            await self._write(send, [self._events.error(error)])
        finally:
            over.cancel()
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        return self._sent

    async def _follow(self, send: Send, over: asyncio.Future[None]) -> None:
        deadline = time.monotonic() + (self._options.timeout or random.uniform(*_TIMEOUTS))  # noqa: S311 - no secret
        bookmark_at = time.monotonic() + BOOKMARK_SECONDS
        while not over.done():
            changes = await self._read()
            await self._write(send, [line for change in changes if (line := self._events.of(change))])
            if len(changes) == _BATCH:
                await asyncio.sleep(0)
                continue
            now = time.monotonic()
            if self._options.bookmarks and now >= min(bookmark_at, deadline):
                await self._write(send, [self._events.bookmark(self._after)])
                bookmark_at = now + BOOKMARK_SECONDS
            if now >= deadline:
                return
            await self._wait(min(bookmark_at, deadline) - now, over)

    async def _read(self) -> Sequence[Change]:
        """The next changes; moves the cursor behind them, or, when there are no more, to the newest version."""
        newest = self._feed.version()
        arguments = (self._resource, self._after, _BATCH)
        if newest - self._after > _RECENT:
            changes = await asyncio.to_thread(self._feed.changes, *arguments)
        else:
            changes = self._feed.changes(*arguments)
        last = changes[-1].current.version if changes else 0
        self._after = max(self._after, last, newest if len(changes) < _BATCH else 0)
        return changes

    async def _wait(self, seconds: float, over: asyncio.Future[None]) -> None:
        changed = asyncio.ensure_future(self._feed.wait(self._resource, self._after, seconds))
        try:
            await asyncio.wait((changed, over), return_when=asyncio.FIRST_COMPLETED)
            if changed.done():
                changed.result()
        finally:
            changed.cancel()

    async def _over(self, stopping: asyncio.Event) -> None:
        """Returns when the server stops or the client has gone."""
        waits = {asyncio.ensure_future(stopping.wait()), asyncio.ensure_future(self._operation.request.disconnected())}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _write(self, send: Send, lines: Sequence[bytes]) -> None:
        """All lines in one chunk, which the server flushes."""
        if lines:
            body = b"".join(lines)
            self._sent += len(body)
            await send({"type": "http.response.body", "body": body, "more_body": True})
