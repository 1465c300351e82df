"""Query plans: no statement's cost grows with what is stored besides its answer."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator

import pytest

from porch.store.sqlite.queries import QUERIES, SCHEMA

WHOLE_TABLE = {
    "intent_all": "it reads the whole table by its purpose",
    "operation_all": "it reads the whole table by its purpose",
    "revision_drop": "it empties the table",
    "ref_drop": "it empties the table",
}


@pytest.fixture(scope="module")
def db() -> Iterator[sqlite3.Connection]:
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.executescript(SCHEMA)
    yield db
    db.close()


def plan(db: sqlite3.Connection, name: str) -> list[str]:
    named = dict.fromkeys(re.findall(r":(\w+)", QUERIES[name]), 1)
    parameters = named or (1,) * QUERIES[name].count("?")
    return [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {QUERIES[name]}", parameters)]


@pytest.mark.parametrize("name", sorted(QUERIES.keys() - WHOLE_TABLE.keys()))
def test_no_statement_scans_a_table(db: sqlite3.Connection, name: str) -> None:
    steps = [step for step in plan(db, name) if "json_each" not in step]
    assert not [step for step in steps if step.startswith("SCAN")]


@pytest.mark.parametrize("name", ["version_list", "version_list_at", "version_changes", "version_get"])
def test_pages_come_in_the_order_of_their_index(db: sqlite3.Connection, name: str) -> None:
    assert not [step for step in plan(db, name) if "TEMP B-TREE" in step]


@pytest.mark.parametrize("name", ["names_all", "names_all_at", "version_newest"])
def test_counting_reads_only_the_index(db: sqlite3.Connection, name: str) -> None:
    assert all("COVERING INDEX" in step for step in plan(db, name))


@pytest.mark.parametrize(
    ("name", "seek"),
    [
        ("version_get", "versions_current (resource=? AND namespace=? AND name=? AND superseded_by=?)"),
        ("version_list", "versions_current (resource=? AND (namespace,name)>(?,?) AND namespace<?)"),
        ("version_list_at", "versions_history (resource=? AND (namespace,name)>(?,?) AND namespace<?)"),
        ("version_list_named", "versions_by_name (resource=? AND name=?)"),
        ("version_list_named", "versions_by_alias (resource=? AND alias=?)"),
        ("version_by_alias", "versions_by_alias (resource=? AND alias=?)"),
        ("version_changes", "versions_log (resource=? AND rowid>?)"),
        ("version_changes", "versions_superseded (superseded_by=? AND rowid<?)"),
        ("version_compact", "versions_superseded (superseded_by<?)"),
        ("revision_of_repository", "revisions_by_package (namespace=? AND repository=?)"),
        ("revision_of_package", "revisions_by_package (namespace=? AND repository=? AND path=?)"),
        ("revision_at_refs", "revisions_by_ref (namespace=? AND repository=? AND ref=?)"),
        ("revision_count", "(namespace=? AND repository=?)"),
        ("revision_overlapping", "revisions_by_full_path (location=? AND full_path=?)"),
        ("revision_overlapping", "revisions_by_full_path (location=? AND full_path>? AND full_path<?)"),
        ("ref_targets", "PRIMARY KEY (mirror=? AND ref=?)"),
        ("ref_clashing", "PRIMARY KEY (mirror=? AND ref=?)"),
        ("ref_clashing", "PRIMARY KEY (mirror=? AND ref>? AND ref<?)"),
        ("metadata_drop_vanished", "user_metadata_vanished (vanished<?)"),
        ("intent_open", "intents_by_applied (applied=?)"),
        ("intent_applied", "intents_by_applied (applied=?)"),
        ("intent_moving", "PRIMARY KEY (mirror=? AND ref=?)"),
    ],
)
def test_lookups_are_seeks(db: sqlite3.Connection, name: str, seek: str) -> None:
    assert any(seek in step for step in plan(db, name))
