"""The one writer: a thread that takes all work that waits, runs it in one transaction, and commits it with one fsync.

Each piece of work runs inside a savepoint, so one that raises leaves nothing and disturbs nobody. A failure that takes
the whole transaction with it (a full disk) costs its own work only: the rest runs again without it. When the COMMIT
itself fails, all work of the batch fails and nothing is kept. Callers wake after the listeners have heard.
"""

from __future__ import annotations

import contextlib
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import structlog

from porch.errors import InternalError, ServiceUnavailable, exhausted
from porch.observe.faults import reach
from porch.store.interface import Change
from porch.store.sqlite.connection import RETRY_SECONDS, connect, translated
from porch.store.sqlite.transaction import SqliteTransaction

T = TypeVar("T")
Listener = Callable[[Sequence[Change]], None]

_MAX_BATCH = 64
_log = structlog.get_logger("porch.store")


class _Job:
    """One piece of work and, when `done` is released, its result or error."""

    __slots__ = ("done", "error", "result", "work")

    def __init__(self, work: Callable[[SqliteTransaction], Any]) -> None:
        self.work = work
        self.result: Any = None
        self.error: BaseException | None = None
        self.done = threading.Lock()
        self.done.acquire()


class Writer:
    def __init__(self, path: Path, committed: Callable[[int], None]) -> None:
        """`committed` is told the newest version after each commit."""
        self._path, self._committed = path, committed
        self._db = connect(path)
        self._transaction = SqliteTransaction(self._db)
        self._listeners: tuple[Listener, ...] = ()
        self._queue: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._door = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="porch-store-writer", daemon=True)
        self._thread.start()

    def commit(self, work: Callable[[SqliteTransaction], T]) -> T:
        if threading.current_thread() is self._thread:
            raise InternalError("a commit inside a commit, or inside a listener, would wait for itself")
        job = _Job(work)
        self._enqueue(job)
        job.done.acquire()
        if job.error is not None:
            raise job.error
        return job.result  # type: ignore[no-any-return]

    def on_commit(self, listener: Listener) -> None:
        with self._door:
            self._listeners = (*self._listeners, listener)

    def close(self) -> None:
        """Finishes the work that waits, and takes no more."""
        with self._door:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._thread.join()

    def _enqueue(self, job: _Job) -> None:
        """Behind the door nothing is queued after the end mark, so no caller waits for a writer that has gone."""
        with self._door:
            if self._closed:
                raise ServiceUnavailable("the store is closed")
            self._queue.put(job)

    def _run(self) -> None:
        try:
            while batch := self._take():
                self._serve(batch)
        finally:
            self._leave()

    def _take(self) -> list[_Job]:
        """What waits, at least one; empty at the end mark."""
        job = self._queue.get()
        batch: list[_Job] = []
        while job is not None:
            batch.append(job)
            if len(batch) == _MAX_BATCH or self._queue.empty():
                return batch
            job = self._queue.get()
        if batch:
            self._queue.put(None)
        return batch

    def _serve(self, batch: list[_Job]) -> None:
        try:
            self._commit(batch)
        finally:
            for job in batch:
                job.done.release()

    def _commit(self, batch: list[_Job]) -> None:
        waiting = batch
        try:
            while (culprit := self._attempt(waiting)) is not None:
                waiting = [job for job in waiting if job is not culprit]
        except BaseException as error:  # noqa: BLE001 - whatever it was, no caller may take the commit for done
            with contextlib.suppress(sqlite3.Error):
                self._db.execute("ROLLBACK")
            for job in waiting:
                job.error = self._unavailable(error)
            return
        self._tell(self._transaction.versions.made)

    def _attempt(self, jobs: list[_Job]) -> _Job | None:
        """Commits what succeeds. Returns the job that broke the transaction, if one did: then nothing was kept."""
        self._transaction.versions.made = []
        self._db.execute("BEGIN IMMEDIATE")
        for job in jobs:
            self._work(job)
            if not self._db.in_transaction:
                job.error = job.error or ServiceUnavailable("the transaction was lost")
                return job
        newest = self._transaction.versions.version()
        reach("committing")
        self._db.execute("COMMIT")
        reach("committed")
        with contextlib.suppress(OSError):
            self._committed(newest)
        return None

    def _work(self, job: _Job) -> None:
        made = self._transaction.versions.made
        before = len(made)
        self._db.execute("SAVEPOINT work")
        try:
            job.result, job.error = job.work(self._transaction), None
        except sqlite3.Error as error:
            job.error = translated(self._path, error)
            job.error.__cause__ = error
        except BaseException as error:  # noqa: BLE001 - it belongs to the caller, who gets it
            job.error = exhausted(error) or error
            if job.error is not error:
                job.error.__cause__ = error
        if not self._db.in_transaction:
            return
        if job.error is not None:
            del made[before:]
            self._db.execute("ROLLBACK TO work")
        self._db.execute("RELEASE work")

    def _unavailable(self, error: BaseException) -> ServiceUnavailable:
        """Whatever hindered the COMMIT, the caller's work was not at fault."""
        told = (
            translated(self._path, error).message if isinstance(error, sqlite3.Error) else "the store's writer failed"
        )
        unavailable = ServiceUnavailable(told, retry_after=RETRY_SECONDS)
        unavailable.__cause__ = error
        return unavailable

    def _tell(self, changes: Sequence[Change]) -> None:
        for listener in self._listeners if changes else ():
            try:
                listener(changes)
            except BaseException:  # noqa: BLE001 - the commit is done; its callers must hear that
                _log.exception("a listener of the store failed")

    def _leave(self) -> None:
        """Whatever ended the thread, nobody waits for it."""
        with self._door:
            self._closed = True
        while not self._queue.empty():
            if (job := self._queue.get()) is not None:
                job.error = ServiceUnavailable("the store is closed")
                job.done.release()
        self._db.close()
