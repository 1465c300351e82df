"""Faults of the disk and of SQLite: nothing is kept that was not acknowledged, and the store stays usable."""

from __future__ import annotations

import errno
import multiprocessing
import resource
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from porch.errors import InternalError, ServiceUnavailable
from porch.keys import ObjectKey, RepositoryKey
from porch.store import Change, Intent, NewVersion, Store
from porch.store.sqlite.store import SqliteStore
from porch.store.sqlite.transaction import SqliteTransaction

MAPS = "configmaps"
Work = Callable[[SqliteTransaction], object]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    store = SqliteStore(tmp_path / "porch.db")
    yield store
    store.close()


def put(name: str, tail: bytes = b"{}") -> Work:
    return lambda transaction: transaction.versions.put(NewVersion(ObjectKey(MAPS, "default", name), "uid", tail))


def kept(store: Store) -> list[str]:
    with store.read() as reads:
        return [change.current.key.name for change in reads.versions.changes(MAPS, 0, 100)]


def outcomes(store: SqliteStore, works: Sequence[Work]) -> list[type[BaseException] | None]:
    """Commits all works in one batch, in order; the error type of each."""
    entered, release = threading.Event(), threading.Event()

    def hold(_: SqliteTransaction) -> None:
        entered.set()
        release.wait(10)

    with ThreadPoolExecutor(len(works) + 1) as pool:
        pool.submit(store._writer.commit, hold)
        assert entered.wait(10)
        futures = []
        for waiting, work in enumerate(works, start=1):
            futures.append(pool.submit(store._writer.commit, work))
            while store._writer._queue.qsize() < waiting:
                pass
        release.set()
        errors = [future.exception(10) for future in futures]
    return [None if error is None else type(error) for error in errors]


def limit_pages(pages: int) -> Work:
    return lambda transaction: transaction.db.execute(f"PRAGMA max_page_count = {pages}").fetchone()


def break_commit(transaction: SqliteTransaction) -> None:
    """A row that SQLite refuses only at the COMMIT."""
    transaction.db.execute("INSERT INTO moving_refs (mirror, ref, intent) VALUES ('m', 'r', 'nobody')")


def lose_transaction(transaction: SqliteTransaction) -> None:
    """What SQLite itself does after some errors of the disk."""
    transaction.db.execute("ROLLBACK")


def test_a_full_disk_costs_only_the_work_that_does_not_fit(store: SqliteStore) -> None:
    store._writer.commit(limit_pages(60))
    big = put("big", b"x" * 1_000_000)
    assert outcomes(store, [put("a"), big, put("b")]) == [None, ServiceUnavailable, None]
    assert kept(store) == ["a", "b"]
    with pytest.raises(ServiceUnavailable, match=r"porch\.db cannot grow: free some space on its disk"):
        store._writer.commit(big)
    store._writer.commit(limit_pages(10_000))
    store._writer.commit(big)
    assert kept(store) == ["a", "b", "big"]


def test_when_the_commit_fails_the_whole_batch_fails_and_nothing_is_kept(store: SqliteStore) -> None:
    heard: list[Change] = []
    store.on_commit(heard.extend)
    assert outcomes(store, [put("a"), break_commit, put("b")]) == [ServiceUnavailable] * 3
    assert kept(store) == []
    assert heard == []
    store._writer.commit(put("c"))
    assert kept(store) == ["c"]


def test_a_work_that_takes_the_transaction_with_it_fails_alone(store: SqliteStore) -> None:
    heard: list[Change] = []
    store.on_commit(heard.extend)
    assert outcomes(store, [put("a"), lose_transaction, put("b")]) == [None, ServiceUnavailable, None]
    assert kept(store) == ["a", "b"]
    assert [change.current.version for change in heard] == [1, 2]


def test_a_fault_of_the_writer_itself_is_not_taken_for_success(store: SqliteStore) -> None:
    def spoil(transaction: SqliteTransaction) -> None:
        del transaction.versions.made

    assert outcomes(store, [put("a"), spoil, put("b")]) == [ServiceUnavailable] * 3
    store._writer.commit(put("c"))
    assert kept(store) == ["c"]


@pytest.mark.parametrize("error", [MemoryError(), OSError(errno.ENOSPC, "full"), OSError(errno.EMFILE, "many")])
def test_a_system_that_has_no_more_to_give_is_unavailable(store: SqliteStore, error: Exception) -> None:
    def fail(_: SqliteTransaction) -> None:
        raise error

    assert outcomes(store, [put("a"), fail, put("b")]) == [None, ServiceUnavailable, None]
    assert kept(store) == ["a", "b"]


def test_a_statement_that_breaks_a_rule_is_our_fault_and_rolled_back(store: SqliteStore) -> None:
    intent = Intent("op", RepositoryKey("default", "blueprints"), "m", (), b"")

    def add_twice(transaction: SqliteTransaction) -> None:
        transaction.intents.add(intent)
        transaction.intents.add(intent)

    with pytest.raises(InternalError):
        store._writer.commit(add_twice)
    with store.read() as reads:
        assert reads.intents.all() == []


def test_nobody_waits_for_a_writer_that_has_gone(store: SqliteStore) -> None:
    def end_writer(_: SqliteTransaction) -> None:
        store._writer._queue.put(None)

    def queued_behind(_: SqliteTransaction) -> None:
        raise AssertionError("never run")

    store._writer.commit(end_writer)
    with pytest.raises(ServiceUnavailable, match="the store is closed"):
        store._writer.commit(queued_behind)
    store._writer._thread.join(10)
    assert not store._writer._thread.is_alive()


@pytest.mark.parametrize("error", [RuntimeError(), SystemExit()])
def test_a_listener_that_fails_leaves_the_writer_at_work(store: SqliteStore, error: BaseException) -> None:
    def failing(_: Sequence[Change]) -> None:
        raise error

    store.on_commit(failing)
    store._writer.commit(put("a"))
    store._writer.commit(put("b"))
    assert kept(store) == ["a", "b"]


def _fill_disk(path: Path) -> tuple[str, list[str]]:
    """With a limit on the size of files, COMMIT itself meets the end of the disk."""
    store = SqliteStore(path)
    store._writer.commit(put("a"))
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = path.with_name("porch.db-wal").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 1000, unlimited[1]))
    try:
        store._writer.commit(put("b"))
        outcome = "acknowledged"
    except ServiceUnavailable as error:
        outcome = error.message
    resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
    store._writer.commit(put("c"))
    names = kept(store)
    store.close()
    return outcome, names


def test_a_commit_that_cannot_be_written_is_not_acknowledged_and_not_kept(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        outcome, names = pool.apply(_fill_disk, [tmp_path / "porch.db"])
    assert "porch.db cannot" in outcome
    assert names == ["a", "c"]
