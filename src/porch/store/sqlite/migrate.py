"""Databases that an older Porch wrote, brought to the schema of this one in one transaction.

Schema 1 knew no owners, postings or counts. Its history is not taken along: watches and lists from before get Expired.
Its index is not either: the next start makes it again from git, with PorchPackages, which it did not keep. Schema 2 did
not know since when user metadata has no package revision, nor could its index tell what follows which upstream; it is
made again, too. Schema 3 only lacked tables, which are made at every start.
"""

from __future__ import annotations

import sqlite3

import msgspec

from porch.keys import ObjectKey
from porch.store.interface import NewVersion
from porch.store.selection import owners, strings
from porch.store.sqlite.queries import SCHEMA
from porch.store.sqlite.transaction import SqliteTransaction, drop_index
from porch.store.terms import terms_of

_VANISHED = "ALTER TABLE user_metadata ADD COLUMN vanished INTEGER;"
_MOVE_ASIDE = """
DROP INDEX versions_current; DROP INDEX versions_by_name; DROP INDEX versions_by_alias;
DROP INDEX versions_history; DROP INDEX versions_log; DROP INDEX versions_superseded;
ALTER TABLE versions RENAME TO versions_1;
"""
_COPY = """
INSERT INTO versions (version, resource, namespace, name, deleted, uid, alias, labels, fields, owners, tail)
  SELECT version, resource, namespace, name, deleted, uid, alias, labels, fields, owners_in(tail), tail
  FROM versions_1 WHERE superseded_by IS NULL AND resource <> 'packagerevisions.porch.kpt.dev';
DELETE FROM revisions;
DELETE FROM refs;
"""
_DERIVE = """
INSERT INTO postings (term, namespace, name, since)
  SELECT terms.value, namespace, name, version
  FROM versions, json_each(terms_of(resource, labels, fields, owners)) AS terms;
INSERT INTO counts SELECT resource, namespace, count(*) FROM versions GROUP BY resource, namespace;
INSERT INTO counts SELECT resource, '*', count(*) FROM versions GROUP BY resource;
"""
_END = "INSERT INTO floors SELECT '*', version FROM sequence; DROP TABLE versions_1;"


class _Owner(msgspec.Struct):
    uid: str = ""


class _Metadata(msgspec.Struct, rename="camel"):
    owner_references: list[_Owner] = []


class _Object(msgspec.Struct):
    metadata: _Metadata


def from_1(db: sqlite3.Connection) -> None:
    db.create_function("owners_in", 1, _owners_in)
    db.create_function("terms_of", 4, _terms_of)
    db.executescript(f"BEGIN IMMEDIATE;{_MOVE_ASIDE}{_VANISHED}{SCHEMA}{_COPY}{_DERIVE}{_END}COMMIT;")


def from_2(db: sqlite3.Connection) -> None:
    db.executescript(f"BEGIN IMMEDIATE;{_VANISHED}{SCHEMA}")
    drop_index(SqliteTransaction(db))
    db.execute("COMMIT")


def derive(db: sqlite3.Connection) -> None:
    """Fills postings and counts, which are empty, from the current versions."""
    db.create_function("terms_of", 4, _terms_of)
    db.executescript(f"BEGIN IMMEDIATE;{_DERIVE}COMMIT;")


def _owners_in(tail: bytes) -> str:
    found = msgspec.json.decode(b'{"metadata":{"resourceVersion":"0' + tail, type=_Object)
    return msgspec.json.encode([owner.uid for owner in found.metadata.owner_references]).decode()


def _terms_of(resource: str, labels: str, fields: str, owned: str) -> str:
    version = NewVersion(
        ObjectKey(resource, "", ""), "", b"", labels=strings(labels), fields=strings(fields), owners=owners(owned)
    )
    return msgspec.json.encode(sorted(terms_of(version))).decode()
