"""After a power cut: an intent's objects and refs are there again, whatever was lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from porch.errors import InternalError
from porch.repository.git import restore
from porch.repository.git.mirror import Mirror
from porch.repository.git.moves import move_refs
from porch.store import RefMove
from tests.support.githttp import git
from tests.unit.repository.conftest import add_commit, commit_objects, packed

DRAFT = "refs/heads/drafts/web/v1"


def test_lost_objects_and_refs_come_back(mirror: Mirror) -> None:
    commit, objects = commit_objects(b"new")
    restore(mirror.path, packed(objects), [RefMove(DRAFT, "", commit)])
    assert Mirror(mirror.path).refs() == {DRAFT: commit}
    assert git("fsck", "--strict", cwd=Path(mirror.path)) == ""


@pytest.mark.parametrize("torn", [b"", b"\0" * 41, b"garbage"])
def test_torn_objects_refs_and_locks_are_replaced(mirror: Mirror, torn: bytes) -> None:
    commit, objects = commit_objects(b"new")
    for name, _, _ in objects:
        file = Path(mirror.path, "objects", name[:2], name[2:])
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(torn)
    ref = Path(mirror.path, DRAFT)
    ref.parent.mkdir(parents=True)
    ref.write_bytes(torn)
    Path(f"{ref}.lock").touch()
    Path(mirror.path, "packed-refs.lock").touch()
    restore(mirror.path, packed(objects), [RefMove(DRAFT, "", commit)])
    assert Mirror(mirror.path).refs() == {DRAFT: commit}
    assert git("fsck", "--strict", cwd=Path(mirror.path)) == ""


def test_a_move_and_a_deletion_are_finished(mirror: Mirror) -> None:
    old = add_commit(mirror, b"old")
    new, objects = commit_objects(b"new", old)
    move_refs(mirror, [RefMove(DRAFT, "", old)])
    proposed = "refs/heads/proposed/web/v1"
    moves = [RefMove(proposed, "", new), RefMove(DRAFT, old, "")]
    restore(mirror.path, packed(objects), moves)
    restore(mirror.path, packed(objects), moves)
    assert Mirror(mirror.path).refs() == {proposed: new}


def test_a_ref_that_went_elsewhere_stays_there(mirror: Mirror) -> None:
    elsewhere = add_commit(mirror, b"elsewhere")
    move_refs(mirror, [RefMove(DRAFT, "", elsewhere)])
    commit, objects = commit_objects(b"new")
    restore(mirror.path, packed(objects), [RefMove(DRAFT, "", commit)])
    assert Mirror(mirror.path).refs() == {DRAFT: elsewhere}


def test_a_damaged_record_is_reported(mirror: Mirror) -> None:
    with pytest.raises(InternalError, match=r"the redo record of .* is damaged"):
        restore(mirror.path, b"PACK", [])
