"""The database file: private, recognised, and clear about what is wrong with it."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from porch.errors import ServiceUnavailable
from porch.keys import ObjectKey
from porch.store import NewVersion, Store, Transaction
from porch.store.sqlite import open_store
from porch.store.sqlite.store import SqliteStore

KEY = ObjectKey("configmaps", "default", "a")


def put(transaction: Transaction) -> int:
    return transaction.versions.put(NewVersion(KEY, "uid", b"{}")).version


def newest(store: Store) -> int:
    with store.read() as reads:
        return reads.versions.version()


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.mark.usefixtures("open_umask")
def test_all_its_files_are_private_whatever_the_umask(tmp_path: Path) -> None:
    store = open_store(tmp_path / "porch.db")
    store.commit(put)
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
    store.close()
    assert modes == {"porch.db": 0o600, "porch.db-wal": 0o600, "porch.db-shm": 0o600, "porch.db-version": 0o600}


def test_a_file_that_was_readable_for_others_is_made_private(tmp_path: Path) -> None:
    path = tmp_path / "porch.db"
    path.touch(0o644)
    open_store(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_commit_is_synced_and_keys_are_checked(tmp_path: Path) -> None:
    store = open_store(tmp_path / "porch.db")
    assert isinstance(store, SqliteStore)
    writer = store._writer._db
    settings = {
        name: writer.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
    }
    store.close()
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000}


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    store = open_store(tmp_path / "porch.db")
    assert isinstance(store, SqliteStore)
    reads = store._take()
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reads.db.execute("DELETE FROM versions")
    reads.db.close()
    store.close()


def test_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "porch.db"
    open_store(path).close()
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 5")
    db.close()
    with pytest.raises(ServiceUnavailable, match=r"porch\.db was written by a newer Porch \(schema 5"):
        open_store(path)


def test_a_file_that_is_no_database_is_named_with_the_remedy(tmp_path: Path) -> None:
    path = tmp_path / "porch.db"
    path.write_bytes(b"not a database" * 1000)
    with pytest.raises(ServiceUnavailable, match=r"porch\.db is damaged or no database: .* `porch restore`") as caught:
        open_store(path)
    assert caught.value.retry_after is not None
    assert isinstance(caught.value.__cause__, sqlite3.DatabaseError)


def test_a_damaged_database_is_unavailable_and_names_the_remedy(tmp_path: Path) -> None:
    """Found when it is opened, or later: pages of the sequence alone do not matter to opening the file."""
    path = tmp_path / "porch.db"
    store = open_store(path)
    store.commit(put)
    store.close()
    path.with_name("porch.db-version").unlink()
    with sqlite3.connect(path) as db:
        (page,) = db.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'sequence'").fetchone()
    db.close()
    content = bytearray(path.read_bytes())
    content[4096 * (page - 1) : 4096 * page] = b"\xff" * 4096
    path.write_bytes(content)
    store = open_store(path)
    with pytest.raises(ServiceUnavailable, match="is damaged: stop the server and run `porch index rebuild`"):
        newest(store)
    with pytest.raises(ServiceUnavailable, match="is damaged: stop the server and run `porch index rebuild`"):
        store.commit(put)
    store.close()
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(ServiceUnavailable, match="is damaged: stop the server and run `porch index rebuild`"):
        open_store(path)


@pytest.mark.parametrize("name", ["missing/porch.db", "."])
def test_a_path_that_cannot_be_a_file_is_unavailable(tmp_path: Path, name: str) -> None:
    with pytest.raises(ServiceUnavailable, match="cannot be opened"):
        open_store(tmp_path / name)


def test_connections_are_as_many_as_readers_at_one_time(tmp_path: Path) -> None:
    store = open_store(tmp_path / "porch.db")
    assert isinstance(store, SqliteStore)
    for _ in range(5):
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: newest(store), range(40)))
    assert 1 <= len(store._idle) <= 4
    with store.read(), store.read():
        pass
    store.close()
    assert store._idle == []


def test_a_snapshot_in_use_outlives_the_store(tmp_path: Path) -> None:
    store = open_store(tmp_path / "porch.db")
    with store.read() as reads:
        store.close()
        assert reads.versions.version() == 0
