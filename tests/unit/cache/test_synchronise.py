"""Synchronising after each change comes to the same as reading everything anew, whatever the changes were.

The refs are made to get into each other's way: many show a revision of the same name, some show none.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from porch.cache.facts import RepositoryFacts
from porch.cache.registration import Registration
from porch.cache.rows import Indexer
from porch.cache.sync import synchronise
from porch.keys import PACKAGES, ObjectKey, PackageKey, RepositoryKey
from porch.repository import Repository
from porch.repository.git import GitAddress, open_hosted
from porch.store import Store, sqlite
from porch.workers import WorkerPool
from tests.support.handmade import KPTFILE, Handmade

KEY = RepositoryKey("default", "repo")
FACTS = RepositoryFacts(
    key=KEY,
    uid="uid",
    url="http://127.0.0.1/repo.git",
    location="location",
    directory="",
    branch="main",
    deployment=False,
    hosted_name="",
    dashed=False,
    max_refs=100,
)
PATHS = ("web", "net/web", "a/b")
REFS = (
    "heads/main",
    *(f"heads/{family}/web/{name}" for family in ("drafts", "proposed") for name in ("ws1", "v1", "main")),
    *(f"tags/web/{name}" for name in ("v1", "1", "v2", "rc1", "v0")),
    *(f"{family}/a/b/{name}" for family in ("tags", "heads/drafts") for name in ("v1", "v2")),
    *(f"heads/deletionProposed/web/{name}" for name in ("v1", "main", "rc1")),
    "tags/net/web/v1",
    "heads/drafts/lonely",
    "tags/loose",
    "tags/none/v1",
)


@dataclass(frozen=True)
class Place:
    """A repository with commits of all kinds, and refs that are written at once."""

    repository: Repository
    path: Path
    commits: tuple[str, ...]

    def put(self, refs: Mapping[str, str]) -> None:
        lines = sorted(f"{target} refs/{name}\n" for name, target in refs.items())
        lines.sort(key=lambda line: line[41:])
        (self.path / "packed-refs").write_text("".join(lines))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    path = tmp_path_factory.mktemp("place") / "repo.git"
    pool = WorkerPool(1, 60)
    address = GitAddress("hosted:///repo", KEY, create_branch=True)
    repository = open_hosted(str(path), address, pool, mirror_id="m", location="location")
    commits = tuple(_commits(Handmade(path)))
    shutil.rmtree(path / "refs/heads")
    (path / "refs/heads").mkdir()
    yield Place(repository, path, commits)
    repository.close()
    pool.close()


def _commits(hand: Handmade) -> Iterator[str]:
    everything = {f"{path}/Kptfile": KPTFILE for path in PATHS}
    yield hand.commit(everything)
    for number, (workspace, files) in enumerate(
        (("ws1", everything), ("main", everything), ("v1", {"web/Kptfile": KPTFILE}), ("ws1", {"a/b/Kptfile": KPTFILE}))
    ):
        lines = [f'kpt:{{"package":"{path}","workspaceName":"{workspace}","revision":"1"}}' for path in PATHS]
        yield hand.commit({**files, "x": str(number)}, message="\n".join(("x", "", *lines)))
    yield hand.git("hash-object", "-w", "--stdin", stdin="no commit")


def known(store: Store) -> dict[str, Any]:
    """All that the index tells, but for the numbers of versions."""
    with store.read() as reads:
        rows = {row.name: row for row in reads.revisions.of_repository(KEY)}
        found: dict[str, Any] = {}
        for name, row in rows.items():
            stored = reads.versions.get(Indexer.object_key(row))
            assert stored is not None
            found[name] = (row.ref, row.path, row.workspace, row.revision, row.lifecycle, row.latest, stored.tail)
        for path in PATHS:
            name = PackageKey(KEY, path).name
            stored = reads.versions.get(ObjectKey(str(PACKAGES), "default", name))
            found[f"package {path}"] = stored.tail if stored else None
    return found


def synchronised(store: Store, place: Place) -> dict[str, Any]:
    synchronise(store, place.repository, Indexer(FACTS), Registration("uid"))
    return known(store)


STATES = st.lists(st.dictionaries(st.sampled_from(REFS), st.integers(0, 5), max_size=9), min_size=2, max_size=5)


@given(states=STATES)
@settings(derandomize=True, max_examples=150, deadline=None)
def test_step_by_step_is_as_all_at_once(
    place: Place, tmp_path_factory: pytest.TempPathFactory, states: list[dict[str, int]]
) -> None:
    folder = tmp_path_factory.mktemp("stores")
    with closing(sqlite.open_store(folder / "steps.db")) as store:
        for state in states:
            place.put({name: place.commits[commit] for name, commit in state.items()})
            stepped = synchronised(store, place)
        with closing(sqlite.open_store(folder / "anew.db")) as fresh:
            assert stepped == synchronised(fresh, place)
    shutil.rmtree(folder)
