"""Versions: the reader of current objects and the log, and the writer that gives out the numbers.

The writer holds the lock on the sequence since its transaction began, so it counts on by itself and records the newest
number in the transaction's last statement.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from porch.errors import Expired
from porch.keys import ObjectKey
from porch.store.interface import Change, NewVersion, Page, Query, StoredVersion
from porch.store.postgres.connection import Database
from porch.store.postgres.listing import list_page
from porch.store.postgres.queries import QUERIES
from porch.store.rows import LAST, change, columns, stored
from porch.store.terms import changed

_READ = QUERIES["sequence_read"]
_GET = QUERIES["version_get"]
_BY_ALIAS = QUERIES["version_by_alias"]
_CHANGES = QUERIES["version_changes"]
_SUPERSEDE = QUERIES["version_supersede"]
_ADD = QUERIES["version_add"]
_FLOOR = QUERIES["floor_read"]
_COUNT = QUERIES["count_read"]
_COUNT_ADD = QUERIES["count_add"]
_ADD_POSTINGS = QUERIES["posting_add"]
_END_POSTINGS = QUERIES["posting_end"]


class PostgresVersionReader:
    def __init__(self, db: Database) -> None:
        self._db = db

    def version(self) -> int:
        return self._number(_READ, {})

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
        return self._number(_COUNT, {"resource": resource, "namespace": namespace})

    def changes(self, resource: str, after: int, limit: int) -> Sequence[Change]:
        floor = self._floor(resource)
        if after < floor:
            raise Expired(f"too old resource version: {after} ({floor})")
        rows = self._db.execute(_CHANGES, {"resource": resource, "after": min(after, LAST), "limit": limit})
        return [change(resource, row) for row in rows]

    def _floor(self, resource: str) -> int:
        return self._number(_FLOOR, {"resource": resource})

    def _number(self, statement: bytes, parameters: dict[str, Any]) -> int:
        row = self._db.execute(statement, parameters).fetchone()
        return 0 if row is None or row[0] is None else int(row[0])


class PostgresVersionWriter(PostgresVersionReader):
    """`newest` is the newest number given out; whoever runs the transaction sets it, and records it at the end."""

    def __init__(self, db: Database, newest: int) -> None:
        super().__init__(db)
        self.newest = newest

    def version(self) -> int:
        return self.newest

    def put(self, new: NewVersion) -> StoredVersion:
        current = StoredVersion(
            key=new.key,
            version=self.allot(),
            uid=new.uid,
            tail=new.tail,
            alias=new.alias,
            labels=dict(new.labels),
            fields=dict(new.fields),
            owners=new.owners,
        )
        return self._append(current, self.get(new.key))

    def delete(self, key: ObjectKey) -> StoredVersion:
        last = self.get(key)
        if last is None:
            raise KeyError(key)
        tombstone = dataclasses.replace(last, version=self.allot(), deleted=True)
        return self._append(tombstone, last)

    def allot(self, ahead: int = 1) -> int:
        self.newest += ahead
        return self.newest

    def _append(self, current: StoredVersion, previous: StoredVersion | None) -> StoredVersion:
        if previous is not None:
            self._db.execute(_SUPERSEDE, {"by": current.version, "version": previous.version})
        self._db.execute(_ADD, columns(current))
        by = (0 if current.deleted else 1) - (0 if previous is None else 1)
        key = current.key
        if by:
            self._db.execute(_COUNT_ADD, {"resource": key.resource, "namespace": key.namespace, "by": by})
        lost, gained = changed(previous, None if current.deleted else current)
        place = {"namespace": key.namespace, "name": key.name, "version": current.version}
        if lost:
            self._db.execute(_END_POSTINGS, {**place, "terms": list(lost)})
        if gained:
            self._db.execute(_ADD_POSTINGS, {**place, "terms": list(gained)})
        return current
