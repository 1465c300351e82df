"""A request moves refs while a synchronisation looks at them: what it did is not undone by what was seen before."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar, cast

import pytest

from porch.cache.lanes import Lane
from porch.cache.metadata import UserMetadata
from porch.cache.registration import Registration
from porch.cache.repository import CachedRepository
from porch.repository import Repository, Snapshot
from porch.repository.git import GitAddress, open_hosted
from porch.store import Intent, RefMove, RevisionRow, Store, Transaction, sqlite
from porch.workers import WorkerPool
from tests.contract.repository.conftest import ALICE, FILES, INIT
from tests.support.githttp import git
from tests.unit.cache.test_synchronise import FACTS, KEY

T = TypeVar("T")
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
def make_scene(tmp_path: Path) -> Iterator[Callable[[Store], Scene]]:
    pool = WorkerPool(1, 60)
    address = GitAddress("hosted:///repo", KEY, create_branch=True)
    real = open_hosted(str(tmp_path / "repo.git"), address, pool, mirror_id="m", location="location")
    yield lambda store: Scene(store, real)
    real.close()
    pool.close()


@pytest.fixture
def scene(tmp_path: Path, make_scene: Callable[[Store], Scene]) -> Iterator[Scene]:
    store = sqlite.open_store(tmp_path / "porch.db")
    yield make_scene(store)
    store.close()


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


class Noticed:
    """The store; `then` happens after its next transaction."""

    def __init__(self, real: Store) -> None:
        self._real = real
        self.then: Callable[[], object] = lambda: None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def commit(self, work: Callable[[Transaction], T]) -> T:
        done = self._real.commit(work)
        then, self.then = self.then, lambda: None
        then()
        return done


def test_what_a_request_was_about_to_move_in_vain_is_indexed_the_next_time(
    tmp_path: Path, make_scene: Callable[[Store], Scene]
) -> None:
    """Its intent is there when the revision would be indexed, and gone when the ref is noted."""
    store = sqlite.open_store(tmp_path / "porch.db")
    noticed = Noticed(store)
    scene = make_scene(cast("Store", noticed))
    row = scene.row()
    new = pushed(tmp_path / "repo.git", row)
    intent = Intent("vain", KEY, scene.cached.facts.refs_of, (RefMove(row.ref, row.commit, ""),), b"")
    store.commit(lambda tx: tx.intents.add(intent))
    noticed.then = lambda: store.commit(lambda tx: tx.intents.remove([intent.id]))
    scene.cached.synchronise()
    scene.cached.synchronise()
    assert scene.row().commit == new
    store.close()


def pushed(path: Path, row: RevisionRow) -> str:
    """One commit more on a draft."""
    new = git("commit-tree", f"{row.commit}^{{tree}}", "-p", row.commit, "-m", "by hand", cwd=path)
    git("update-ref", row.ref, new, row.commit, cwd=path)
    return new
