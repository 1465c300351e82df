"""A push that was not answered is done after all: what its request put on the revision comes back, and only to that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from porch.cache.lost import Lost, forget, recall, remember
from porch.cache.metadata import UserMetadata
from porch.cache.registration import Registration
from porch.cache.rows import Indexer
from porch.cache.sync import synchronise
from porch.repository import Discovered, Plan, Repository
from porch.repository.git import GitAddress, open_hosted
from porch.store import Store, sqlite
from porch.types.packagerevision import PACKAGE_REVISION
from porch.workers import WorkerPool
from tests.contract.repository.conftest import ALICE, INIT
from tests.unit.cache.test_synchronise import FACTS, KEY

INDEXER = Indexer(FACTS)
WANTED = UserMetadata(labels={"team": "core"})
NAME = "repo.web.v1"


@dataclass(frozen=True)
class Place:
    store: Store
    repository: Repository

    def plan(self, lifecycle: str = "Draft", content: bytes = b"kind: Kptfile\n") -> Plan:
        draft = self.repository.create_package_revision_draft("web", "v1", ALICE)
        draft.update_resources({"Kptfile": content}, INIT)
        draft.update_lifecycle(lifecycle)
        return self.repository.plan(draft)

    def remember(self, plan: Plan) -> Discovered:
        found = plan.discovered
        assert found is not None
        self.store.commit(lambda tx: remember(tx, KEY, [Lost.of(found, WANTED)]))
        return found

    def push(self, plan: Plan) -> None:
        assert self.repository.push(plan).accepted

    def labels(self) -> dict[str, str]:
        """After a synchronisation."""
        synchronise(self.store, self.repository, INDEXER, Registration("uid"))
        with self.store.read() as reads:
            row = reads.revisions.get(KEY.namespace, NAME)
            assert row is not None
            stored = reads.versions.get(Indexer.object_key(row))
        assert stored is not None
        labels: dict[str, str] = PACKAGE_REVISION.decode(stored.version, stored.tail).metadata.labels
        return labels

    def remembered(self) -> int:
        with self.store.read() as reads:
            return len(recall(reads, KEY))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    pool = WorkerPool(1, 60)
    address = GitAddress("hosted:///repo", KEY, create_branch=True)
    repository = open_hosted(str(tmp_path / "repo.git"), address, pool, mirror_id="m", location="location")
    repository.refresh()
    store = sqlite.open_store(tmp_path / "porch.db")
    yield Place(store, repository)
    store.close()
    repository.close()
    pool.close()


def test_the_revision_that_was_pushed_gets_what_its_request_wanted(place: Place) -> None:
    plan = place.plan()
    place.remember(plan)
    place.push(plan)
    assert place.labels() == {"team": "core"}
    assert place.remembered() == 0


def test_a_revision_of_somebody_else_gets_nothing(place: Place) -> None:
    place.remember(place.plan())
    place.push(place.plan(content=b"kind: Kptfile # mine\n"))
    assert place.labels() == {}


def test_the_same_commit_in_another_lifecycle_gets_nothing(place: Place) -> None:
    plan = place.plan("Proposed")
    found = place.remember(plan)
    place.push(plan)
    place.store.commit(lambda tx: forget(tx, KEY, [("web", "v1")]))
    marked = Lost(path="web", workspace="v1", commit=found.commit, lifecycle="Draft", metadata=WANTED)
    place.store.commit(lambda tx: remember(tx, KEY, [marked]))
    assert place.labels() == {}


def test_what_was_put_on_it_since_stays(place: Place) -> None:
    first = place.plan()
    place.push(first)
    assert place.labels() == {}
    assert first.discovered is not None
    draft = place.repository.open_package_revision_draft(first.discovered, ALICE)
    draft.update_resources({"Kptfile": b"kind: Kptfile # second\n"}, INIT)
    second = place.repository.plan(draft)
    place.remember(second)
    with place.store.read() as reads:
        row = reads.revisions.get(KEY.namespace, NAME)
        assert row is not None
        stored = reads.versions.get(Indexer.object_key(row))
    assert stored is not None
    user = UserMetadata(labels={"team": "edge"})
    place.store.commit(lambda tx: INDEXER.put_metadata(tx, row, stored, user))
    place.push(second)
    assert place.labels() == {"team": "edge"}


def test_the_oldest_give_way(place: Place) -> None:
    def lost(number: int) -> Lost:
        metadata = UserMetadata(annotations={"note": "x" * 100_000})
        return Lost(path=f"web{number}", workspace="v1", commit="c", lifecycle="Draft", metadata=metadata)

    for number in range(9):
        place.store.commit(partial(remember, repository=KEY, lost=[lost(number)]))
    with place.store.read() as reads:
        assert [item.path for item in recall(reads, KEY)] == [f"web{number}" for number in range(4, 9)]


def test_the_same_is_remembered_once(place: Place) -> None:
    plan = place.plan()
    place.remember(plan)
    place.remember(plan)
    assert place.remembered() == 1


def test_it_ends_with_the_month_for_which_metadata_is_kept(place: Place) -> None:
    place.remember(place.plan())
    place.store.commit(lambda tx: tx.revisions.drop_vanished(2**40))
    assert place.remembered() == 0
