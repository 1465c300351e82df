"""Upkeep joins objects and refs while others read and write, and loses nothing."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path

from porch.repository.git import sync_to_disk, upkeep
from porch.repository.git.mirror import Mirror
from porch.repository.git.moves import move_refs
from porch.store import RefMove
from tests.support.githttp import git
from tests.unit.repository.conftest import add_commit, commit_objects, packed


def loose(mirror: Mirror) -> int:
    return len(list(Path(mirror.path, "objects").glob("??/*")))


def test_a_small_repository_is_left_alone(mirror: Mirror) -> None:
    add_commit(mirror, b"x")
    assert upkeep(mirror.path) is False
    assert loose(mirror) == 3


def test_unreachable_objects_survive(mirror: Mirror) -> None:
    draft = add_commit(mirror, b"a draft that is not pushed yet")
    for _ in range(3):
        assert upkeep(mirror.path, force=True)
    assert loose(mirror) == 0
    assert Mirror(mirror.path).commit(draft).message == b"x"
    assert move_refs(mirror, [RefMove("refs/heads/drafts/a/b", "", draft)])
    assert git("fsck", "--strict", cwd=Path(mirror.path)) == ""


def test_many_loose_refs_call_for_it(mirror: Mirror) -> None:
    commit = add_commit(mirror, b"x")
    for number in range(501):
        move_refs(mirror, [RefMove(f"refs/tags/p/v{number}", "", commit)])
    assert upkeep(mirror.path)
    assert list(Path(mirror.path, "refs", "tags").rglob("v*")) == []
    assert len(mirror.refs()) == 501


def test_many_packs_call_for_it(mirror: Mirror) -> None:
    for number in range(21):
        pack = packed(commit_objects(b"%d" % number)[1])
        subprocess.run(["git", "index-pack", "--stdin"], cwd=mirror.path, input=pack, check=True, capture_output=True)
    assert upkeep(mirror.path)
    assert len(list(Path(mirror.path, "objects", "pack").glob("*.pack"))) < 5


def test_readers_and_writers_go_on_meanwhile(mirror: Mirror) -> None:
    commits = [add_commit(mirror, b"start")]
    move_refs(mirror, [RefMove("refs/heads/main", "", commits[0])])
    done = threading.Event()

    def keep() -> None:
        while not done.is_set():
            assert upkeep(mirror.path, force=True)

    keeper = threading.Thread(target=keep)
    keeper.start()
    for number in range(60):
        commits.append(add_commit(mirror, b"%d" % number, commits[-1]))
        assert move_refs(mirror, [RefMove("refs/heads/main", commits[-2], commits[-1])])
        assert all(mirror.commit(commit).message == b"x" for commit in commits)
    done.set()
    keeper.join()
    assert git("rev-list", "--count", "main", cwd=Path(mirror.path)) == "61"


def test_syncing_a_repository_is_possible(mirror: Mirror) -> None:
    sync_to_disk(mirror.path)
