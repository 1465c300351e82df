"""The database file: how connections to it are opened, and what its errors mean.

The file holds secrets, so it is private to the user before SQLite sees it; SQLite gives the files beside it (-wal,
-shm) the same mode. A commit survives a power cut (`synchronous=FULL`).
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from prometheus_client import Counter

from porch.errors import InternalError, PorchError, ServiceUnavailable
from porch.store.sqlite.queries import SCHEMA

SCHEMA_VERSION = 4
COUNT_STEPS = "PORCH_COUNT_STEPS"
STEPS = Counter(
    "porch_sqlite_steps_total", f"Steps of SQLite's machine. Counted when {COUNT_STEPS} is set: it is slow."
)
RETRY_SECONDS = 5
_BUSY_SECONDS = 5.0
_WAL_BYTES = 16 * 1024 * 1024
_PRIMARY_CODE = 0xFF  # SQLite's extended codes carry the primary one in their low byte
_REMEDIES = {
    sqlite3.SQLITE_FULL: "cannot grow: free some space on its disk",
    sqlite3.SQLITE_CORRUPT: "is damaged: stop the server and run `porch index rebuild`",
    sqlite3.SQLITE_NOTADB: "is damaged or no database: stop the server and run `porch restore` with a backup",
    sqlite3.SQLITE_BUSY: "is locked by another process: stop that process",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened: check the owner and mode of the file and its directory",
    sqlite3.SQLITE_READONLY: "cannot be written: check the owner and mode of the file and its directory",
    sqlite3.SQLITE_IOERR: "cannot be read or written: check the disk and its free space",
}


def prepare(path: Path) -> None:
    """Makes the file private and its tables present. Raises ServiceUnavailable."""
    try:
        make_private(path)
    except OSError as error:
        raise ServiceUnavailable(f"the database {path} cannot be opened: {error.strerror}") from error
    try:
        _create_tables(path)
    except sqlite3.Error as error:
        raise translated(path, error) from error


def make_private(path: Path) -> None:
    """Never opens a file that exists: closing it again would drop the locks that SQLite holds on it in this process."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        if path.is_file():
            path.chmod(0o600)


def _create_tables(path: Path) -> None:
    db = connect(path)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        (found,) = db.execute("PRAGMA user_version").fetchone()
        if found > SCHEMA_VERSION:
            raise ServiceUnavailable(
                f"the database {path} was written by a newer Porch (schema {found}, this one knows {SCHEMA_VERSION}): "
                "start that version, or restore an older backup"
            )
        if found in {1, 2}:
            from porch.store.sqlite.migrate import from_1, from_2

            (from_1 if found == 1 else from_2)(db)
        elif found < SCHEMA_VERSION:
            db.executescript(f"BEGIN IMMEDIATE;{SCHEMA}COMMIT;")
    finally:
        db.close()


def connect(path: Path, *, reads_only: bool = False) -> sqlite3.Connection:
    """A connection in autocommit mode, which may be handed from thread to thread."""
    db = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA foreign_keys = ON")
        db.execute(f"PRAGMA journal_size_limit = {_WAL_BYTES}")
        if reads_only:
            db.execute("PRAGMA query_only = ON")
        if os.environ.get(COUNT_STEPS):
            db.set_progress_handler(STEPS.inc, 1)
    except BaseException:
        db.close()
        raise
    return db


def translated(path: Path, error: sqlite3.Error | OSError) -> PorchError:
    """Our error for SQLite's: ServiceUnavailable for what an operator can mend, InternalError for our own faults."""
    if isinstance(error, OSError):
        return ServiceUnavailable(f"the database {path} cannot be opened: {error.strerror}", retry_after=RETRY_SECONDS)
    code = getattr(error, "sqlite_errorcode", None)
    remedy = None if code is None else _REMEDIES.get(code & _PRIMARY_CODE)
    if remedy is not None:
        return ServiceUnavailable(f"the database {path} {remedy}", retry_after=RETRY_SECONDS)
    if isinstance(error, sqlite3.OperationalError):
        return ServiceUnavailable(f"the database {path} failed: {error}", retry_after=RETRY_SECONDS)
    return InternalError(f"the database {path} refused a statement: {error}")
