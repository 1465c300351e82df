"""Versions: the reader of current objects and the log, and the writer that allots the numbers."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace

from porch.errors import Expired
from porch.keys import ObjectKey
from porch.store.interface import Change, NewVersion, Page, Query, StoredVersion
from porch.store.rows import LAST, change, columns, stored
from porch.store.sqlite.listing import list_page
from porch.store.sqlite.queries import QUERIES
from porch.store.terms import changed

_READ = QUERIES["sequence_read"]
_NEXT = QUERIES["sequence_next"]
_GET = QUERIES["version_get"]
_BY_ALIAS = QUERIES["version_by_alias"]
_CHANGES = QUERIES["version_changes"]
_SUPERSEDE = QUERIES["version_supersede"]
_ADD = QUERIES["version_add"]
_FLOOR = QUERIES["floor_read"]
_ADD_POSTING = QUERIES["posting_add"]
_END_POSTING = QUERIES["posting_end"]
_COUNT = QUERIES["count_read"]
_ADD_COUNT = QUERIES["count_add"]
ALL_NAMESPACES = "*"
EVERY_RESOURCE = "*"
"""The floor of this name holds for all resources."""


class SqliteVersionReader:
    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def version(self) -> int:
        return int(self._db.execute(_READ).fetchone()[0])

    def get(self, key: ObjectKey) -> StoredVersion | None:
        row = self._db.execute(
            _GET, {"resource": key.resource, "namespace": key.namespace, "name": key.name}
        ).fetchone()
        return None if row is None else stored(key.resource, row)

    def named(self, resource: str, namespace: str, alias: str) -> Sequence[StoredVersion]:
        rows = self._db.execute(_BY_ALIAS, {"resource": resource, "namespace": namespace, "alias": alias})
        return [stored(resource, row) for row in rows]

    def list(self, query: Query) -> Page:
        newest = self.version()
        at = newest if query.at is None else min(query.at, newest)
        if at < self._floor(query.resource):
            raise Expired("The resourceVersion for the provided list is too old.")
        rows, more = list_page(self._db, query, at)
        return Page([stored(query.resource, row) for row in rows], at, more)

    def count(self, resource: str, namespace: str | None) -> int:
        where = {"resource": resource, "namespace": ALL_NAMESPACES if namespace is None else namespace}
        row = self._db.execute(_COUNT, where).fetchone()
        return 0 if row is None else int(row[0])

    def changes(self, resource: str, after: int, limit: int) -> Sequence[Change]:
        floor = self._floor(resource)
        if after < floor:
            raise Expired(f"too old resource version: {after} ({floor})")
        rows = self._db.execute(_CHANGES, {"resource": resource, "after": min(after, LAST), "limit": limit})
        return [change(resource, row) for row in rows]

    def _floor(self, resource: str) -> int:
        (floor,) = self._db.execute(_FLOOR, {"resource": resource, "every": EVERY_RESOURCE}).fetchone()
        return int(floor or 0)


class SqliteVersionWriter(SqliteVersionReader):
    """`made` are the changes of the transaction so far; whoever runs the transaction empties it."""

    def __init__(self, db: sqlite3.Connection) -> None:
        super().__init__(db)
        self.made: list[Change] = []

    def put(self, new: NewVersion) -> StoredVersion:
        current = StoredVersion(
            key=new.key,
            version=self.allot(),
            uid=new.uid,
            tail=new.tail,
            alias=new.alias,
            labels=dict(new.labels),
            fields=dict(new.fields),
            owners=tuple(new.owners),
        )
        return self._append(current, self.get(new.key))

    def delete(self, key: ObjectKey) -> StoredVersion:
        last = self.get(key)
        if last is None:
            raise KeyError(key)
        return self._append(replace(last, version=self.allot(), deleted=True), last)

    def allot(self) -> int:
        """The next number. Rolled back with the transaction, so numbers follow the order of commits."""
        ((version,),) = self._db.execute(_NEXT).fetchall()
        return int(version)

    def _append(self, current: StoredVersion, previous: StoredVersion | None) -> StoredVersion:
        if previous is not None:
            self._db.execute(_SUPERSEDE, {"by": current.version, "version": previous.version})
        self._db.execute(_ADD, columns(current))
        if current.deleted or previous is None:
            self._count(current.key, -1 if current.deleted else 1)
        self._post(current, previous)
        self.made.append(Change(current, previous))
        return current

    def _count(self, key: ObjectKey, more: int) -> None:
        for namespace in {key.namespace, ALL_NAMESPACES}:
            self._db.execute(_ADD_COUNT, {"resource": key.resource, "namespace": namespace, "more": more})

    def _post(self, current: StoredVersion, previous: StoredVersion | None) -> None:
        """Keeps the postings in step with the object's terms."""
        lost, gained = changed(previous, None if current.deleted else current)
        for statement, terms in ((_END_POSTING, lost), (_ADD_POSTING, gained)):
            if terms:
                place = {
                    "namespace": current.key.namespace,
                    "name": current.key.name,
                    "version": current.version,
                }
                self._db.executemany(statement, [{**place, "term": term} for term in terms])
