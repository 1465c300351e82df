"""Connections to the database, and what its errors mean.

A commit survives a power cut (`synchronous_commit`). Bounds on waiting keep one process that hangs from stopping all.
"""

from __future__ import annotations

from typing import Any

import psycopg

from porch.errors import InternalError, PorchError, ServiceUnavailable
from porch.store.postgres.queries import SCHEMA

Database = psycopg.Connection[tuple[Any, ...]]
RETRY_SECONDS = 5
_CONNECT_SECONDS = 5
_SETTINGS = (
    b"SET synchronous_commit = on",
    b"SET lock_timeout = '30s'",
    b"SET idle_in_transaction_session_timeout = '60s'",
)
_SCHEMA_LOCK = b"SELECT pg_advisory_xact_lock(8030261401)"  # any number that is ours: opens wait for each other


def prepare(conninfo: str) -> None:
    """Makes the tables present. Raises ServiceUnavailable."""
    try:
        with connect(conninfo) as db, db.transaction():
            db.execute(_SCHEMA_LOCK)
            db.execute(SCHEMA)
    except psycopg.Error as error:
        raise translated(error) from error


def connect(conninfo: str) -> Database:
    """A connection in autocommit mode, which may be handed from thread to thread."""
    db = psycopg.connect(conninfo, autocommit=True, connect_timeout=_CONNECT_SECONDS)
    try:
        for setting in _SETTINGS:
            db.execute(setting)
    except BaseException:
        db.close()
        raise
    return db


def translated(error: psycopg.Error) -> PorchError:
    """ServiceUnavailable for what an operator can mend or time does, InternalError for our own faults."""
    told = str(error).strip().partition("\n")[0]
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return ServiceUnavailable(f"the PostgreSQL database failed: {told}", retry_after=RETRY_SECONDS)
    return InternalError(f"the PostgreSQL database refused a statement: {told}")
