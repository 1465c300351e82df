"""Upkeep joins objects and refs while others read and write, and loses nothing."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path

import pytest

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


def test_objects_that_a_power_cut_has_torn_hinder_nobody_and_can_be_written_again(mirror: Mirror) -> None:
    """They are what a draft had written before its redo record; its client sends the same again."""
    commit, objects = commit_objects(bytes(range(256)) * 10)
    mirror.write(objects)
    for name, _, _ in objects:
        path = Path(mirror.path, "objects", name[:2], name[2:])
        path.chmod(0o600)
        path.write_bytes(path.read_bytes()[:20])
    assert [upkeep(mirror.path, force=True) for _ in range(2)] == [False, True]
    mirror.write(objects)
    assert move_refs(mirror, [RefMove("refs/heads/main", "", commit)])
    assert git("fsck", "--full", "--strict", cwd=Path(mirror.path)) == ""


@pytest.mark.parametrize("left", [[], ["objects/"], ["HEAD", "config"], ["refs/", "refs/heads/", "refs/heads/main"]])
def test_a_repository_that_is_half_there_after_a_power_cut_is_mended(tmp_path: Path, left: list[str]) -> None:
    """New directories came to the disk, and not all that was in them."""
    path = tmp_path / "half.git"
    path.mkdir()
    for name in left:
        (path / name).mkdir() if name.endswith("/") else (path / name).touch()
    mirror = Mirror.prepare(str(path))
    assert move_refs(mirror, [RefMove("refs/heads/main", "", add_commit(mirror, b"x"))])
    assert git("fsck", "--full", "--strict", cwd=path) == ""
