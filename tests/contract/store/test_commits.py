"""Commits: all or nothing for each work, one order for everybody, and a clear end."""

from __future__ import annotations

import functools
import random
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from porch.errors import Conflict, ServiceUnavailable
from porch.store import Change, Store, Transaction

from .conftest import Opener
from .samples import MAPS, changes, delete, get, key, new, put, version, write


class Refused(Exception):
    """What work raises to be rolled back."""


def test_a_work_that_raises_leaves_nothing(store: Store) -> None:
    put(store, "a", b"kept")

    def work(transaction: Transaction) -> None:
        transaction.versions.put(new("a", b"lost"))
        transaction.versions.put(new("b"))
        raise Conflict("moved meanwhile")

    with pytest.raises(Conflict, match="moved meanwhile"):
        store.commit(work)
    kept = get(store, "a")
    assert kept is not None
    assert kept.tail == b"kept"
    assert get(store, "b") is None
    assert version(store) == 1
    assert len(changes(store)) == 1


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), GeneratorExit()])
def test_even_an_interrupt_inside_a_work_reaches_its_caller_only(store: Store, error: BaseException) -> None:
    def work(transaction: Transaction) -> None:
        raise error

    with pytest.raises(type(error)):
        store.commit(work)
    assert put(store, "a").version == 1


def test_listeners_hear_the_changes_of_a_commit_before_it_returns(store: Store) -> None:
    heard: list[Change] = []
    store.on_commit(heard.extend)
    first = put(store, "a", b"1")
    assert heard == [Change(first, None)]
    second = put(store, "a", b"2")
    tombstone = delete(store, "a")
    assert heard[1:] == [Change(second, first), Change(tombstone, second)]
    assert heard == list(changes(store))


def test_listeners_hear_nothing_of_a_rollback_or_of_a_work_without_versions(store: Store) -> None:
    heard: list[Sequence[Change]] = []
    store.on_commit(heard.append)

    def work(transaction: Transaction) -> None:
        transaction.versions.put(new("a"))
        raise Refused

    with pytest.raises(Refused):
        store.commit(work)
    store.commit(lambda transaction: transaction.versions.version())
    assert heard == []


def test_a_listener_that_fails_harms_nobody(store: Store) -> None:
    heard: list[Change] = []

    def failing(_: Sequence[Change]) -> None:
        raise Refused

    store.on_commit(failing)
    store.on_commit(heard.extend)
    put(store, "a")
    assert len(heard) == 1


def test_a_snapshot_does_not_move(store: Store) -> None:
    put(store, "a", b"old")
    with store.read() as reads:
        before = reads.versions.version()
        put(store, "a", b"new")
        put(store, "b")
        found = reads.versions.get(key("a"))
        assert found is not None
        assert found.tail == b"old"
        assert reads.versions.version() == before
        assert reads.versions.get(key("b")) is None
        assert len(reads.versions.changes(MAPS, 0, 10)) == 1
    assert version(store) == before + 2


def test_a_snapshot_ends_with_its_block_also_by_an_error(store: Store) -> None:
    def read_and_fail() -> None:
        with store.read() as reads:
            reads.versions.version()
            raise Refused

    with pytest.raises(Refused):
        read_and_fail()
    put(store, "a")
    assert version(store) == 1


def _hold_writer(store: Store, pool: ThreadPoolExecutor) -> Callable[[], None]:
    """Keeps the writer busy, so that what is committed meanwhile waits together. Call the result to let go."""
    entered, release = threading.Event(), threading.Event()

    def work(_: Transaction) -> None:
        entered.set()
        release.wait(10)

    pool.submit(store.commit, work)
    assert entered.wait(10)
    return release.set


def test_a_work_that_fails_does_not_disturb_those_it_waited_with(store: Store) -> None:
    def fine(name: str) -> Callable[[Transaction], object]:
        return lambda transaction: transaction.versions.put(new(name))

    def failing(transaction: Transaction) -> None:
        transaction.versions.put(new("lost"))
        raise Refused

    with ThreadPoolExecutor(10) as pool:
        let_go = _hold_writer(store, pool)
        futures = [pool.submit(store.commit, work) for work in (fine("a"), failing, fine("b"), failing, fine("c"))]
        let_go()
        errors = [type(future.exception(10)) for future in futures]
    assert errors == [type(None), Refused, type(None), Refused, type(None)]
    assert sorted(change.current.key.name for change in changes(store)) == ["a", "b", "c"]
    assert version(store) == 3


def test_commit_order_is_the_order_of_the_sequence_for_everybody(store: Store) -> None:
    heard: list[Change] = []
    store.on_commit(heard.extend)
    followed: list[Change] = []
    done = threading.Event()

    def follow() -> None:
        """A watcher: reads on from where it is, and must miss and repeat nothing."""
        after = 0
        while True:
            last_round = done.is_set()
            while found := changes(store, after, limit=7):
                followed.extend(found)
                after = found[-1].current.version
            if last_round:
                return

    def write_some(seed: int) -> list[int]:
        chance = random.Random(seed)
        given = []
        for number in range(40):
            try:
                given += store.commit(functools.partial(_random_work, chance, number))
            except Refused:
                continue
        return given

    with ThreadPoolExecutor(9) as pool:
        follower = pool.submit(follow)
        given = [number for numbers in pool.map(write_some, range(8)) for number in numbers]
        done.set()
        follower.result(30)
    assert sorted(given) == [change.current.version for change in heard]
    assert followed == heard
    assert list(changes(store)) == heard
    assert version(store) == heard[-1].current.version


def _random_work(chance: random.Random, number: int, transaction: Transaction) -> list[int]:
    names = chance.sample("abcdefgh", 2)
    written = [transaction.versions.put(new(name, b"%d" % number)).version for name in names]
    if chance.random() < 0.3:
        written.append(transaction.versions.delete(key(names[0])).version)
    if chance.random() < 0.3:
        raise Refused
    return written


def test_many_short_lived_threads_can_read(store: Store) -> None:
    put(store, "a")
    for _ in range(20):
        threads = [threading.Thread(target=get, args=(store, "a")) for _ in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert get(store, "a") is not None


def test_a_commit_inside_a_commit_is_refused_and_does_not_hang(store: Store) -> None:
    with pytest.raises(Exception, match="wait for itself"):
        store.commit(lambda _: put(store, "a"))
    assert put(store, "b").version == 1


def test_a_closed_store_is_unavailable(opener: Opener, tmp_path: Path) -> None:
    store = opener(tmp_path)
    put(store, "a")
    store.close()
    store.close()
    with pytest.raises(ServiceUnavailable):
        put(store, "b")
    with pytest.raises(ServiceUnavailable):
        get(store, "a")


def test_closing_finishes_the_work_that_waits(opener: Opener, tmp_path: Path) -> None:
    store = opener(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        let_go = _hold_writer(store, pool)
        waiting = [pool.submit(put, store, name) for name in "abc"]
        closing = pool.submit(store.close)
        let_go()
        closing.result(10)
        outcomes = [type(future.exception(10)) for future in waiting]
    again = opener(tmp_path)
    assert outcomes.count(type(None)) == version(again)
    assert set(outcomes) <= {type(None), ServiceUnavailable}
    again.close()


def test_several_writes_of_one_work_are_one_commit(store: Store) -> None:
    heard: list[int] = []
    store.on_commit(lambda made: heard.append(len(made)))
    write(store, lambda t: t.versions.put(new("a")), lambda t: t.versions.put(new("b")))
    assert heard == [2]
