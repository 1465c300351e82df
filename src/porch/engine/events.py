"""The watcher manager: recent changes in memory, and the waking of those who wait for them.

The store calls `notify` after each commit, on its writer's thread. Watches are cursors: each reads from its own place,
out of the recent changes while it keeps up and out of the store's log when it does not, so a slow one costs the others
nothing.
"""

from __future__ import annotations

import asyncio
import threading
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice

from prometheus_client import Counter

from porch.keys import ObjectKey
from porch.observe import step
from porch.store import Change, Store, StoredVersion

_KEEP_CHANGES = 2048
_KEEP_BYTES = 8 * 1024 * 1024
_SECONDS_EACH = 0.00015
"""Of a pause after waking, for each who was woken: where many watch, they get more changes at a time, not less sleep
for everybody else.
"""
_EVENTS = Counter("porch_events_total", "Changes that watchers were told of.", ["resource"])


class _Recent:
    """The newest changes of one resource. Complete for versions above `floor`."""

    def __init__(self, floor: int) -> None:
        self.floor = floor
        self.latest = floor
        self._changes: deque[Change] = deque()
        self._newest: dict[ObjectKey, StoredVersion] = {}
        self._bytes = 0

    def add(self, change: Change) -> None:
        change = self._joined(change)
        self._changes.append(change)
        self._newest[change.current.key] = change.current
        self._bytes += _size(change)
        self.latest = change.current.version
        while len(self._changes) > _KEEP_CHANGES or self._bytes > _KEEP_BYTES:
            dropped = self._changes.popleft()
            self._bytes -= _size(dropped)
            self.floor = dropped.current.version
            if self._newest[dropped.current.key] is dropped.current:
                del self._newest[dropped.current.key]

    def _joined(self, change: Change) -> Change:
        """What came before is mostly the change before of the same object: that is kept once."""
        before, known = change.previous, self._newest.get(change.current.key)
        if before is None or known is None or before.version != known.version:
            return change
        return Change(change.current, known)

    def after(self, version: int, limit: int) -> list[Change]:
        start = bisect_right(self._changes, version, key=lambda change: change.current.version)
        return list(islice(self._changes, start, start + limit))


def _size(change: Change) -> int:
    return len(change.current.tail) + (len(change.previous.tail) if change.previous else 0)


class WatcherManager:
    """Implements objects.ChangeFeed over a Store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._recent: dict[str, _Recent] = {}
        self._told = 0
        self._subscribers: dict[str, set[Callable[[], None]]] = {}
        self._pausing: set[str] = set()
        self._missed: set[str] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        store.on_commit(self.notify)
        # From here on nothing is missed: what came up to this version is in the store's log.
        with store.read() as reads:
            self._start = reads.versions.version()
        with self._lock:
            self._told = max(self._told, self._start)

    def version(self) -> int:
        """The newest version that `changes` is complete up to. A commit counts only once we were told of it, or a watch
        would move on past changes that it has not been given yet.
        """
        with self._lock:
            return self._told

    def notify(self, changes: Sequence[Change]) -> None:
        """Remembers the changes and wakes the watchers of their resources. Any thread; never blocks."""
        resources = {change.current.key.resource for change in changes}
        with step("engine.notify"), self._lock:
            for change in changes:
                resource = change.current.key.resource
                recent = self._recent.get(resource)
                if recent is None:
                    recent = self._recent[resource] = _Recent(change.current.version - 1)
                recent.add(change)
                self._told = max(self._told, change.current.version)
                _EVENTS.labels(resource).inc()
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake, resources)

    def changes(self, resource: str, after: int, limit: int) -> Sequence[Change]:
        with self._lock:
            recent = self._recent.get(resource)
            if recent is None and after >= self._start:
                return []
            if recent is not None and after >= recent.floor:
                return recent.after(after, limit)
        with self._store.read() as reads:
            return reads.versions.changes(resource, after, limit)

    async def wait(self, resource: str, after: int, seconds: float) -> bool:
        woken = asyncio.Event()
        forget = self.subscribe(resource, woken.set)
        try:
            if self._is_beyond(resource, after):
                return True
            async with asyncio.timeout(seconds):  # wait_for would forget a cancel that comes with the change
                await woken.wait()
        except TimeoutError:
            return False
        finally:
            forget()
        return True

    def subscribe(self, resource: str, wake: Callable[[], None]) -> Callable[[], None]:
        self._loop = asyncio.get_running_loop()
        subscribers = self._subscribers.setdefault(resource, set())
        subscribers.add(wake)
        return partial(subscribers.discard, wake)

    def _is_beyond(self, resource: str, after: int) -> bool:
        with self._lock:
            recent = self._recent.get(resource)
            return recent is not None and recent.latest > after

    def _wake(self, resources: set[str]) -> None:
        """On the event loop."""
        for resource in resources:
            if resource in self._pausing:
                self._missed.add(resource)
            else:
                self._call(resource)

    def _call(self, resource: str) -> None:
        subscribers = tuple(self._subscribers.get(resource, ()))
        for wake in subscribers:
            wake()
        if subscribers and self._loop is not None:
            self._pausing.add(resource)
            self._loop.call_later(len(subscribers) * _SECONDS_EACH, self._go_on, resource)

    def _go_on(self, resource: str) -> None:
        self._pausing.discard(resource)
        if resource in self._missed:
            self._missed.discard(resource)
            self._call(resource)
