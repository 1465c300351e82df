"""Intents: kept until removed, oldest first, and they say which refs are on the move."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from porch.store import Intent, RefMove, Store

from .conftest import Opener
from .samples import BLUEPRINTS, write

CREATE = Intent(
    "op-2",
    BLUEPRINTS,
    "mirror",
    (RefMove("refs/heads/b", "", "1" * 40), RefMove("refs/heads/a", "2" * 40, "")),
    b'{"x":1}',
    pack=b"PACK\x00\xff",
)
PUBLISH = Intent("op-1", BLUEPRINTS, "mirror", (RefMove("refs/heads/main", "1" * 40, "2" * 40),), b"")


def intents(store: Store) -> list[Intent]:
    with store.read() as reads:
        return list(reads.intents.all())


def moving(store: Store, *refs: str, mirror: str = "mirror") -> set[str]:
    with store.read() as reads:
        return reads.intents.moving(mirror, refs)


def add(store: Store, *added: Intent) -> None:
    write(store, *(lambda t, intent=intent: t.intents.add(intent) for intent in added))


def test_intents_come_back_whole_and_oldest_first(store: Store) -> None:
    add(store, CREATE)
    add(store, PUBLISH)
    assert intents(store) == [CREATE, PUBLISH]


def test_intents_survive_reopening(opener: Opener, tmp_path: Path) -> None:
    store = opener(tmp_path)
    add(store, CREATE, PUBLISH)
    store.close()
    again = opener(tmp_path)
    assert intents(again) == [CREATE, PUBLISH]
    assert moving(again, "refs/heads/main")
    again.close()


def test_their_refs_are_on_the_move(store: Store) -> None:
    add(store, CREATE)
    assert moving(store, "refs/heads/a") == {"refs/heads/a"}
    assert moving(store, "refs/heads/x", "refs/heads/b", "refs/heads/a") == {"refs/heads/a", "refs/heads/b"}
    assert not moving(store, "refs/heads/x")
    assert not moving(store)
    assert not moving(store, "refs/heads/a", mirror="other")


def test_an_applied_intent_stays_but_moves_nothing(store: Store) -> None:
    add(store, CREATE, PUBLISH)
    write(store, lambda t: t.intents.mark_applied("op-2"))
    assert intents(store) == [dataclasses.replace(CREATE, applied=True), PUBLISH]
    assert not moving(store, "refs/heads/a", "refs/heads/b")
    assert moving(store, "refs/heads/main")


def test_removed_intents_are_gone(store: Store) -> None:
    add(store, CREATE, PUBLISH)
    write(store, lambda t: t.intents.remove(["op-2", "unknown"]))
    assert intents(store) == [PUBLISH]
    assert not moving(store, "refs/heads/a")


def test_two_intents_may_move_one_ref(store: Store) -> None:
    add(store, CREATE, dataclasses.replace(CREATE, id="op-3"))
    write(store, lambda t: t.intents.remove(["op-2"]))
    assert moving(store, "refs/heads/a")


def test_an_intent_is_added_or_not_with_the_rest_of_its_work(store: Store) -> None:
    with pytest.raises(ZeroDivisionError):
        write(store, lambda t: t.intents.add(CREATE), lambda _: 1 // 0)
    assert intents(store) == []
    assert not moving(store, "refs/heads/a")


def test_open_and_applied_ones_are_told_apart(store: Store) -> None:
    add(store, CREATE, PUBLISH)
    write(store, lambda t: t.intents.mark_applied(CREATE.id))
    with store.read() as reads:
        assert reads.intents.open() == [PUBLISH]
        assert reads.intents.applied() == [CREATE.id]
        assert reads.intents.is_open(PUBLISH.id)
        assert not reads.intents.is_open(CREATE.id)
        assert not reads.intents.is_open("unheard-of")
