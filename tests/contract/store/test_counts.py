"""Counts beside the objects, owners, and the jump after a restore."""

from __future__ import annotations

import functools
import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from porch.errors import Expired
from porch.store import ANY_OWNER, JUMP, Store, Transaction

from .samples import MAPS, changes, delete, get, key, names, new, page, put, version


class Refused(Exception):
    """What work raises to be rolled back."""


def count(store: Store, namespace: str | None = None) -> int:
    with store.read() as reads:
        return reads.versions.count(MAPS, namespace)


def test_counts_follow_every_commit_of_eight_writers_and_no_rollback(store: Store) -> None:
    def work(chance: random.Random, transaction: Transaction) -> None:
        name = chance.choice("abcdefgh")
        found = transaction.versions.get(key(name))
        if found is not None and chance.random() < 0.5:
            transaction.versions.delete(key(name))
        else:
            transaction.versions.put(new(name))
        transaction.versions.put(new(chance.choice("xyz"), namespace="other"))
        if chance.random() < 0.3:
            transaction.versions.put(new("never"))
            raise Refused

    def write_some(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(30):
            try:
                store.commit(functools.partial(work, chance))
            except Refused:
                continue

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write_some, range(8)))
    assert count(store, "default") == len(names(store, namespace="default"))
    assert count(store, "other") == len(names(store, namespace="other"))
    assert count(store) == len(names(store))
    assert get(store, "never") is None
    assert [change.current.version for change in changes(store)] == list(range(1, version(store) + 1))


def test_owners_are_kept_and_select(store: Store) -> None:
    owned = put(store, "a", owners=("u1", "u2"))
    put(store, "b", owners=("u2",))
    put(store, "c")
    assert get(store, "a") == owned
    assert names(store, owner="u1") == ["a"]
    assert names(store, owner="u2") == ["a", "b"]
    assert names(store, owner=ANY_OWNER) == ["a", "b"]
    assert delete(store, "a").owners == ("u1", "u2")


def test_a_jump_moves_the_sequence_ahead_and_ends_all_logs(store: Store) -> None:
    before = put(store, "a").version
    jumped = store.jump()
    assert jumped == before + JUMP == version(store)
    with pytest.raises(Expired):
        changes(store, after=before)
    with pytest.raises(Expired):
        page(store, at=before)
    assert names(store) == ["a"]
    assert put(store, "b").version == jumped + 1
    assert [change.current.key.name for change in changes(store, after=jumped)] == ["b"]
