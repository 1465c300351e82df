"""Durability: what was acknowledged is there after reopening, and after a kill at any moment."""

from __future__ import annotations

import multiprocessing
from multiprocessing.connection import Connection
from pathlib import Path

from .conftest import ADAPTERS, Opener
from .samples import changes, delete, get, names, put, version


def test_reopening_finds_everything_and_the_sequence_goes_on(opener: Opener, tmp_path: Path) -> None:
    store = opener(tmp_path)
    written = put(store, "a", b"1", labels={"l": "1"})
    put(store, "b")
    delete(store, "b")
    log = list(changes(store))
    store.close()
    again = opener(tmp_path)
    assert get(again, "a") == written
    assert list(changes(again)) == log
    assert put(again, "c").version == 4
    again.close()


def test_numbers_are_not_given_twice_even_when_no_row_is_left(opener: Opener, tmp_path: Path) -> None:
    store = opener(tmp_path)
    put(store, "a")
    newest = delete(store, "a").version
    store.compact(before=newest)
    store.close()
    again = opener(tmp_path)
    assert names(again) == []
    assert version(again) == newest
    assert put(again, "a").version == newest + 1
    again.close()


def _commit_for_ever(adapter: str, directory: Path, acknowledged: Connection) -> None:
    store = ADAPTERS[adapter](directory)
    number = 0
    while True:
        put(store, f"n{number}", b"x" * 3000)
        acknowledged.send(number)
        number += 1


def test_what_was_acknowledged_survives_a_kill(opener: Opener, tmp_path: Path) -> None:
    (adapter,) = (name for name, known in ADAPTERS.items() if known is opener)
    ours, theirs = multiprocessing.Pipe(duplex=False)
    context = multiprocessing.get_context("spawn")
    writer = context.Process(target=_commit_for_ever, args=(adapter, tmp_path, theirs))
    writer.start()
    theirs.close()
    last = -1
    while last < 50:
        last = ours.recv()
    writer.kill()
    writer.join()
    try:
        while True:
            last = ours.recv()
    except EOFError:
        pass
    store = opener(tmp_path)
    found = {int(name[1:]) for name in names(store)}
    assert found >= set(range(last + 1))
    assert found == set(range(len(found)))
    assert version(store) == len(found)
    assert put(store, "after").version == len(found) + 1
    store.close()
