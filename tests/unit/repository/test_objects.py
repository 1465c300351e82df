"""Objects and packs as git itself makes and reads them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from porch.repository.git.objects import (
    BLOB,
    COMMIT,
    DIRECTORY,
    FILE,
    TREE,
    Signature,
    TreeItem,
    encode_commit,
    encode_tree,
    object_id,
    parse_commit,
    parse_tree,
)
from porch.repository.git.pack import build_pack, read_pack
from tests.support.githttp import git, new_repository

WHO = Signature("Ann", "ann@example.com", 1)


@given(st.lists(st.binary(max_size=5000), max_size=6))
@settings(derandomize=True, max_examples=50)
def test_a_pack_reads_back(contents: list[bytes]) -> None:
    objects = [(BLOB, content) for content in contents]
    assert list(read_pack(build_pack(objects))) == objects


@given(st.lists(st.binary(max_size=70_000), min_size=1, max_size=4, unique=True))
@settings(derandomize=True, max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_git_accepts_our_packs(tmp_path: Path, contents: list[bytes]) -> None:
    repository = tmp_path / "x.git"
    if not repository.exists():
        new_repository(repository)
    tree = encode_tree(TreeItem(b"%d" % index, FILE, object_id(BLOB, data)) for index, data in enumerate(contents))
    commit = encode_commit(object_id(TREE, tree), [], WHO, WHO, "packed")
    pack = build_pack([*((BLOB, data) for data in contents), (TREE, tree), (COMMIT, commit)])
    subprocess.run(["git", "index-pack", "--stdin", "--strict"], cwd=repository, input=pack, check=True)
    git("cat-file", "-e", object_id(COMMIT, commit), cwd=repository)


def test_no_objects_make_gits_empty_pack() -> None:
    assert build_pack([]).hex() == "5041434b0000000200000000029d08823bd8a8eab510ad6ac75c823cfd3ed31e"


@pytest.mark.parametrize("damage", [lambda pack: pack[:-1], lambda pack: b"x" + pack[1:], lambda pack: b""])
def test_a_damaged_pack_is_not_read(damage: object) -> None:
    assert callable(damage)
    with pytest.raises(ValueError, match="damaged"):
        list(read_pack(damage(build_pack([(BLOB, b"x")]))))


def test_trees_sort_directories_as_if_they_ended_in_a_slash() -> None:
    names = [(b"a", DIRECTORY), (b"a.b", FILE), (b"a-b", FILE), (b"a0", FILE)]
    items = [TreeItem(name, mode, "1" * 40) for name, mode in names]
    assert [item.name for item in parse_tree(encode_tree(items))] == [b"a-b", b"a.b", b"a", b"a0"]


def test_ids_are_gits() -> None:
    assert object_id(BLOB, b"") == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
    assert object_id(TREE, b"") == "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


def test_identities_cannot_break_out_of_their_line() -> None:
    commit = encode_commit("0" * 40, [], Signature("a\n<b>", "c>\nd", 5), WHO, "x")
    assert b"\nauthor ab <cd> 5 +0000\n" in commit


def test_odd_commits_are_read_leniently() -> None:
    read = parse_commit(b"tree %s\nauthor nobody\ncommitter x <y> soon\ngpgsig -----\n more\n\nhello" % (b"a" * 40))
    assert (read.author_email, read.authored, read.committed, read.message) == ("", 0, 0, b"hello")
