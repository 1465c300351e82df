"""What nothing leads to is thrown away after a while, never before; what dead processes left goes, too."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Collection
from pathlib import Path

import pytest

from porch.repository.git.collect import KEPT, clear_leftovers, collect
from porch.repository.git.mirror import Mirror
from porch.repository.git.moves import move_refs
from porch.store import RefMove
from tests.support.githttp import git
from tests.unit.repository.conftest import add_commit

DRAFT = "refs/heads/drafts/a/v1"
DAY = 86400.0


def has(mirror: Mirror, name: str) -> bool:
    found = subprocess.run(["git", "cat-file", "-e", name], cwd=mirror.path, capture_output=True, check=False)
    return found.returncode == 0


class Rounds:
    """The daily rounds over one repository; `now` is told to them, and objects are as old as that says."""

    def __init__(self, mirror: Mirror) -> None:
        self.mirror, self.now = mirror, time.time()

    def __call__(self, *keep: str) -> bool:
        def needed() -> Collection[str]:
            return keep

        self.now += DAY + 1
        return collect(self.mirror.path, needed, DAY, self.now)


@pytest.fixture
def rounds(mirror: Mirror) -> Rounds:
    """A repository whose first round is over."""
    main = add_commit(mirror, b"main")
    move_refs(mirror, [RefMove("refs/heads/main", "", main)])
    made = Rounds(mirror)
    assert made()
    return made


def test_what_refs_lead_to_stays(mirror: Mirror, rounds: Rounds) -> None:
    first = add_commit(mirror, b"first")
    second = add_commit(mirror, b"second", first)
    move_refs(mirror, [RefMove(DRAFT, "", second)])
    for _ in range(4):
        assert rounds()
    assert has(mirror, first)
    assert has(mirror, second)
    assert git("fsck", "--strict", cwd=Path(mirror.path)) == ""


def test_what_was_never_reachable_goes_when_it_is_a_day_old(mirror: Mirror, rounds: Rounds) -> None:
    old = add_commit(mirror, b"a draft that was not pushed")
    assert rounds()
    assert not has(mirror, old)


def test_what_was_written_today_stays(mirror: Mirror, rounds: Rounds) -> None:
    rounds.now = time.time() - 3600.0 - DAY
    os.utime(Path(mirror.path, "porch-tips"), (rounds.now - DAY, rounds.now - DAY))
    young = add_commit(mirror, b"a draft that is about to be pushed")
    assert rounds()
    assert has(mirror, young)


def test_an_object_that_is_written_again_is_young_again(mirror: Mirror, rounds: Rounds) -> None:
    name = add_commit(mirror, b"x")
    file = Path(mirror.path, "objects", name[:2], name[2:])
    os.utime(file, (1, 1))
    assert add_commit(mirror, b"x") == name
    assert time.time() - file.stat().st_mtime < DAY / 2


def test_what_a_ref_led_to_a_day_ago_stays_another_day(mirror: Mirror, rounds: Rounds) -> None:
    draft = add_commit(mirror, b"draft")
    move_refs(mirror, [RefMove(DRAFT, "", draft)])
    assert rounds()
    move_refs(mirror, [RefMove(DRAFT, draft, "")])
    assert rounds()
    assert has(mirror, draft)
    assert rounds()
    assert not has(mirror, draft)


def test_what_the_index_or_an_intent_needs_stays_until_it_does_not(mirror: Mirror, rounds: Rounds) -> None:
    draft = add_commit(mirror, b"draft")
    for _ in range(3):
        assert rounds(draft, "0" * 39 + "1")  # of what is kept, some may not be there
        assert has(mirror, draft)
    assert rounds()
    assert has(mirror, draft)
    assert rounds()
    assert not has(mirror, draft)


def test_before_a_day_is_over_nothing_is_done_and_nobody_asked(mirror: Mirror, rounds: Rounds) -> None:
    def needed() -> Collection[str]:
        raise AssertionError

    assert not collect(mirror.path, needed, DAY, rounds.now + DAY - 10)


def test_no_ref_of_ours_is_left_or_shown(mirror: Mirror, rounds: Rounds) -> None:
    kept = add_commit(mirror, b"kept")
    assert rounds(kept)
    assert git("for-each-ref", "refs/porch", cwd=Path(mirror.path)) == ""
    git("update-ref", f"{KEPT}{kept}", kept, cwd=Path(mirror.path))  # of a round that was interrupted
    assert KEPT not in git("ls-remote", mirror.path, cwd=Path(mirror.path))
    assert mirror.refs().keys() == {"refs/heads/main"}
    assert rounds()
    assert rounds()
    assert not has(mirror, kept)


def test_readers_go_on(mirror: Mirror, rounds: Rounds) -> None:
    main = mirror.ref("refs/heads/main")
    assert main is not None
    for number in range(3):
        add_commit(mirror, b"%d" % number)
        assert mirror.commit(main).message == b"x"
        assert rounds()
    assert mirror.commit(main).message == b"x"


@pytest.mark.parametrize(
    "name",
    [
        "objects/pack/tmp_pack_AbCdEf",
        "objects/pack/tmp_idx_AbCdEf",
        "objects/pack/.tmp-77-pack-1.pack",
        "objects/17/tmp_obj_0123",
        "objects/tmp_objdir-incoming-x/pack/pack-1.pack",
        "objects/pack/multi-pack-index.lock",
        "packed-refs.lock",
        "refs/heads/drafts/a/v1.lock",
        "HEAD.lock",
        "config.lock",
        "packed-refs.new",
        "../web.git.0a1b2c3d.new/HEAD",
        "../web.git.0a1b2c3d.old/objects/pack/pack-1.pack",
    ],
)
def test_what_a_dead_process_left_goes_when_it_is_old(mirror: Mirror, name: str) -> None:
    file = Path(mirror.path, name)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"half")
    assert clear_leftovers(mirror.path, time.time()) == 0
    assert file.exists()
    for path in (file, *file.parents[: len(Path(name).parts) - 1]):
        os.utime(path, (1, 1)) if path != Path(mirror.path) else None
    clear_leftovers(mirror.path, time.time())
    assert not file.exists()
    assert Path(mirror.path, "HEAD").exists()
    assert git("fsck", cwd=Path(mirror.path)) == ""
