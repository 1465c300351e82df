"""The watcher manager between a commit and the moment when it is told of it."""

from __future__ import annotations

from pathlib import Path

from porch.engine import WatcherManager
from porch.keys import ObjectKey
from porch.store import NewVersion
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
