"""The Repository controller: decides when a Repository is synchronised, and writes down how it went.

A client of the API like any other: it reads Repositories through their storage, hears of changes through the feed, and
writes conditions to the status. The work itself is the cache's. Each Repository has a task of its own that asks its
remote, works when there is something to do (see pools), then sleeps until it is due (see timetable) or poked: by a
change of the Repository or of its secret, or by a webhook. Timers live here, not in the status. A start waits for no
remote, and what was in order before it is looked at over a few seconds, not at once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar

import structlog
from prometheus_client import Counter, Histogram

from porch.cache import CONFIRM_ANNOTATION, SYSTEM, Cache, CachedRepository, SyncResult
from porch.controllers import status
from porch.controllers.follow import again_and_again, follow
from porch.controllers.pools import Pools
from porch.controllers.recorder import NORMAL, WARNING, EventRecorder, reference
from porch.controllers.timetable import Timetable, share
from porch.errors import NotFound, PorchError, ServiceUnavailable, exhausted
from porch.keys import REPOSITORIES, RepositoryKey
from porch.objects import Call, ChangeFeed, ListOptions, ResourceStorage
from porch.observe.faults import reach
from porch.store import Change
from porch.types.core import SECRET
from porch.types.repository import FINALIZER, REPOSITORY, Repository

_log = structlog.get_logger("porch.controllers")
_SETTLE_SECONDS = 10.0
_SPREAD_SECONDS = 5.0
_HEALTH_SECONDS = 300.0
"""A remote that is not due for longer is asked whether it is there, and a clock that was set is noticed."""
T = TypeVar("T")
_SYNCS = Counter("porch_synchronisations_total", "Looks at Repositories, by how they ended.", ["outcome"])
_SECONDS = Histogram("porch_synchronisation_seconds", "Time of one look at a Repository, with waiting for its turn.")


@dataclass(slots=True)
class _Care:
    """What is known of one Repository here. `due` is when it is synchronised next, `seen` which state of its object was
    worked on, `secrets` the names of those that its credentials depend on. `answered`: its remote did last time.
    """

    due: datetime
    poke: asyncio.Event = field(default_factory=asyncio.Event)
    obj: Repository | None = None
    seen: tuple[int, str] | None = None
    secrets: frozenset[str] = frozenset()
    answered: bool = False
    failures: int = 0


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
        health: float = _HEALTH_SECONDS,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`interval` is in seconds, between synchronisations of a Repository that has no schedule; so is `health`,
        after which a remote is asked at the latest whether it is there.
        """
        self._cache, self._repositories, self._feed = cache, repositories, feed
        self._recorder, self._clock, self._health = recorder, clock, health
        self._timetable, self._public_url = Timetable(interval), public_url
        self._pools = Pools()
        self._cared: dict[RepositoryKey, _Care] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Works until cancelled."""
        loop = asyncio.get_running_loop()
        self._cache.on_doubt = lambda key: _call(loop, lambda: self.poke(key))
        self._spawn(self._settle())
        try:
            await again_and_again(self._follow, "listing Repositories again")
        finally:
            for task in self._tasks:
                task.cancel()
            self._pools.close()

    def poke(self, key: RepositoryKey) -> None:
        """Has a Repository synchronised now, or once more when that is under way: however often it is called meanwhile.
        On the controller's event loop. One that is not known here is not there, or heard of by the feed.
        """
        if key in self._cared:
            self._cared[key].poke.set()

    async def _follow(self) -> None:
        """Has every Repository worked on, then those that change. Raises Expired when changes were compacted away."""
        seen = self._feed.version()
        listed = await self._pools.work(lambda: self._repositories.list(Call(SYSTEM), ListOptions()))
        for item in listed.page.items:
            obj: Repository = self._repositories.kind.decode(item.version, item.tail)
            self._care_for(RepositoryKey(item.key.namespace, item.key.name), obj)
        async with asyncio.TaskGroup() as group:
            group.create_task(follow(self._feed, str(REPOSITORIES), seen, self._note))
            group.create_task(follow(self._feed, str(SECRET.resource), seen, self._note_secret))

    def _note(self, change: Change) -> None:
        """A status is our own writing; the generation tells it from a change that needs work, or a new confirmation."""
        current = change.current
        obj: Repository = self._repositories.kind.decode(current.version, current.tail)
        key = RepositoryKey(current.key.namespace, current.key.name)
        care = self._cared.get(key)
        seen = care.seen if care is not None else None
        generation, confirmed = _state(obj)
        if seen is None or current.deleted or seen[0] != generation or (confirmed and confirmed != seen[1]):
            self._care_for(key)

    def _note_secret(self, change: Change) -> None:
        """Credentials that were rotated, or made at last, are tried at once."""
        namespace, name = change.current.key.namespace, change.current.key.name
        for key, care in self._cared.items():
            if key.namespace == namespace and name in care.secrets:
                care.poke.set()

    def _care_for(self, key: RepositoryKey, listed: Repository | None = None) -> None:
        """Has the Repository worked on now, or once more when it is being worked on; soon, if it was in order."""
        if key in self._cared:
            self._cared[key].poke.set()
            return
        care = self._cared[key] = _Care(self._clock())
        spread = 0.0
        if listed is not None and status.in_order(listed):
            care.answered = True
            spread = share(listed.metadata.uid) * min(_SPREAD_SECONDS, self._timetable.interval)
        self._spawn(self._keep(key, care, spread))

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

    async def _keep(self, key: RepositoryKey, care: _Care, spread: float) -> None:
        """The life of one Repository here. It begins after a pause."""
        pause = spread
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await care.poke.wait()
            if care.poke.is_set() or self._clock() >= care.due:
                care.poke.clear()
                error = await self._pass(key, care)
            else:
                error = await self._ask_after(key, care)
            if isinstance(error, NotFound) and not care.poke.is_set():
                del self._cared[key]
                return
            if error is not None:
                care.failures += 1
                care.due = self._timetable.retry(care.obj, self._clock(), care.failures, error)
            pause = min(max((care.due - self._clock()).total_seconds(), 0.0), self._health)

    async def _pass(self, key: RepositoryKey, care: _Care) -> PorchError | None:
        """Begins, asks the remote, fetches, works. Returns what went wrong; NotFound when the Repository is gone."""
        started = time.monotonic()
        opened = await self._pools.work(lambda: self._guarded(key, lambda: self._begin(key, care)))
        if isinstance(opened, PorchError):
            return opened
        error = await self._fetch(key, care, opened)
        if error is None:
            done = await self._pools.work(lambda: self._guarded(key, lambda: self._index(key, care, opened)))
            error = done if isinstance(done, PorchError) else None
        care.answered = error is None
        _SECONDS.observe(time.monotonic() - started)
        if error is None:
            care.failures = 0
            return None
        _SYNCS.labels("failed").inc()
        # Only its object tells whether a Repository is gone.
        return PorchError(error.message) if isinstance(error, NotFound) else error

    async def _fetch(self, key: RepositoryKey, care: _Care, opened: CachedRepository) -> PorchError | None:
        """Brings the local copy up to date, if the remote has anything new, and whole, if that is in doubt."""
        doubtful = not care.answered
        if opened.is_doubted:
            mended = await self._pools.fetch(lambda: self._guarded(key, opened.mend), doubtful=doubtful)
            if isinstance(mended, PorchError):
                return mended
        if opened.facts.hosted:
            fetched = await self._pools.work(lambda: self._guarded(key, opened.fetch))
            return fetched if isinstance(fetched, PorchError) else None
        news = await self._pools.ask(lambda: self._guarded(key, opened.has_news), doubtful=doubtful)
        if isinstance(news, PorchError):
            return news
        if news:
            fetched = await self._pools.fetch(lambda: self._guarded(key, opened.fetch), doubtful=doubtful)
            if isinstance(fetched, ServiceUnavailable):
                opened.doubt()  # it has answered a moment ago: perhaps it is our copy that git chokes on
            return fetched if isinstance(fetched, PorchError) else None
        return None

    async def _ask_after(self, key: RepositoryKey, care: _Care) -> PorchError | None:
        """Whether a remote that is not due for long is there and still lets us in. What it has is for later."""
        if care.failures:
            return None
        opened = await self._pools.work(lambda: self._guarded(key, lambda: self._cache.open_repository(key)))
        if isinstance(opened, PorchError) or opened.facts.hosted:
            return None
        wrong = await self._pools.ask(lambda: self._guarded(key, opened.check), doubtful=not care.answered)
        return wrong if isinstance(wrong, PorchError) else None

    def _guarded(self, key: RepositoryKey, work: Callable[[], T]) -> T | PorchError:
        """What `work` returns, or the error that it raised, which the status tells, too."""
        try:
            return work()
        except NotFound as error:
            return error
        except PorchError as error:
            self._report(key, error.message)
            return error
        except Exception as error:  # noqa: BLE001 - one broken Repository must not end the care for it, or for others
            if (lacking := exhausted(error)) is not None:
                self._report(key, lacking.message)
                return lacking
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

    def _begin(self, key: RepositoryKey, care: _Care) -> CachedRepository:
        """Opens it. Raises NotFound when it is gone, or goes now."""
        try:
            obj = self._cache.repository_object(key)
        except NotFound:
            self._cache.close_repository(key)
            raise
        first, care.obj, care.seen = care.obj is None, obj, _state(obj)
        secret = obj.spec.git.secret_ref.name if obj.spec.git and obj.spec.git.secret_ref else ""
        care.secrets = frozenset((secret, f"{key.namespace}-ca-bundle"))
        if obj.metadata.deletion_timestamp:
            self._release(key, obj.metadata.uid)
            raise NotFound.of(REPOSITORIES.group, REPOSITORIES.resource, key.name)
        self._claim(key, obj)
        if not obj.status.conditions:
            self._write(key, status.reconciling)
        opened = self._cache.open_repository(key)
        if first and status.told_of(obj, status.DAMAGED):
            opened.doubt()  # only the server before this one knows what is wrong
        return opened

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

    def _index(self, key: RepositoryKey, care: _Care, opened: CachedRepository) -> None:
        assert care.obj is not None, "it was begun with"
        generation, confirmed = _state(care.obj)
        result = opened.index(confirmed)
        self._cache.settle(key)
        for warning in result.warnings:
            _log.warning("a ref was skipped", repository=str(key), reason=warning)
        self._tell(key, care.obj, result, opened.damage)
        reach("repository-synchronised")
        once = care.obj.spec.sync.run_once_at if care.obj.spec.sync else None
        once = once if self._is_over(once) else None
        if once or (confirmed and result.held is None):
            generation = self._clear(key, care, once, "" if result.held else confirmed)
        care.due = self._timetable.next(care.obj, self._clock())
        report = status.Report(
            result=result,
            generation=generation,
            due=care.due,
            clone_url=status.clone_url(self._public_url, opened.facts),
            damage=opened.damage,
            run_once_at=once,
        )
        self._write(key, lambda current: status.synchronised(current, report))
        _SYNCS.labels("held" if result.held else "changed" if result.changed else "unchanged").inc()

    def _is_over(self, once: str | None) -> bool:
        return once is not None and datetime.fromisoformat(once) <= self._clock()

    def _tell(self, key: RepositoryKey, before: Repository, result: SyncResult, damage: str) -> None:
        """Events for what is new."""
        told = reference(REPOSITORY, before)
        if status.has_failed(before):
            text = f"synchronised again, package revisions found: {result.revisions}"
            self._recorder.record(told, NORMAL, "SyncRecovered", text)
        held = status.told_of(before, status.HELD)
        if result.held is not None and result.held.message != held:
            _log.warning("a synchronisation is held", repository=str(key), reason=result.held.message)
            self._recorder.record(told, WARNING, "SyncHeld", result.held.message)
        if result.held is None and held:
            self._recorder.record(told, NORMAL, "SyncResumed", f"package revisions found: {result.revisions}")
        if damage and damage != status.told_of(before, status.DAMAGED):
            self._recorder.record(told, WARNING, "Damaged", damage)

    def _clear(self, key: RepositoryKey, care: _Care, once: str | None, confirmed: str) -> int:
        """Takes away what asked for this synchronisation, as upstream does with `runOnceAt`: it must not ask twice.
        Returns the generation that was worked on, which this change of our own does not make an old one.
        """
        assert care.obj is not None, "it was begun with"
        worked_on = care.obj

        def clear(current: Repository) -> Repository:
            same = current.spec == worked_on.spec
            if confirmed and _state(current)[1] == confirmed:
                annotations = current.metadata.annotations.items()
                current.metadata.annotations = {
                    name: value for name, value in annotations if name != CONFIRM_ANNOTATION
                }
            if once and current.spec.sync is not None and current.spec.sync.run_once_at == once:
                current.spec.sync.run_once_at = None
            if same:  # before the feed tells of it
                care.seen = current.metadata.generation + (current.spec != worked_on.spec), _state(current)[1]
            return current

        stored = self._repositories.update(Call(SYSTEM), key.namespace, key.name, clear)
        obj: Repository = self._repositories.kind.decode(stored.version, stored.tail)
        if care.seen is None or care.seen[0] != obj.metadata.generation:
            return worked_on.metadata.generation  # somebody has changed it meanwhile, and the feed tells of that
        care.obj = obj
        return obj.metadata.generation

    def _write(self, key: RepositoryKey, change: Callable[[Repository], Repository]) -> None:
        self._repositories.update(Call(SYSTEM), key.namespace, key.name, change, "status")


def _state(obj: Repository) -> tuple[int, str]:
    """What of an object has it worked on when it changes."""
    return obj.metadata.generation, obj.metadata.annotations.get(CONFIRM_ANNOTATION, "")


def _call(loop: asyncio.AbstractEventLoop, work: Callable[[], None]) -> None:
    with suppress(RuntimeError):  # the loop has ended, and nobody works any more
        loop.call_soon_threadsafe(work)
