"""Compare-and-swap of local refs, also against other threads and other gits."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from porch.errors import BadRequest, Conflict
from porch.repository.git.mirror import Mirror
from porch.repository.git.moves import move_refs
from porch.store import RefMove
from tests.support.githttp import git
from tests.unit.repository.conftest import add_commit

MAIN = "refs/heads/main"


def attempt(mirror: Mirror, *moves: RefMove) -> bool:
    try:
        return move_refs(mirror, moves)
    except Conflict:
        return False


def test_of_many_writers_one_wins(mirror: Mirror) -> None:
    first = add_commit(mirror, b"0")
    assert move_refs(mirror, [RefMove(MAIN, "", first)])
    commits = [add_commit(mirror, b"%d" % number, first) for number in range(8)]
    with ThreadPoolExecutor(8) as threads:
        won = list(threads.map(lambda commit: attempt(mirror, RefMove(MAIN, first, commit)), commits))
    assert won.count(True) == 1
    assert mirror.ref(MAIN) == commits[won.index(True)]


def test_writers_of_different_refs_do_not_disturb_each_other(mirror: Mirror) -> None:
    commit = add_commit(mirror, b"0")
    names = [f"refs/heads/drafts/p{number}/v1" for number in range(40)]
    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(lambda name: attempt(mirror, RefMove(name, "", commit)), names))
        git("pack-refs", "--all", cwd=Path(mirror.path))
        assert all(threads.map(lambda name: attempt(mirror, RefMove(name, commit, "")), names))
    assert mirror.refs() == {}


def test_deletions_wait_for_a_packing_git(mirror: Mirror) -> None:
    commit = add_commit(mirror, b"0")
    names = [f"refs/heads/drafts/p{number}/v1" for number in range(30)]
    done = threading.Event()

    def pack() -> None:
        while not done.is_set():
            git("pack-refs", "--all", cwd=Path(mirror.path))

    packer = threading.Thread(target=pack)
    packer.start()
    for name in names:
        assert move_refs(mirror, [RefMove(name, "", commit)])
        assert move_refs(mirror, [RefMove(name, commit, "")])
    done.set()
    packer.join()
    assert mirror.refs() == {}


def test_a_ref_that_git_has_locked_is_a_conflict_at_last(mirror: Mirror) -> None:
    commit = add_commit(mirror, b"0")
    lock = Path(mirror.path, f"{MAIN}.lock")
    lock.touch()
    threading.Timer(0.05, lock.unlink).start()
    assert move_refs(mirror, [RefMove(MAIN, "", commit)])


def test_nothing_moves_when_one_old_value_is_wrong(mirror: Mirror) -> None:
    first, second = add_commit(mirror, b"0"), add_commit(mirror, b"1")
    move_refs(mirror, [RefMove(MAIN, "", first)])
    moves = [RefMove("refs/tags/a/v1", "", first), RefMove(MAIN, second, ""), RefMove("refs/heads/x", "", first)]
    with pytest.raises(Conflict, match=f"ref 'refs/heads/main' has moved: expected {second}, found {first}"):
        move_refs(mirror, moves)
    assert mirror.refs() == {MAIN: first}
    assert not list(Path(mirror.path, "refs").rglob("*.lock"))


@pytest.mark.parametrize(
    "name", ["refs/../../evil", "refs/heads/a..b", "refs/heads/.x", "refs/heads/x.lock", "/etc/x", ""]
)
def test_a_name_that_git_cannot_have_is_refused(mirror: Mirror, name: str) -> None:
    with pytest.raises(BadRequest, match="cannot be a ref"):
        move_refs(mirror, [RefMove(name, "", add_commit(mirror, b"0"))])


def test_refs_are_never_missed_while_git_packs_them(mirror: Mirror) -> None:
    commit = add_commit(mirror, b"0")
    names = {f"refs/tags/p{number}/v1" for number in range(50)}
    done = threading.Event()

    def pack() -> None:
        while not done.is_set():
            for name in names:
                Path(mirror.path, name).parent.mkdir(parents=True, exist_ok=True)
                Path(mirror.path, "fresh").write_text(f"{commit}\n")
                Path(mirror.path, "fresh").rename(Path(mirror.path, name))
            git("pack-refs", "--all", cwd=Path(mirror.path))

    for name in names:
        move_refs(mirror, [RefMove(name, "", commit)])
    packer = threading.Thread(target=pack)
    packer.start()
    looks = [mirror.refs().keys() for _ in range(60)]
    done.set()
    packer.join()
    assert all(look == names for look in looks)


def test_a_deletion_takes_the_peeled_id_of_a_packed_tag_along(mirror: Mirror) -> None:
    commit = add_commit(mirror, b"0")
    path = Path(mirror.path)
    for name in ("a/v1", "a/v2", "a/v3"):
        git("tag", "-a", "-m", "x", name, commit, cwd=path)
    git("pack-refs", "--all", cwd=path)
    tag = mirror.refs()["refs/tags/a/v2"]
    assert move_refs(mirror, [RefMove("refs/tags/a/v2", tag, "")])
    assert git("show-ref", "--dereference", cwd=path).count(commit) == 2
    assert git("fsck", "--strict", cwd=path) == f"dangling tag {tag}"


def test_locks_of_the_dead_are_cleared_when_a_repository_is_opened(mirror: Mirror) -> None:
    commit = add_commit(mirror, b"0")
    for name in ("packed-refs", MAIN):
        lock = Path(mirror.path, f"{name}.lock")
        lock.touch()
        os.utime(lock, (1, 1))
    opened = Mirror.prepare(mirror.path)
    assert move_refs(opened, [RefMove(MAIN, "", commit)])
    assert move_refs(opened, [RefMove(MAIN, commit, "")])


def test_empty_directories_are_not_in_the_way(mirror: Mirror) -> None:
    Path(mirror.path, "refs/heads/drafts/a/b/c").mkdir(parents=True)
    assert move_refs(mirror, [RefMove("refs/heads/drafts/a", "", add_commit(mirror, b"0"))])
