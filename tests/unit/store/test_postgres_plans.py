"""Query plans of the PostgreSQL adapter: where an index can serve a statement, none scans a table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from tests.support.postgres import database, shared_server

from porch.store.postgres.connection import Database, prepare
from porch.store.postgres.queries import QUERIES

WHOLE_TABLE = {
    "intent_all": "it reads the whole table by its purpose",
    "operation_all": "it reads the whole table by its purpose",
    "revision_drop": "it empties the table",
    "ref_drop": "it empties the table",
}
LISTS = {"refs", "at_or_above", "above", "namespaces", "names"}
NUMBERS = {
    "version",
    "at",
    "after",
    "before",
    "limit",
    "by",
    "batch",
    "superseded_by",
    "most",
    "first",
    "last",
    "vanished",
    "rendered",
}
TERMS = {"terms", "without"}
TRUTHS = {"applied", "succeeded"}


def _value(name: str) -> object:
    if name in LISTS:
        return ["x"]
    if name in TERMS:
        return [1]
    if name in NUMBERS:
        return 1
    return True if name in TRUTHS else b"x" if name in {"tail", "payload", "pack", "metadata", "status"} else "x"


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    conninfo = database(shared_server(), Path(tmp_path_factory.mktemp("plans")))
    prepare(conninfo)
    with psycopg.connect(conninfo, autocommit=True, cursor_factory=psycopg.ClientCursor) as db:
        db.execute("SET enable_seqscan = off")  # the tables are empty: what is left is what no index can serve
        yield db


@pytest.mark.parametrize("name", sorted(QUERIES.keys() - WHOLE_TABLE.keys() - {"revision_put"}))
def test_no_statement_scans_a_table(db: Database, name: str) -> None:
    parameters = {found: _value(found) for found in re.findall(r"%\((\w+)\)s", QUERIES[name].decode())}
    parameters |= {"deleted": False} if "deleted" in parameters else {}
    steps = [row[0] for row in db.execute(b"EXPLAIN " + QUERIES[name], parameters)]
    assert not [step for step in steps if "Seq Scan" in step]
