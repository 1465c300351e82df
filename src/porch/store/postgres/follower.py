"""The follower: one thread for each store that reads the log in order and tells the listeners, whoever committed.

It is woken by the database (LISTEN), for its own commits as for those of other processes, and reads on from where it
was. So each change is told once, in commit order, and a lost connection loses nothing.
"""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from collections.abc import Callable, Sequence

import psycopg
import structlog

from porch.store.interface import Change
from porch.store.postgres.connection import Database, connect
from porch.store.postgres.queries import QUERIES
from porch.store.postgres.versions import PostgresVersionReader
from porch.store.rows import change

Listener = Callable[[Sequence[Change]], None]

_READ = QUERIES["log_read"]
_SNAPSHOT = b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_RECONNECT_SECONDS = 0.2
_WAIT_SECONDS = 30.0
_log = structlog.get_logger("porch.store")


class Follower:
    def __init__(self, conninfo: str) -> None:
        self._conninfo = conninfo
        self._listeners: tuple[Listener, ...] = ()
        self._passed = threading.Condition()
        self._closing = False
        self._wakened = threading.Event()
        self._ours, self._theirs = socket.socketpair()
        self._db: Database | None = self._connect()
        self._after = PostgresVersionReader(self._db).version()
        self._thread = threading.Thread(target=self._run, name="porch-store-follower", daemon=True)
        self._thread.start()

    def is_current_thread(self) -> bool:
        return threading.current_thread() is self._thread

    def on_commit(self, listener: Listener) -> None:
        with self._passed:
            self._listeners = (*self._listeners, listener)

    def wait_for(self, version: int) -> None:
        """Until the listeners have heard of it. A commit is done all the same when the database goes away meanwhile:
        then the wait is bounded, and they hear of it when the database is back.
        """
        with self._passed:
            if not self._passed.wait_for(lambda: self._after >= version or self._closing, _WAIT_SECONDS):
                _log.warning("the listeners of the store lag behind", version=version)

    def close(self) -> None:
        with self._passed:
            self._closing = True
            self._passed.notify_all()
        with contextlib.suppress(OSError):
            self._ours.send(b".")
        self._thread.join()
        self._ours.close()
        self._theirs.close()

    def _run(self) -> None:
        while not self._closing:
            try:
                if self._db is None:
                    self._db = self._connect()
                self._read_on(self._db)
                if not self._wakened_meanwhile(self._db):
                    select.select([self._db.fileno(), self._theirs.fileno()], [], [])
            except (psycopg.Error, OSError):
                self._disconnect()
                select.select([self._theirs.fileno()], [], [], _RECONNECT_SECONDS)
        self._disconnect()

    def _wakened_meanwhile(self, db: Database) -> bool:
        """Whether a notification came in with the answers of the statements: the socket will not tell of it again."""
        seen = self._wakened.is_set()
        self._wakened.clear()
        while db.pgconn.notifies() is not None:
            seen = True
        return seen

    def _connect(self) -> Database:
        """Listens before it reads, so that nothing falls in between."""
        db = connect(self._conninfo)
        db.add_notify_handler(lambda _: self._wakened.set())
        db.execute(b"LISTEN porch_log")
        return db

    def _disconnect(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    def _read_on(self, db: Database) -> None:
        """Takes in what wakened it, then reads all that is new in one snapshot."""
        db.execute(_SNAPSHOT)
        version = PostgresVersionReader(db).version()
        rows = db.execute(_READ, {"after": self._after}).fetchall() if version > self._after else []
        db.execute(b"COMMIT")
        self._tell([change(row[0], row[1:]) for row in rows])
        with self._passed:
            self._after = version
            self._passed.notify_all()

    def _tell(self, changes: Sequence[Change]) -> None:
        for listener in self._listeners if changes else ():
            try:
                listener(changes)
            except BaseException:  # noqa: BLE001 - the commit is done; its callers must hear that
                _log.exception("a listener of the store failed")
