"""What a snapshot and a transaction offer, bound to one connection, and the upkeep that runs inside a transaction."""

from __future__ import annotations

import sqlite3

from porch.store.interface import DERIVED, JUMP
from porch.store.renders import RenderReader, RenderWriter
from porch.store.rows import floors
from porch.store.sqlite.intents import SqliteIntentReader, SqliteIntentWriter
from porch.store.sqlite.queries import QUERIES
from porch.store.sqlite.revisions import SqliteRevisionReader, SqliteRevisionWriter
from porch.store.sqlite.versions import EVERY_RESOURCE, SqliteVersionReader, SqliteVersionWriter
from porch.store.terms import range_of

_DROP_VERSIONS = QUERIES["version_drop"]
_DROP_REVISIONS = QUERIES["revision_drop"]
_DROP_REFS = QUERIES["ref_drop"]
_COMPACT = QUERIES["version_compact"]
_RAISE_FLOOR = QUERIES["floor_raise"]
_DROP_POSTINGS = QUERIES["posting_drop"]
_DROP_COUNTS = QUERIES["count_drop"]
_COMPACT_POSTINGS = QUERIES["posting_compact"]
_JUMP = QUERIES["sequence_jump"]


class SqliteReads:
    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db
        self.versions = SqliteVersionReader(db)
        self.revisions = SqliteRevisionReader(db)
        self.intents = SqliteIntentReader(db)
        self.renders = RenderReader(db, QUERIES)


class SqliteTransaction:
    def __init__(self, db: sqlite3.Connection) -> None:
        self.db = db
        self.versions = SqliteVersionWriter(db)
        self.revisions = SqliteRevisionWriter(db)
        self.intents = SqliteIntentWriter(db)
        self.renders = RenderWriter(db, QUERIES)


def drop_index(transaction: SqliteTransaction) -> None:
    """Takes a number of its own for the floor, so that even a reader that was up to date gets Expired."""
    db = transaction.db
    db.execute(_DROP_REVISIONS)
    db.execute(_DROP_REFS)
    floor = transaction.versions.allot()
    for resource in DERIVED:
        first, last = range_of(resource)
        db.execute(_DROP_VERSIONS, {"resource": resource})
        db.execute(_DROP_POSTINGS, {"first": first, "last": last})
        db.execute(_DROP_COUNTS, {"resource": resource})
        db.execute(_RAISE_FLOOR, {"resource": resource, "version": floor})


def jump(transaction: SqliteTransaction) -> int:
    """Ends all logs at a number that nobody was ever given."""
    db = transaction.db
    ((version,),) = db.execute(_JUMP, {"by": JUMP}).fetchall()
    db.execute(_RAISE_FLOOR, {"resource": EVERY_RESOURCE, "version": version})
    return int(version)


def compact_some(transaction: SqliteTransaction, before: int, limit: int) -> int:
    """Drops at most `limit` versions and returns how many; floors rise only where something was dropped."""
    dropped = transaction.db.execute(_COMPACT, {"before": before, "limit": limit}).fetchall()
    raised = floors(dropped)
    for resource, version in raised.items():
        transaction.db.execute(_RAISE_FLOOR, {"resource": resource, "version": version})
    transaction.db.execute(_COMPACT_POSTINGS, {"before": max(raised.values(), default=0)})
    return len(dropped)
