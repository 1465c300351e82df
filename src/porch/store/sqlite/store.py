"""The store as a whole: its one writer, the readers' connections, and its life from opening to closing.

A reader takes an idle connection, or opens one, for as long as its snapshot lasts; so there are as many connections as
there ever were readers at one time, however many threads come and go.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import structlog

from porch.errors import ServiceUnavailable
from porch.observe.faults import reach
from porch.store.interface import Reads, Store, Transaction
from porch.store.sqlite.connection import connect, prepare, translated
from porch.store.sqlite.transaction import SqliteReads, compact_some, drop_index, jump
from porch.store.sqlite.watermark import Watermark
from porch.store.sqlite.writer import Listener, Writer

T = TypeVar("T")
_log = structlog.get_logger("porch.store")

_MAX_IDLE = 16
_COMPACT_ROWS = 200  # at a time; other writers get their turn in between


class SqliteStore:
    def __init__(self, path: Path) -> None:
        """`path` is the database file, whose directory exists. Raises ServiceUnavailable."""
        prepare(path)
        self._path = path
        self._lock = threading.Lock()
        self._idle: list[SqliteReads] = []
        self._closed = False
        try:
            self._watermark = Watermark(path)
            mark = self._watermark.read()
            self._writer = Writer(path, self._watermark.write)
        except (sqlite3.Error, OSError) as error:
            raise translated(path, error) from error
        if mark:
            self._heed(mark)

    def _heed(self, mark: int) -> None:
        with self.read() as reads:
            newest = reads.versions.version()
        if newest < mark:
            _log.warning("the database is older than what was given out; its sequence jumps", at=newest, known=mark)
            self.jump()

    @contextlib.contextmanager
    def read(self) -> Iterator[Reads]:
        try:
            reads = self._take()
            try:
                reads.db.execute("BEGIN")
                yield reads
            finally:
                self._give_back(reads)
        except sqlite3.Error as error:
            raise translated(self._path, error) from error

    def commit(self, work: Callable[[Transaction], T]) -> T:
        return self._writer.commit(work)

    def on_commit(self, listener: Listener) -> None:
        self._writer.on_commit(listener)

    def drop_index(self) -> None:
        self._writer.commit(drop_index)

    def jump(self) -> int:
        return self._writer.commit(jump)

    def compact(self, before: int) -> None:
        dropped = _COMPACT_ROWS
        while dropped == _COMPACT_ROWS:
            dropped = self._writer.commit(lambda transaction: compact_some(transaction, before, _COMPACT_ROWS))
            reach("compacted")

    def close(self) -> None:
        """Work that waits is finished; snapshots in use stay readable until they end."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for reads in idle:
            reads.db.close()
        self._writer.close()
        self._watermark.close()

    def _take(self) -> SqliteReads:
        with self._lock:
            if self._closed:
                raise ServiceUnavailable("the store is closed")
            if self._idle:
                return self._idle.pop()
        return SqliteReads(connect(self._path, reads_only=True))

    def _give_back(self, reads: SqliteReads) -> None:
        try:
            reads.db.execute("ROLLBACK")
        except sqlite3.Error:
            reads.db.close()  # a connection in doubt is not used again
            raise
        with self._lock:
            if not self._closed and len(self._idle) < _MAX_IDLE:
                self._idle.append(reads)
                return
        reads.db.close()


def open_store(path: Path) -> Store:
    """Opens the database file, creating it, private to the user, if need be. Raises ServiceUnavailable when it cannot
    be used or was written by a newer version.
    """
    return SqliteStore(path)
