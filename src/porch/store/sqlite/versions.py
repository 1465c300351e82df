"""Versions: the reader of current objects and the log, and the writer that allots the numbers."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

import msgspec

from porch.errors import Expired
from porch.keys import ObjectKey
from porch.store.interface import Change, NewVersion, Page, Query, StoredVersion
from porch.store.selection import strings
from porch.store.sqlite.listing import list_page
from porch.store.sqlite.queries import QUERIES

_READ = QUERIES["sequence_read"]
_NEXT = QUERIES["sequence_next"]
_GET = QUERIES["version_get"]
_BY_ALIAS = QUERIES["version_by_alias"]
_CHANGES = QUERIES["version_changes"]
_SUPERSEDE = QUERIES["version_supersede"]
_ADD = QUERIES["version_add"]
_FLOOR = QUERIES["floor_read"]
_COLUMNS = 10  # of one version in a row
_LAST = 2**63 - 1  # SQLite knows no larger number, clients do


def stored(resource: str, row: Sequence[Any]) -> StoredVersion:
    """From the columns of version_get, in their order."""
    version, namespace, name, alias, labels, fields, owners, uid, deleted, tail = row
    return StoredVersion(
        key=ObjectKey(resource, namespace, name),
        version=version,
        uid=uid,
        tail=tail,
        alias=alias or "",
        labels=strings(labels),
        fields=strings(fields),
        deleted=bool(deleted),
        owners=msgspec.json.decode(owners, type=tuple[str, ...]),
    )


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
        rows, more, _ = list_page(self._db, query, at)
        return Page([stored(query.resource, row) for row in rows], at, more)

    def count(self, resource: str, namespace: str | None) -> int:
        return len(self.list(Query(resource, namespace=namespace)).items)

    def changes(self, resource: str, after: int, limit: int) -> Sequence[Change]:
        floor = self._floor(resource)
        if after < floor:
            raise Expired(f"too old resource version: {after} ({floor})")
        rows = self._db.execute(_CHANGES, {"resource": resource, "after": min(after, _LAST), "limit": limit})
        return [_change(resource, row) for row in rows]

    def _floor(self, resource: str) -> int:
        row = self._db.execute(_FLOOR, {"resource": resource}).fetchone()
        return 0 if row is None else int(row[0])


def _change(resource: str, row: Sequence[Any]) -> Change:
    current, previous = row[:_COLUMNS], row[_COLUMNS:]
    return Change(stored(resource, current), None if previous[0] is None else stored(resource, previous))


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
            owners=new.owners,
        )
        return self._append(current, self.get(new.key))

    def delete(self, key: ObjectKey) -> StoredVersion:
        last = self.get(key)
        if last is None:
            raise KeyError(key)
        tombstone = StoredVersion(
            key=key,
            version=self.allot(),
            uid=last.uid,
            tail=last.tail,
            alias=last.alias,
            labels=last.labels,
            fields=last.fields,
            deleted=True,
            owners=last.owners,
        )
        return self._append(tombstone, last)

    def allot(self) -> int:
        """The next number. Rolled back with the transaction, so numbers follow the order of commits."""
        ((version,),) = self._db.execute(_NEXT).fetchall()
        return int(version)

    def _append(self, current: StoredVersion, previous: StoredVersion | None) -> StoredVersion:
        if previous is not None:
            self._db.execute(_SUPERSEDE, {"by": current.version, "version": previous.version})
        self._db.execute(_ADD, _columns(current))
        self.made.append(Change(current, previous))
        return current


def _columns(version: StoredVersion) -> dict[str, object]:
    return {
        "version": version.version,
        "resource": version.key.resource,
        "namespace": version.key.namespace,
        "name": version.key.name,
        "superseded_by": version.version if version.deleted else None,
        "deleted": version.deleted,
        "uid": version.uid,
        "alias": version.alias or None,
        "labels": _encoded(version.labels),
        "fields": _encoded(version.fields),
        "owners": msgspec.json.encode(version.owners).decode(),
        "tail": version.tail,
    }


def _encoded(values: object) -> str:
    return msgspec.json.encode(values).decode() if values else "{}"
