"""A request moves refs while a synchronisation looks at them: what it did is not undone by what was seen before."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from porch.cache.lanes import Lane
from porch.cache.metadata import UserMetadata
from porch.cache.registration import Registration
from porch.cache.repository import CachedRepository
from porch.repository import Repository, Snapshot
from porch.repository.git import GitAddress, open_hosted
from porch.store import RevisionRow, Store, sqlite
from porch.workers import WorkerPool
from tests.contract.repository.conftest import ALICE, FILES, INIT
from tests.unit.cache.test_synchronise import FACTS, KEY

NAME = "repo.web.v1"


class Overtaken:
    """The repository; `before` and `after` happen around the next look at it."""

    def __init__(self, real: Repository) -> None:
        self._real = real
        self.before: Callable[[], object] = lambda: None
        self.after: Callable[[], object] = lambda: None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def discover(self, known: Mapping[str, str]) -> Snapshot:
        before, after = self.before, self.after
        self.before = self.after = lambda: None
        before()
        found = self._real.discover(known)
        after()
        return found


class Scene:
    """A draft that is known."""

    def __init__(self, store: Store, real: Repository) -> None:
        self.store, self.repository = store, Overtaken(real)
        facts = replace(FACTS, hosted_name="repo")
        self.cached = CachedRepository(
            store,
            self.repository,
            facts,
            lane=Lane(running=1, waiting=1),
            running=set(),
            registration=Registration("uid"),
            alarm=lambda _: None,
        )
        self.cached.synchronise()
        draft = self.cached.create_package_revision_draft("web", "v1", ALICE)
        draft.update_resources(FILES, INIT)
        self.cached.close_package_revision_draft(draft, NAME, UserMetadata(labels={"team": "core"}), lambda _: None)
        self.cached.synchronise()

    def row(self) -> RevisionRow:
        with self.store.read() as reads:
            found = reads.revisions.get(KEY.namespace, NAME)
        assert found is not None
        return found

    def turn(self, lifecycle: str) -> None:
        draft = self.cached.open_package_revision_draft(self.row(), ALICE)
        draft.update_lifecycle(lifecycle)
        self.cached.close_package_revision_draft(draft, NAME, None, lambda _: None)

    def publish(self) -> None:
        self.cached.publish(self.row(), ALICE, lambda _: None)

    def deletions(self) -> int:
        with self.store.read() as reads:
            key = self.cached.indexer.object_key(self.row())
            return sum(change.current.deleted for change in reads.versions.changes(key.resource, 0, 1000))


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    pool = WorkerPool(1, 60)
    address = GitAddress("hosted:///repo", KEY, create_branch=True)
    real = open_hosted(str(tmp_path / "repo.git"), address, pool, mirror_id="m", location="location")
    store = sqlite.open_store(tmp_path / "porch.db")
    yield Scene(store, real)
    store.close()
    real.close()
    pool.close()


def test_a_revision_that_is_proposed_and_published_meanwhile_is_published(scene: Scene) -> None:
    """The proposal's branch is seen, and gone again when it would be indexed."""
    scene.repository.before = lambda: scene.turn("Proposed")
    scene.repository.after = scene.publish
    scene.cached.synchronise()
    assert scene.row().lifecycle == "Published"
    scene.cached.synchronise()
    assert scene.row().lifecycle == "Published"


def test_a_draft_that_is_proposed_and_taken_back_meanwhile_stays(scene: Scene) -> None:
    """Its branch is missing for a moment, and is as it was when its revision would be taken away."""
    scene.repository.before = lambda: scene.turn("Proposed")
    scene.repository.after = lambda: scene.turn("Draft")
    scene.cached.synchronise()
    assert scene.row().lifecycle == "Draft"
    assert scene.deletions() == 0
