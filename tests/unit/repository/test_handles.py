"""Handles of libgit2 and histories are bounded for the whole process, however many repositories it has."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from porch.repository.git import upkeep
from porch.repository.git.handles import Handles
from porch.repository.git.history import Histories
from porch.repository.git.mirror import Mirror
from tests.unit.repository.conftest import add_commit


def _open_files(path: Path) -> int:
    """How many descriptors of this process lead below a directory."""
    found = 0
    for link in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):
            found += str(link.readlink()).startswith(str(path))
    return found


def test_a_handle_is_used_again(mirror: Mirror) -> None:
    handles = Handles()
    first = handles.take(mirror.path)
    second = handles.take(mirror.path)
    handles.give_back(mirror.path, first)
    assert second is not first
    assert handles.take(mirror.path) is first


def test_the_ones_that_were_used_longest_ago_go(tmp_path: Path) -> None:
    handles = Handles(idle=2)
    paths = [Mirror.prepare(str(tmp_path / f"{number}.git")).path for number in range(3)]
    lent = [handles.take(path) for path in paths]
    for path, handle in zip(paths, lent, strict=True):
        handles.give_back(path, handle)
    assert [handles.take(path) is handle for path, handle in zip(paths, lent, strict=True)] == [False, True, True]


def test_forgotten_handles_are_not_lent_again(mirror: Mirror) -> None:
    handles = Handles()
    first = handles.take(mirror.path)
    handles.give_back(mirror.path, first)
    handles.forget(mirror.path)
    handles.forget(mirror.path)
    assert handles.take(mirror.path) is not first


def test_many_repositories_hold_few_files_open(tmp_path: Path) -> None:
    for number in range(60):
        mirror = Mirror.prepare(str(tmp_path / f"{number}.git"))
        commit = add_commit(mirror, b"%d" % number)
        assert upkeep(mirror.path, force=True)
        assert Mirror(mirror.path).commit(commit).message == b"x"
    assert _open_files(tmp_path) < 60


def test_histories_that_know_much_make_room_for_others(mirror: Mirror) -> None:
    histories = Histories(limit=0, commits=3)
    tip = ""
    for number in range(4):
        tip = add_commit(mirror, b"%d" % number, *([tip] if tip else []))
    first = histories.of("first", mirror)
    assert histories.of("first", mirror) is first
    first.load([tip])
    histories.of("second", mirror)
    assert histories.of("first", mirror) is not first
