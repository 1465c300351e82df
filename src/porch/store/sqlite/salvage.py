"""A fresh database from a damaged one: state is carried over row by row, as far as SQLite can read it.

A table is read from its front, from its back, and by the row ids that its indexes know, so that a damaged page costs
the rows on it and no others. History, postings, counts and the index of package revisions are not carried over: they
are made again, or ended by a jump of the sequence.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from porch.errors import PorchError, ServiceUnavailable
from porch.store.interface import DERIVED, JUMP, RefMove
from porch.store.selection import owners, strings
from porch.store.sqlite.connection import SCHEMA_VERSION, connect, prepare, translated
from porch.store.sqlite.migrate import derive
from porch.store.sqlite.watermark import Watermark

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class _Table:
    """`names` are the columns that a row is told by. A row is `wanted` or left behind; a broken one raises."""

    name: str
    key: str
    columns: tuple[str, ...]
    indexes: tuple[str, ...]
    names: tuple[str, ...]
    wanted: Callable[[Row], bool]


@dataclass(frozen=True, slots=True)
class Salvaged:
    """How many rows of each table were carried over, and what is known to be lost, in words."""

    kept: dict[str, int]
    lost: list[str]


def _is_current(row: Row) -> bool:
    _, resource, _, _, superseded_by, _, _, _, labels, fields, owned, tail = row
    if superseded_by is not None or resource in DERIVED:
        return False
    strings(labels), strings(fields), owners(owned)
    msgspec.json.decode(b'{"metadata":{"resourceVersion":"0' + tail)
    return True


def _is_json(row: Row) -> bool:
    msgspec.json.decode(row[-1])
    return True


def _is_intent(row: Row) -> bool:
    msgspec.json.decode(row[5], type=tuple[RefMove, ...])
    msgspec.json.decode(row[6])
    return True


_VERSIONS = _Table(
    "versions",
    "version",
    (
        *("version", "resource", "namespace", "name", "superseded_by", "deleted"),
        *("uid", "alias", "labels", "fields", "owners", "tail"),
    ),
    ("versions_current", "versions_history", "versions_log"),
    ("resource", "namespace", "name"),
    _is_current,
)
_METADATA = _Table(
    "user_metadata",
    "rowid",
    ("namespace", "name", "vanished", "metadata"),
    ("sqlite_autoindex_user_metadata_1",),
    ("namespace", "name"),
    _is_json,
)
_INTENTS = _Table(
    "intents",
    "ordinal",
    ("ordinal", "id", "namespace", "repository", "mirror", "moves", "payload", "applied", "pack"),
    ("sqlite_autoindex_intents_1", "intents_by_applied"),
    ("id",),
    _is_intent,
)
_BROKEN = (sqlite3.DatabaseError, PorchError, msgspec.MsgspecError, TypeError, ValueError, MemoryError)
_NEWEST_ONLY = """
DELETE FROM versions WHERE version NOT IN (SELECT max(version) FROM versions GROUP BY resource, namespace, name)
"""
"""Where damage hides that a version was superseded, the newer one is the object."""
_OPEN_REFS = """
INSERT OR IGNORE INTO moving_refs (mirror, ref, intent)
  SELECT mirror, json_extract(changed.value, '$.ref'), intents.id FROM intents, json_each(intents.moves) AS changed
  WHERE applied = 0;
"""


def salvage(path: Path, target: Path) -> Salvaged:
    """Makes the new database `target` of the damaged one at `path`, which is only read. Raises ServiceUnavailable when
    nothing can be read from it.
    """
    try:
        with closing(connect(path, reads_only=True)) as damaged:
            _check_schema(path, damaged)
            prepare(target)
            with closing(connect(target)) as fresh:
                return _carry_over(damaged, fresh, _watermark(path))
    except (sqlite3.Error, OSError) as error:
        raise translated(path, error) from error


def _check_schema(path: Path, db: sqlite3.Connection) -> None:
    try:
        (found,) = db.execute("PRAGMA user_version").fetchone()
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    except sqlite3.DatabaseError as error:
        raise ServiceUnavailable(f"nothing can be read from {path}: run `porch restore` with a backup") from error
    if found != SCHEMA_VERSION or not tables >= {"versions", "user_metadata", "intents"}:
        raise ServiceUnavailable(
            f"{path} is no database of this version of Porch (schema {found}): run `porch restore` with a backup"
        )


def _watermark(path: Path) -> int:
    mark = Watermark(path)
    try:
        return mark.read()
    finally:
        mark.close()


def _carry_over(damaged: sqlite3.Connection, fresh: sqlite3.Connection, mark: int) -> Salvaged:
    kept: dict[str, int] = {}
    lost: list[str] = []
    fresh.execute("BEGIN IMMEDIATE")
    for table in (_VERSIONS, _METADATA, _INTENTS):
        kept[table.name] = _carry_table(damaged, fresh, table, lost)
    fresh.execute("COMMIT")
    fresh.executescript(f"BEGIN IMMEDIATE;{_OPEN_REFS}COMMIT;")
    fresh.execute(_NEWEST_ONLY)
    derive(fresh)
    newest = max(mark, _newest(damaged, lost), _newest_row(fresh)) + JUMP
    fresh.execute("BEGIN IMMEDIATE")
    fresh.execute("UPDATE sequence SET version = ?", (newest,))
    fresh.execute("INSERT OR REPLACE INTO floors (resource, version) VALUES ('*', ?)", (newest,))
    fresh.execute("COMMIT")
    return Salvaged(kept, lost)


def _newest(db: sqlite3.Connection, lost: list[str]) -> int:
    try:
        return int(db.execute("SELECT version FROM sequence").fetchone()[0])
    except (*_BROKEN, IndexError):
        lost.append("sequence")
        return 0


def _newest_row(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT max(version) FROM versions").fetchone()[0] or 0)


def _carry_table(damaged: sqlite3.Connection, fresh: sqlite3.Connection, table: _Table, lost: list[str]) -> int:
    places = ", ".join("?" * len(table.columns))
    insert = f"INSERT OR IGNORE INTO {table.name} ({', '.join(table.columns)}) VALUES ({places})"  # noqa: S608 - ours
    reader = _Reader(damaged, table)
    kept = 0
    for row in reader.rows():
        try:
            if not table.wanted(row):
                continue
        except _BROKEN:
            lost.append(f"{table.name}: {_told(table, row)}")
            continue
        kept += fresh.execute(insert, row).rowcount
    lost.extend(f"{table.name}: {name}" for name in reader.missing)
    if not reader.whole:
        lost.append(f"{table.name}: a part cannot be read; what was there is listed above as far as it is known")
    return kept


def _told(table: _Table, row: Row) -> str:
    return "/".join(str(row[table.columns.index(name)]) for name in table.names)


class _Reader:
    """The rows of one table, each once. `missing` names those that an index knows and the table does not give."""

    def __init__(self, db: sqlite3.Connection, table: _Table) -> None:
        self._db, self._table = db, table
        self._seen: set[int] = set()
        self.missing: list[str] = []
        self.whole = False

    def rows(self) -> Iterator[Row]:
        yield from self._scan("")
        if self.whole:
            return
        yield from self._scan(" DESC")
        self.whole = False
        for number, name in self._indexed():
            if number not in self._seen:
                row = self._one(number)
                if row is not None:
                    yield row
                elif name:
                    self.missing.append(name)

    def _scan(self, order: str) -> Iterator[Row]:
        statement = f"{self._select} ORDER BY {self._table.key}{order}"
        try:
            for number, *row in self._db.execute(statement):
                if number not in self._seen:
                    self._seen.add(number)
                    yield tuple(row)
            self.whole = True
        except (sqlite3.DatabaseError, MemoryError):
            return  # the damaged page; what is behind it comes from the other side

    def _one(self, number: int) -> Row | None:
        self._seen.add(number)
        try:
            found = self._db.execute(f"{self._select} WHERE {self._table.key} = ?", (number,)).fetchone()
        except (sqlite3.DatabaseError, MemoryError):
            return None
        return None if found is None else tuple(found[1:])

    @property
    def _select(self) -> str:
        return f"SELECT {self._table.key}, {', '.join(self._table.columns)} FROM {self._table.name} NOT INDEXED"  # noqa: S608

    def _indexed(self) -> Iterator[tuple[int, str]]:
        """Row ids and, where the index has them, the names of rows that are wanted."""
        for index in self._table.indexes:
            for number, columns in self._entries(index):
                yield number, "/".join(map(str, columns))

    def _entries(self, index: str) -> Iterator[tuple[int, Sequence[Any]]]:
        key, names = self._table.key, self._table.names
        only = " WHERE superseded_by IS NULL" if index == "versions_current" else ""
        told = names if index in _NAMING else ()
        statement = f"SELECT {', '.join((key, *told))} FROM {self._table.name} INDEXED BY {index}{only}"  # noqa: S608
        try:
            for number, *columns in self._db.execute(statement):
                yield number, columns if _is_state(self._table, columns) else ()
        except sqlite3.DatabaseError:
            return


_NAMING = {"versions_current", "sqlite_autoindex_user_metadata_1", "sqlite_autoindex_intents_1"}


def _is_state(table: _Table, columns: Sequence[Any]) -> bool:
    return table is not _VERSIONS or not columns or columns[0] not in DERIVED
