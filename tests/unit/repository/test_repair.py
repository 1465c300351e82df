"""Damage to a local copy is found, and a copy of a remote is made anew with nothing lost."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from porch.errors import ServiceUnavailable
from porch.repository.git.mirror import Mirror
from porch.repository.git.moves import move_refs
from porch.repository.git.repair import damage, rebuild
from porch.store import RefMove
from tests.support.githttp import git, new_repository
from tests.unit.repository.conftest import add_commit


class Copy:
    """A mirror of a remote with one commit, and one object of its own that nothing leads to."""

    def __init__(self, folder: Path) -> None:
        self.remote = new_repository(folder / "remote.git")
        source = Mirror.prepare(str(folder / "source.git"))
        self.main = add_commit(source, b"main")
        move_refs(source, [RefMove("refs/heads/main", "", self.main)])
        git("push", "--quiet", str(self.remote), "main", cwd=Path(source.path))
        self.mirror = Mirror.prepare(str(folder / "mirrors" / "web.git"))
        assert add_commit(self.mirror, b"main") == self.main  # as loose objects
        self.fetch("")
        self.own = add_commit(self.mirror, b"a draft on its way")

    @property
    def path(self) -> Path:
        return Path(self.mirror.path)

    def fetch(self, into: str) -> None:
        refspecs = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"]
        git("fetch", "--quiet", "--prune", str(self.remote), *refspecs, cwd=Path(into or self.mirror.path))

    def loose(self, name: str) -> Path:
        return self.path / "objects" / name[:2] / name[2:]

    def pack(self) -> Path:
        """Everything that is reachable in one pack."""
        git("repack", "-adq", cwd=self.path)
        (file,) = (self.path / "objects" / "pack").glob("*.pack")
        return file


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy(tmp_path)


def remove_object(copy: Copy) -> None:
    copy.loose(copy.main).unlink()


def empty_object(copy: Copy) -> None:
    _write(copy.loose(copy.main), b"")


def garble_object(copy: Copy) -> None:
    _write(copy.loose(copy.main), b"no zlib")


def garble_pack(copy: Copy) -> None:
    pack = copy.pack()
    content = bytearray(pack.read_bytes())
    content[20:24] = b"XXXX"
    _write(pack, bytes(content))


def cut_pack(copy: Copy) -> None:
    pack = copy.pack()
    _write(pack, pack.read_bytes()[:-30])


def remove_pack(copy: Copy) -> None:
    copy.pack().unlink()


def garble_ref(copy: Copy) -> None:
    (copy.path / "refs" / "heads" / "main").write_text("garbage\n")


def remove_objects(copy: Copy) -> None:
    for file in (copy.path / "objects").rglob("*"):
        if file.is_file():
            file.unlink()


DAMAGES = [
    remove_object, empty_object, garble_object, garble_pack, cut_pack, remove_pack, garble_ref, remove_objects,
]  # fmt: skip


def _write(file: Path, content: bytes) -> None:
    file.chmod(0o644)
    file.write_bytes(content)


def test_a_whole_copy_is_whole(copy: Copy) -> None:
    assert damage(copy.mirror.path) == ""
    copy.pack()
    assert damage(copy.mirror.path) == ""


def test_objects_that_are_odd_but_whole_are_no_damage(copy: Copy) -> None:
    """Git complains about the missing e-mail; the remote has it just so."""
    tree = git("rev-parse", "main^{tree}", cwd=copy.path)
    odd = f"tree {tree}\nauthor a 1 +0000\ncommitter a 1 +0000\n\nx\n"
    name = git("hash-object", "-t", "commit", "-w", "--stdin", "--literally", cwd=copy.path, stdin=odd)
    git("update-ref", "refs/heads/odd", name, cwd=copy.path)
    blob = git("hash-object", "-w", "--stdin", cwd=copy.path, stdin="no commit")
    (copy.path / "refs" / "heads" / "blob").write_text(f"{blob}\n")
    git("update-ref", "refs/tags/web/v1", blob, cwd=copy.path)
    assert damage(copy.mirror.path) == ""


@pytest.mark.parametrize("harm", DAMAGES)
def test_damage_is_found_and_mended(copy: Copy, harm: Callable[[Copy], None]) -> None:
    harm(copy)
    assert damage(copy.mirror.path)
    rebuild(copy.mirror, copy.fetch)
    assert damage(copy.mirror.path) == ""
    assert copy.mirror.refs() == {"refs/heads/main": copy.main}
    assert copy.mirror.commit(copy.main).message == b"x"
    assert [file.name for file in copy.path.parent.iterdir()] == ["web.git"]


@pytest.mark.parametrize("harm", [remove_object, garble_object, garble_ref])
def test_what_is_sound_is_taken_along(copy: Copy, harm: Callable[[Copy], None]) -> None:
    harm(copy)
    rebuild(copy.mirror, copy.fetch)
    assert copy.mirror.commit(copy.own).message == b"x"


def test_a_sound_pack_is_taken_along(copy: Copy) -> None:
    git("update-ref", "refs/heads/gone", copy.own, cwd=copy.path)
    copy.pack()
    git("update-ref", "-d", "refs/heads/gone", cwd=copy.path)
    garble_ref(copy)
    rebuild(copy.mirror, copy.fetch)
    assert copy.mirror.commit(copy.own).message == b"x"


def test_what_is_written_meanwhile_is_taken_along(copy: Copy) -> None:
    remove_object(copy)
    written: list[str] = []

    def fetch(into: str) -> None:
        copy.fetch(into)
        written.append(add_commit(copy.mirror, b"%d" % len(written)))

    rebuild(copy.mirror, fetch)
    assert [copy.mirror.commit(name).message for name in written] == [b"x", b"x"]


def test_what_the_remote_got_meanwhile_is_fetched(copy: Copy) -> None:
    remove_object(copy)
    rounds = 0

    def fetch(into: str) -> None:
        nonlocal rounds
        copy.fetch(into)
        rounds += 1
        git("update-ref", f"refs/heads/drafts/a/v{rounds}", "main", cwd=copy.remote)

    rebuild(copy.mirror, fetch)
    assert "refs/heads/drafts/a/v1" in copy.mirror.refs()


def test_while_the_remote_is_gone_the_old_copy_stays(copy: Copy) -> None:
    remove_object(copy)

    def fetch(_into: str) -> None:
        raise ServiceUnavailable("no route")

    with pytest.raises(ServiceUnavailable):
        rebuild(copy.mirror, fetch)
    assert [file.name for file in copy.path.parent.iterdir()] == ["web.git"]
    assert copy.mirror.commit(copy.own).message == b"x"


def test_an_objects_name_is_checked_before_it_is_taken_along(copy: Copy) -> None:
    other = copy.loose(add_commit(copy.mirror, b"other")).read_bytes()
    _write(copy.loose(copy.own), other)  # whole, but another object
    rebuild(copy.mirror, copy.fetch)
    found = subprocess.run(["git", "cat-file", "-e", copy.own], cwd=copy.path, capture_output=True, check=False)
    assert found.returncode != 0
