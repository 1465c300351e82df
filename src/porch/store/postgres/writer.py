"""The writer of this process: a thread that takes all work that waits and commits it in one transaction.

The transaction's first statement locks the sequence, so that `put` can return its number; its last one records the
newest number. Writers of several processes so take turns, batch by batch, and the order of commits is the order of
numbers. The price is that no two transactions overlap; batching keeps it small: a
turn is one fsync for all that waits.

Each piece of work runs inside a savepoint. A COMMIT whose answer was lost is settled by the mark that each batch
leaves: after reconnecting, the lock on the sequence is taken first, which waits for the lost transaction to end.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any, TypeVar

import psycopg
from psycopg.pq import TransactionStatus

from porch.errors import InternalError, ServiceUnavailable
from porch.store.postgres.connection import RETRY_SECONDS, Database, connect, translated
from porch.store.postgres.follower import Follower
from porch.store.postgres.queries import QUERIES
from porch.store.postgres.transaction import PostgresTransaction

T = TypeVar("T")

_LOCK = QUERIES["sequence_lock"]
_SET = QUERIES["sequence_set"]
_MARK = QUERIES["batch_mark"]
_MARKED = QUERIES["batch_read"]
_FORGET = QUERIES["batch_forget"]
_NOTIFY = QUERIES["log_notify"]
_MAX_BATCH = 64
_SETTLE_SECONDS = 60.0
_RECONNECT_SECONDS = 0.2


class _Job:
    """One piece of work and, when `done` is set, its result or error."""

    __slots__ = ("done", "error", "result", "work")

    def __init__(self, work: Callable[[PostgresTransaction], Any]) -> None:
        self.work = work
        self.result: Any = None
        self.error: BaseException | None = None
        self.done = threading.Event()


class Writer:
    def __init__(self, conninfo: str, follower: Follower) -> None:
        self._conninfo = conninfo
        self._follower = follower
        self._id = uuid.uuid4().hex
        self._batch = 0
        self._db: Database | None = connect(conninfo)
        self._queue: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._door = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="porch-store-writer", daemon=True)
        self._thread.start()

    def commit(self, work: Callable[[PostgresTransaction], T]) -> T:
        if threading.current_thread() is self._thread or self._follower.is_current_thread():
            raise InternalError("a commit inside a commit, or inside a listener, would wait for itself")
        job = _Job(work)
        with self._door:  # behind it nothing is queued after the end mark
            if self._closed:
                raise ServiceUnavailable("the store is closed")
            self._queue.put(job)
        job.done.wait()
        if job.error is not None:
            raise job.error
        return job.result  # type: ignore[no-any-return]

    def close(self) -> None:
        """Finishes the work that waits, and takes no more."""
        with self._door:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while batch := self._take():
            try:
                self._commit(batch)
            except BaseException as error:  # noqa: BLE001 - whatever it was, no caller may take the commit for done
                self._disconnect()
                for job in batch:
                    job.error = _unavailable(error)
            finally:
                for job in batch:
                    job.done.set()
        with contextlib.suppress(psycopg.Error):
            self._connected().execute(_FORGET, {"id": self._id})
        self._disconnect()

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

    def _commit(self, batch: list[_Job]) -> None:
        """Until COMMIT is sent a failure means that nothing was kept."""
        self._batch += 1
        db = self._begin()
        ((newest,),) = db.execute(_LOCK).fetchall()
        transaction = PostgresTransaction(db, newest)
        for job in batch:
            _work(job, transaction)
        db.execute(_MARK, {"id": self._id, "batch": self._batch})
        written = transaction.versions.newest
        if written != newest:
            db.execute(_NOTIFY)
            db.execute(_SET, {"version": written})
        try:
            db.execute(b"COMMIT")
        except psycopg.Error:
            if not self._was_committed():
                raise
        if written != newest:
            self._follower.wait_for(written)

    def _begin(self) -> Database:
        """A connection that broke while it was idle shows here, where trying once more is safe."""
        try:
            db = self._connected()
            db.execute(b"BEGIN")
        except psycopg.Error:
            self._disconnect()
            db = self._connected()
            db.execute(b"BEGIN")
        return db

    def _connected(self) -> Database:
        if self._db is None:
            self._db = connect(self._conninfo)
        return self._db

    def _disconnect(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    def _was_committed(self) -> bool:
        """Raises ServiceUnavailable when the database stays away: only then does a caller not learn the outcome."""
        deadline = time.monotonic() + _SETTLE_SECONDS
        while True:
            self._disconnect()
            try:
                db = self._connected()
                with db.transaction():
                    db.execute(_LOCK)
                    return db.execute(_MARKED, {"id": self._id}).fetchone() == (self._batch,)
            except psycopg.Error as error:
                if time.monotonic() > deadline:
                    raise ServiceUnavailable(
                        "the PostgreSQL database went away during a commit, whose outcome is unknown: read the "
                        "objects again before you retry",
                        retry_after=RETRY_SECONDS,
                    ) from error
                threading.Event().wait(_RECONNECT_SECONDS)


def _work(job: _Job, transaction: PostgresTransaction) -> None:
    db, versions = transaction.db, transaction.versions
    before = versions.newest
    db.execute(b"SAVEPOINT work")
    try:
        job.result, job.error = job.work(transaction), None
    except psycopg.Error as error:
        job.error = translated(error)
        job.error.__cause__ = error
    except BaseException as error:  # noqa: BLE001 - it belongs to the caller, who gets it
        job.error = error
    if job.error is None and db.info.transaction_status == TransactionStatus.INERROR:
        job.error = InternalError("a statement of the work failed, and the work went on")
    if job.error is not None:
        versions.newest = before
        db.execute(b"ROLLBACK TO work")
    db.execute(b"RELEASE work")


def _unavailable(error: BaseException) -> ServiceUnavailable:
    """Whatever hindered the COMMIT, the caller's work was not at fault."""
    if isinstance(error, ServiceUnavailable):
        return error
    told = translated(error).message if isinstance(error, psycopg.Error) else "the store's writer failed"
    unavailable = ServiceUnavailable(told, retry_after=RETRY_SECONDS)
    unavailable.__cause__ = error
    return unavailable
