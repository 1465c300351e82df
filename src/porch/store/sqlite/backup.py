"""A copy of the database file, taken while a server works on it.

SQLite's online backup reads one snapshot, so writers go on beside it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from porch.errors import ServiceUnavailable
from porch.store.interface import Reads
from porch.store.sqlite.connection import connect, make_private, translated
from porch.store.sqlite.transaction import SqliteReads


def copy_database(path: Path, target: Path) -> None:
    """Copies the database at `path` to the new file `target`. Raises ServiceUnavailable."""
    try:
        make_private(target)
        with closing(connect(path, reads_only=True)) as source, closing(sqlite3.connect(target)) as copy:
            source.backup(copy)
    except (sqlite3.Error, OSError) as error:
        raise translated(path, error) from error


def check_database(path: Path) -> None:
    """Raises ServiceUnavailable when SQLite finds the file damaged."""
    try:
        with closing(connect(path, reads_only=True)) as db:
            found = [row[0] for row in db.execute("PRAGMA integrity_check(1)")]
    except sqlite3.Error as error:
        raise translated(path, error) from error
    if found != ["ok"]:
        raise ServiceUnavailable(
            f"the database {path.name} is damaged ({found[0]}): stop the server and run `porch index rebuild`"
        )


@contextmanager
def snapshot(path: Path) -> Iterator[Reads]:
    """A look at a database that another process works on. Raises ServiceUnavailable."""
    try:
        with closing(connect(path, reads_only=True)) as db:
            db.execute("BEGIN")
            yield SqliteReads(db)
    except sqlite3.Error as error:
        raise translated(path, error) from error
