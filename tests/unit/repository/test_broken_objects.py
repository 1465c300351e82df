"""Objects whose files are broken are not there, whatever is wrong with them; nobody waits for them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from porch.errors import NotFound
from porch.repository.git.mirror import Mirror, _whole
from porch.repository.git.objects import BLOB
from tests.unit.repository.conftest import add_commit, commit_objects

CONTENT = b"some content " * 50


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> tuple[Mirror, str, Path, bytes]:
    """A mirror, a blob in it, the blob's file and what that had."""
    mirror = Mirror.prepare(str(tmp_path_factory.mktemp("broken") / "web.git"))
    _, objects = commit_objects(CONTENT)
    mirror.write(objects)
    name = next(name for name, kind, _ in objects if kind == BLOB)
    file = Path(mirror.path, "objects", name[:2], name[2:])
    file.chmod(0o644)
    return mirror, name, file, file.read_bytes()


Broken = tuple[Mirror, str, Path, bytes]


def test_a_whole_one_is_read(broken: Broken) -> None:
    mirror, name, file, whole = broken
    file.write_bytes(whole)
    assert (mirror.read(name), mirror.size(name)) == ((BLOB, CONTENT), len(CONTENT))


@settings(deadline=None)
@given(data=st.data())
def test_one_that_was_cut_off_anywhere_is_not_there(broken: Broken, data: st.DataObject) -> None:
    mirror, name, file, whole = broken
    _whole.clear()  # as in a new process
    mirror.close()
    file.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    with pytest.raises(NotFound, match="is not there: its file is broken"):
        mirror.read(name)


@settings(deadline=None)
@given(content=st.binary(max_size=200))
def test_garbage_is_not_there(broken: Broken, content: bytes) -> None:
    mirror, name, file, _ = broken
    _whole.clear()
    mirror.close()
    file.write_bytes(content)
    for read in (mirror.size, mirror.read):
        with pytest.raises(NotFound):
            read(name)


def test_a_line_of_commits_is_followed_near_and_far(mirror: Mirror) -> None:
    line = [add_commit(mirror, b"0")]
    for number in range(1, 300):
        line.append(add_commit(mirror, b"%d" % number, line[-1]))
    side = add_commit(mirror, b"side", line[5])
    for older, newer in ((0, 0), (0, 1), (0, 299), (150, 299), (298, 299)):
        assert mirror.descends(line[newer], line[older])
        assert older == newer or not mirror.descends(line[older], line[newer])
    assert not mirror.descends(line[299], side)
    assert mirror.descends(side, line[0])
    assert not mirror.descends(line[299], "1" * 40)
    assert not mirror.descends("1" * 40, line[299])


def test_commits_are_related_when_both_descend_from_one(mirror: Mirror) -> None:
    root = add_commit(mirror, b"root")
    left, right, other = add_commit(mirror, b"l", root), add_commit(mirror, b"r", root), add_commit(mirror, b"other")
    assert mirror.are_related(left, right)
    assert mirror.are_related(left, root)
    assert mirror.are_related(root, left)
    assert not mirror.are_related(left, other)
    assert not mirror.are_related(left, "1" * 40)
