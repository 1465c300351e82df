"""The Repository controller: decides when a Repository is synchronised, and writes down how it went.

A client of the API like any other: it reads Repositories through their storage, hears of changes through the feed, and
writes conditions to the status. The work itself is the cache's. Each Repository has a task of its own that asks its
remote, works when there is something to do (see pools), then sleeps until it is due or poked; timers live here, not in
the status. A start waits for no remote, and what was in order before it is looked at over a few seconds, not at once.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import TypeVar

import structlog

from porch.cache import SYSTEM, Cache, CachedRepository
from porch.controllers import status
from porch.controllers.pools import Pools
from porch.controllers.recorder import NORMAL, WARNING, EventRecorder, reference
from porch.errors import NotFound, PorchError, ServiceUnavailable
from porch.keys import REPOSITORIES, RepositoryKey
from porch.objects import Call, ChangeFeed, ListOptions, ResourceStorage
from porch.observe.faults import reach
from porch.store import Change
from porch.types.repository import FINALIZER, REPOSITORY, Repository

_log = structlog.get_logger("porch.controllers")
_RETRY_SECONDS = 30.0
_RETRY_MOST_SECONDS = 300.0
_SETTLE_SECONDS = 10.0
_RELIST_SECONDS = 1.0
_SPREAD_SECONDS = 5.0
T = TypeVar("T")


class RepositoryController:
    def __init__(
        self,
        cache: Cache,
        repositories: ResourceStorage,
        feed: ChangeFeed,
        recorder: EventRecorder,
        *,
        interval: float,
        public_url: str = "",
    ) -> None:
        """`interval` is in seconds, between synchronisations of one Repository."""
        self._cache, self._repositories, self._feed = cache, repositories, feed
        self._recorder = recorder
        self._interval, self._public_url = interval, public_url
        self._pools = Pools()
        self._pokes: dict[RepositoryKey, asyncio.Event] = {}
        self._generations: dict[RepositoryKey, int] = {}
        self._answered: set[RepositoryKey] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Works until cancelled."""
        self._spawn(self._settle())
        try:
            while True:
                try:
                    await self._follow()
                except PorchError as error:
                    _log.warning("listing Repositories again", reason=error.message)
                    await asyncio.sleep(_RELIST_SECONDS)
        finally:
            for task in self._tasks:
                task.cancel()
            self._pools.close()

    async def _follow(self) -> None:
        """Has every Repository worked on, then those that change. Raises Expired when changes were compacted away."""
        resource, seen = str(self._repositories.kind.resource), self._feed.version()
        listed = await self._pools.work(lambda: self._repositories.list(Call(SYSTEM), ListOptions()))
        for item in listed.page.items:
            obj: Repository = self._repositories.kind.decode(item.version, item.tail)
            self._poke(RepositoryKey(item.key.namespace, item.key.name), in_order=status.in_order(obj))
        while True:
            await self._feed.wait(resource, seen, 60.0)
            for change in self._feed.changes(resource, seen, 1000):
                seen = change.current.version
                self._note(change)

    def _note(self, change: Change) -> None:
        """A status is our own writing; the generation tells it from a change that needs work."""
        current = change.current
        obj: Repository = self._repositories.kind.decode(current.version, current.tail)
        key = RepositoryKey(current.key.namespace, current.key.name)
        if current.deleted or self._generations.get(key) != obj.metadata.generation:
            self._poke(key)

    def _poke(self, key: RepositoryKey, *, in_order: bool = False) -> None:
        """Has the Repository worked on now, or once more when it is being worked on; soon, if it was in order."""
        if key in self._pokes:
            self._pokes[key].set()
            return
        self._pokes[key] = asyncio.Event()
        if in_order:
            self._answered.add(key)
        spread = random.uniform(0, min(_SPREAD_SECONDS, self._interval)) if in_order else 0  # noqa: S311 - no secret
        self._spawn(self._keep(key, spread))

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _settle(self) -> None:
        while True:
            try:
                await self._pools.settle(self._cache.settle)
            except PorchError as error:
                _log.warning("intents could not be settled", reason=error.message)
            await asyncio.sleep(_SETTLE_SECONDS)

    async def _keep(self, key: RepositoryKey, pause: float) -> None:
        """The life of one Repository here. It begins after a pause."""
        poke, failures = self._pokes[key], 0
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await poke.wait()
            poke.clear()
            error = await self._pass(key)
            if isinstance(error, NotFound) and not poke.is_set():
                del self._pokes[key]
                self._generations.pop(key, None)
                self._answered.discard(key)
                return
            failures = failures + 1 if error else 0
            pause = self._pause(error, failures)

    async def _pass(self, key: RepositoryKey) -> PorchError | None:
        """Begins, asks the remote, works. Returns what went wrong; NotFound when the Repository is gone."""
        opened = await self._pools.work(lambda: self._guarded(key, lambda: self._begin(key)))
        if isinstance(opened, PorchError):
            return opened
        fetch: bool | PorchError = True
        if not opened.facts.hosted:
            doubtful = key not in self._answered
            fetch = await self._pools.ask(lambda: self._guarded(key, opened.has_news), doubtful=doubtful)
        error: PorchError | None
        if isinstance(fetch, PorchError):
            error = fetch
        else:
            error = await self._pools.work(lambda: self._guarded(key, lambda: self._synchronise(key, opened, fetch)))
        (self._answered.discard if error else self._answered.add)(key)
        # Only its object tells whether a Repository is gone.
        return PorchError(error.message) if isinstance(error, NotFound) else error

    def _pause(self, error: PorchError | None, failures: int) -> float:
        """A remote that does not answer is asked again soon, then ever later; jitter keeps many apart."""
        if error is None:
            pause = self._interval
        elif isinstance(error, ServiceUnavailable):
            pause = min(_RETRY_SECONDS * 2 ** (failures - 1), _RETRY_MOST_SECONDS)
        else:
            pause = _RETRY_MOST_SECONDS
        return min(pause, max(self._interval, _RETRY_SECONDS)) * random.uniform(0.9, 1.1)  # noqa: S311 - no secret

    def _guarded(self, key: RepositoryKey, work: Callable[[], T]) -> T | PorchError:
        """What `work` returns, or the error that it raised, which the status tells, too."""
        try:
            return work()
        except NotFound as error:
            return error
        except PorchError as error:
            self._report(key, error.message)
            return error
        except Exception:  # noqa: BLE001 - one broken Repository must not end the care for it, or for others
            _log.exception("an error of ours while working on a Repository", repository=str(key))
            return PorchError()

    def _report(self, key: RepositoryKey, message: str) -> None:
        """In an Event first: whoever has seen the condition finds out more there."""
        try:
            self._recorder.record(
                reference(REPOSITORY, self._cache.repository_object(key)), WARNING, "SyncFailed", message
            )
            self._write(key, lambda current: status.failed(current, message))
        except PorchError as error:
            why = {"error": message, "unwritten": error.message}
            _log.warning("the Repository could not be worked on", repository=str(key), **why)

    def _begin(self, key: RepositoryKey) -> CachedRepository:
        """Opens it. Raises NotFound when it is gone, or goes now."""
        try:
            obj = self._cache.repository_object(key)
        except NotFound:
            self._cache.close_repository(key)
            raise
        self._generations[key] = obj.metadata.generation
        if obj.metadata.deletion_timestamp:
            self._release(key, obj.metadata.uid)
            raise NotFound.of(REPOSITORIES.group, REPOSITORIES.resource, key.name)
        self._claim(key, obj)
        if not obj.status.conditions:
            self._write(key, status.reconciling)
        return self._cache.open_repository(key)

    def _claim(self, key: RepositoryKey, obj: Repository) -> None:
        if FINALIZER in obj.metadata.finalizers:
            return

        def claim(current: Repository) -> Repository:
            if FINALIZER not in current.metadata.finalizers:
                current.metadata.finalizers = [*current.metadata.finalizers, FINALIZER]
            return current

        self._repositories.update(Call(SYSTEM), key.namespace, key.name, claim)
        reach("repository-claimed")

    def _release(self, key: RepositoryKey, uid: str) -> None:
        """The Repository is being deleted: its revisions leave the index, then its finalizer goes."""
        self._cache.close_repository(key, uid)
        reach("repository-forgotten")

        def release(current: Repository) -> Repository:
            current.metadata.finalizers = [name for name in current.metadata.finalizers if name != FINALIZER]
            return current

        self._repositories.update(Call(SYSTEM), key.namespace, key.name, release)

    def _synchronise(self, key: RepositoryKey, opened: CachedRepository, fetch: bool) -> None:
        result = opened.synchronise(fetch=fetch)
        self._cache.settle(key)
        obj = self._cache.repository_object(key)
        for warning in result.warnings:
            _log.warning("a ref was skipped", repository=str(key), reason=warning)
        clone_url = status.clone_url(self._public_url, opened.facts)
        if status.has_failed(obj):
            text = f"synchronised again, package revisions found: {result.revisions}"
            self._recorder.record(reference(REPOSITORY, obj), NORMAL, "SyncRecovered", text)
        self._write(key, lambda current: status.synchronised(current, result, self._interval, clone_url))

    def _write(self, key: RepositoryKey, change: Callable[[Repository], Repository]) -> None:
        self._repositories.update(Call(SYSTEM), key.namespace, key.name, change, "status")
