"""Compaction: what nobody can see any more goes; who needs it is told so."""

from __future__ import annotations

import pytest

from porch.errors import Expired
from porch.store import Store

from .samples import changes, delete, get, names, page, put, version


@pytest.fixture
def history(store: Store) -> Store:
    """Versions 1 to 6: a twice, b twice, a gone, c."""
    put(store, "a")
    put(store, "b")
    put(store, "a", b"2")
    put(store, "b", b"2")
    delete(store, "a")
    put(store, "c")
    return store


def test_current_objects_stay(history: Store) -> None:
    history.compact(before=10**9)
    assert names(history) == ["b", "c"]
    assert get(history, "b") is not None
    assert get(history, "a") is None


def test_the_sequence_goes_on(history: Store) -> None:
    history.compact(before=10**9)
    assert version(history) == 6
    assert put(history, "a").version == 7


def test_states_and_log_from_there_on_stay_whole(history: Store) -> None:
    kept = list(changes(history))
    states = {at: page(history, at=at).items for at in (3, 4, 5, 6)}
    history.compact(before=3)
    assert {at: page(history, at=at).items for at in states} == states
    assert list(changes(history, after=3)) == kept[3:]


def test_older_states_and_log_are_expired(history: Store) -> None:
    history.compact(before=3)
    with pytest.raises(Expired, match=r"^The resourceVersion for the provided list is too old\.$"):
        page(history, at=2)
    with pytest.raises(Expired, match=r"^too old resource version: 2 \(3\)$"):
        changes(history, after=2)


def test_a_tombstone_goes_when_it_is_older(history: Store) -> None:
    history.compact(before=5)
    assert [change.current.key.name for change in changes(history, after=5)] == ["c"]
    with pytest.raises(Expired):
        changes(history, after=4)


def test_resources_that_lost_nothing_can_still_be_followed_from_the_start(history: Store) -> None:
    put(history, "s", resource="secrets")
    history.compact(before=10**9)
    assert len(changes(history, 0, "secrets")) == 1


def test_compacting_again_or_further_back_changes_nothing(history: Store) -> None:
    history.compact(before=5)
    history.compact(before=5)
    history.compact(before=1)
    assert page(history, at=5).version == 5
    with pytest.raises(Expired):
        page(history, at=4)


def test_much_history_is_dropped_whole(store: Store) -> None:
    for number in range(1, 700):
        put(store, f"n{number % 3}")
    store.compact(before=version(store))
    assert names(store) == ["n0", "n1", "n2"]
    assert changes(store, version(store)) == []
    with pytest.raises(Expired):
        changes(store, version(store) - 4)
