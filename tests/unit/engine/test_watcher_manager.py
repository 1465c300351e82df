"""The watcher manager: what counts before it is told of a commit, and how little it keeps of what it was told."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path

from porch.engine import WatcherManager
from porch.keys import ObjectKey
from porch.store import Change, NewVersion, Store, StoredVersion, Transaction
from porch.store.sqlite import open_store


def test_a_commit_that_watchers_have_not_been_given_yet_does_not_count(tmp_path: Path) -> None:
    store = open_store(tmp_path / "porch.db")
    try:
        early: list[tuple[int, int]] = []
        store.on_commit(lambda changes: early.append((manager.version(), changes[-1].current.version)))
        manager = WatcherManager(store)
        made = NewVersion(ObjectKey("configmaps", "default", "c"), uid="u", tail=b"{}")
        stored = store.commit(lambda tx: tx.versions.put(made))
        ((before, version),) = early
        assert before < version == stored.version, "this listener is told before the manager is"
        assert manager.version() == stored.version
        assert [change.current.version for change in manager.changes("configmaps", before, 10)] == [version]
    finally:
        store.close()


def test_a_state_that_is_both_before_and_after_is_kept_once(tmp_path: Path) -> None:
    store = open_store(tmp_path / "porch.db")
    try:
        manager = WatcherManager(store)
        start, key = manager.version(), ObjectKey("configmaps", "default", "c")
        for made in (NewVersion(key, "u", tail) for tail in (b'{"a": 1}', b'{"a": 2}', b'{"a": 3}')):
            store.commit(partial(_put, made=made))
        store.commit(lambda tx: tx.versions.delete(key))
        changes = manager.changes("configmaps", start, 10)
        assert [change.current for change in changes] == [c.current for c in _logged(store, start)]
        assert [change.previous for change in changes] == [c.previous for c in _logged(store, start)]
        assert all(after.previous is before.current for before, after in pairwise(changes))
    finally:
        store.close()


def _put(tx: Transaction, made: NewVersion) -> StoredVersion:
    return tx.versions.put(made)


def _logged(store: Store, after: int) -> Sequence[Change]:
    with store.read() as reads:
        return reads.versions.changes("configmaps", after, 10)
