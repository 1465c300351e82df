"""The store as a whole: its writer, its follower, the readers' connections, and its life from opening to closing.

A reader takes an idle connection, or opens one, for as long as its snapshot lasts.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

import psycopg

from porch.errors import ServiceUnavailable
from porch.store.interface import Reads, Store, Transaction
from porch.store.postgres.connection import connect, prepare, translated
from porch.store.postgres.follower import Follower, Listener
from porch.store.postgres.transaction import PostgresReads, compact_some, drop_index, jump
from porch.store.postgres.writer import Writer

T = TypeVar("T")

_MAX_IDLE = 16
_COMPACT_ROWS = 200  # at a time; other writers get their turn in between
_SNAPSHOT = b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"


class PostgresStore:
    def __init__(self, conninfo: str) -> None:
        """Raises ServiceUnavailable."""
        prepare(conninfo)
        self._conninfo = conninfo
        self._lock = threading.Lock()
        self._idle: list[PostgresReads] = []
        self._closed = False
        try:
            self._follower = Follower(conninfo)
            self._writer = Writer(conninfo, self._follower)
        except psycopg.Error as error:
            raise translated(error) from error

    @contextlib.contextmanager
    def read(self) -> Iterator[Reads]:
        try:
            reads = self._begin()
            try:
                yield reads
            finally:
                self._give_back(reads)
        except psycopg.Error as error:
            raise translated(error) from error

    def commit(self, work: Callable[[Transaction], T]) -> T:
        return self._writer.commit(work)

    def on_commit(self, listener: Listener) -> None:
        self._follower.on_commit(listener)

    def drop_index(self) -> None:
        self._writer.commit(drop_index)

    def jump(self) -> int:
        return self._writer.commit(jump)

    def compact(self, before: int) -> None:
        dropped = _COMPACT_ROWS
        while dropped == _COMPACT_ROWS:
            dropped = self._writer.commit(lambda transaction: compact_some(transaction, before, _COMPACT_ROWS))

    def close(self) -> None:
        """Work that waits is finished; snapshots in use stay readable until they end."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            idle, self._idle = self._idle, []
        for reads in idle:
            reads.db.close()
        self._writer.close()
        self._follower.close()

    def _begin(self) -> PostgresReads:
        """A connection that broke while it was idle is left for a new one."""
        while True:
            with self._lock:
                if self._closed:
                    raise ServiceUnavailable("the store is closed")
                reads = self._idle.pop() if self._idle else None
            if reads is None:
                break
            try:
                reads.db.execute(_SNAPSHOT)
            except psycopg.OperationalError:
                reads.db.close()
            else:
                return reads
        reads = PostgresReads(connect(self._conninfo))
        reads.db.execute(_SNAPSHOT)
        return reads

    def _give_back(self, reads: PostgresReads) -> None:
        try:
            reads.db.execute(b"ROLLBACK")
        except psycopg.Error:
            reads.db.close()  # a connection in doubt is not used again
            raise
        with self._lock:
            if not self._closed and len(self._idle) < _MAX_IDLE:
                self._idle.append(reads)
                return
        reads.db.close()


def open_store(conninfo: str) -> Store:
    """Opens the database that libpq's `conninfo` names, making the tables if need be. Raises ServiceUnavailable."""
    return PostgresStore(conninfo)
