"""What a snapshot and a transaction offer, bound to one connection, and the upkeep that runs inside a transaction."""

from __future__ import annotations

from porch.store.interface import DERIVED, JUMP
from porch.store.postgres.connection import Database
from porch.store.postgres.intents import PostgresIntentReader, PostgresIntentWriter
from porch.store.postgres.queries import QUERIES
from porch.store.postgres.revisions import PostgresRevisionReader, PostgresRevisionWriter
from porch.store.postgres.versions import PostgresVersionReader, PostgresVersionWriter
from porch.store.renders import RenderReader, RenderWriter
from porch.store.rows import floors
from porch.store.terms import range_of

_DROP_VERSIONS = QUERIES["version_drop"]
_DROP_REVISIONS = QUERIES["revision_drop"]
_DROP_REFS = QUERIES["ref_drop"]
_DROP_COUNTS = QUERIES["count_drop"]
_COMPACT = QUERIES["version_compact"]
_RAISE_FLOOR = QUERIES["floor_raise"]
_JUMP_FLOORS = QUERIES["floor_jump"]
_DROP_POSTINGS = QUERIES["posting_drop"]
_COMPACT_POSTINGS = QUERIES["posting_compact"]


class PostgresReads:
    def __init__(self, db: Database) -> None:
        self.db = db
        self.versions = PostgresVersionReader(db)
        self.revisions = PostgresRevisionReader(db)
        self.intents = PostgresIntentReader(db)
        self.renders = RenderReader(db, QUERIES)


class PostgresTransaction:
    def __init__(self, db: Database, newest: int) -> None:
        self.db = db
        self.versions = PostgresVersionWriter(db, newest)
        self.revisions = PostgresRevisionWriter(db)
        self.intents = PostgresIntentWriter(db)
        self.renders = RenderWriter(db, QUERIES)


def drop_index(transaction: PostgresTransaction) -> None:
    """Takes a number of its own for the floor, so that even a reader that was up to date gets Expired."""
    db = transaction.db
    db.execute(_DROP_REVISIONS)
    db.execute(_DROP_REFS)
    floor = transaction.versions.allot()
    for resource in DERIVED:
        first, last = range_of(resource)
        db.execute(_DROP_VERSIONS, {"resource": resource})
        db.execute(_DROP_COUNTS, {"resource": resource})
        db.execute(_DROP_POSTINGS, {"first": first, "last": last})
        db.execute(_RAISE_FLOOR, {"resource": resource, "version": floor})


def jump(transaction: PostgresTransaction) -> int:
    version = transaction.versions.allot(JUMP)
    transaction.db.execute(_JUMP_FLOORS, {"version": version})
    return version


def compact_some(transaction: PostgresTransaction, before: int, limit: int) -> int:
    """Drops at most `limit` versions and returns how many; floors rise only where something was dropped."""
    dropped = transaction.db.execute(_COMPACT, {"before": before, "limit": limit}).fetchall()
    raised = floors(dropped)
    for resource, version in raised.items():
        transaction.db.execute(_RAISE_FLOOR, {"resource": resource, "version": version})
    transaction.db.execute(_COMPACT_POSTINGS, {"before": max(raised.values(), default=0)})
    return len(dropped)
