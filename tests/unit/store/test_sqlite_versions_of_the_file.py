"""Files of an older schema are brought along; files that lost commits are noticed."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from porch.errors import Expired
from porch.keys import ObjectKey
from porch.store import JUMP, NewVersion, Query, Store
from porch.store.sqlite import open_store
from porch.types.selectors import Requirement, Selector

_SCHEMA_1 = Path(__file__).with_name("schema_1.sql").read_text()
_SCHEMA_2 = Path(__file__).with_name("schema_2.sql").read_text()
_ADD = (
    "INSERT INTO versions"
    " (version, resource, namespace, name, superseded_by, deleted, uid, alias, labels, fields, tail)"
    " VALUES (?, 'configmaps', 'default', ?, ?, 0, 'u', NULL, ?, '{}', ?)"
)
_TAIL = b'","name":"b","ownerReferences":[{"apiVersion":"v1","kind":"ConfigMap","name":"a","uid":"owner"}]}}'


def put(store: Store, name: str) -> int:
    new = NewVersion(ObjectKey("configmaps", "default", name), "u", b"{}")
    return store.commit(lambda transaction: transaction.versions.put(new)).version


def newest(store: Store) -> int:
    with store.read() as reads:
        return reads.versions.version()


def names(store: Store, query: Query) -> list[str]:
    with store.read() as reads:
        return [item.key.name for item in reads.versions.list(query).items]


def test_a_file_of_schema_1_keeps_its_objects_and_learns_to_select_them(tmp_path: Path) -> None:
    path = tmp_path / "porch.db"
    db = sqlite3.connect(path)
    db.executescript(_SCHEMA_1)
    with db:
        db.execute(_ADD, (1, "a", 2, "{}", b'"}}'))
        db.execute(_ADD, (2, "a", None, '{"tier":"front"}', b'"}}'))
        db.execute(_ADD, (3, "b", None, "{}", _TAIL))
        db.execute("UPDATE sequence SET version = 3")
    db.close()
    for _ in range(2):
        store = open_store(path)
        front = Selector((Requirement("tier", "in", ("front",)),))
        assert names(store, Query("configmaps")) == ["a", "b"]
        assert names(store, Query("configmaps", labels=front)) == ["a"]
        assert names(store, Query("configmaps", owner="owner")) == ["b"]
        with store.read() as reads:
            assert (reads.versions.version(), reads.versions.count("configmaps", "default")) == (3, 2)
            assert reads.versions.count("configmaps", None) == 2
            with pytest.raises(Expired):
                reads.versions.changes("configmaps", 2, 10)
        store.close()


@pytest.mark.parametrize("schema", [_SCHEMA_1, _SCHEMA_2])
def test_user_metadata_of_older_schemas_counts_as_that_of_revisions_that_are_there(tmp_path: Path, schema: str) -> None:
    path = tmp_path / "porch.db"
    db = sqlite3.connect(path)
    db.executescript(schema)
    with db:
        db.execute("INSERT INTO user_metadata (namespace, name, metadata) VALUES ('default', 'a.b.c', x'7b7d')")
    db.close()
    for when in (None, 100):
        store = open_store(path)
        with store.read() as reads:
            assert reads.revisions.user_metadata("default", "a.b.c") == b"{}"
            assert reads.revisions.vanished_since("default", "a.b.c") == when
        store.commit(lambda tx: tx.revisions.set_vanished("default", ["a.b.c"], 100))
        store.close()


def test_the_index_of_schema_2_is_made_again(tmp_path: Path) -> None:
    """It does not tell which revisions follow which upstream; other kinds keep their logs."""
    path = tmp_path / "porch.db"
    db = sqlite3.connect(path)
    db.executescript(_SCHEMA_2)
    with db:
        db.execute("INSERT INTO refs (mirror, ref, target) VALUES ('m', 'refs/heads/main', 'x')")
        db.execute("UPDATE sequence SET version = 7")
    db.close()
    store = open_store(path)
    with store.read() as reads:
        assert reads.revisions.refs("m") == {}
        assert reads.versions.version() == 8
        assert reads.versions.changes("configmaps", 7, 10) == []
        with pytest.raises(Expired):
            reads.versions.changes("packagerevisions.porch.kpt.dev", 7, 10)
    store.close()


def test_an_old_copy_put_back_does_not_give_out_numbers_again(tmp_path: Path) -> None:
    path = tmp_path / "porch.db"
    store = open_store(path)
    put(store, "a")
    store.close()
    shutil.copy(path, tmp_path / "copy")
    store = open_store(path)
    known = put(store, "b")
    store.close()
    (tmp_path / "copy").replace(path)
    store = open_store(path)
    assert newest(store) == known - 1 + JUMP
    assert put(store, "c") == known + JUMP
    with store.read() as reads, pytest.raises(Expired):
        reads.versions.changes("configmaps", known, 10)
    store.close()


@pytest.mark.parametrize("kept", [0, 32, 4000, 9000])
def test_a_log_that_was_cut_off_is_noticed(tmp_path: Path, kept: int) -> None:
    """A copy of the files as they are while the store is open, with less of the log than there was."""
    store = open_store(tmp_path / "porch.db")
    for number in range(20):
        put(store, f"n{number}")
    copied = tmp_path / "cut"
    copied.mkdir()
    for file in ("porch.db", "porch.db-wal", "porch.db-version"):
        shutil.copy(tmp_path / file, copied / file)
    store.close()
    with (copied / "porch.db-wal").open("r+b") as log:
        log.truncate(kept)
    store = open_store(copied / "porch.db")
    assert newest(store) >= JUMP
    assert put(store, "more") > 20
    store.close()


@pytest.mark.parametrize("mark", [b"", b"garbage", b"0000000000000000001"])
def test_a_mark_that_says_nothing_moves_nothing(tmp_path: Path, mark: bytes) -> None:
    path = tmp_path / "porch.db"
    store = open_store(path)
    put(store, "a")
    store.close()
    path.with_name("porch.db-version").write_bytes(mark)
    store = open_store(path)
    assert newest(store) == 1
    store.close()
