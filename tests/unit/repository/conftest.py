"""A small bare repository, and commits in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from porch.repository.git.mirror import Mirror
from porch.repository.git.objects import (
    BLOB,
    COMMIT,
    FILE,
    TREE,
    NewObjects,
    Signature,
    TreeItem,
    encode_commit,
    encode_tree,
)
from porch.repository.git.pack import build_pack

WHO = Signature("Ann", "ann@example.com", 1)


@pytest.fixture
def mirror(tmp_path: Path) -> Mirror:
    return Mirror.prepare(str(tmp_path / "web.git"))


def commit_objects(content: bytes, *parents: str) -> tuple[str, NewObjects]:
    """A commit with one file, and all that it needs."""
    objects = NewObjects()
    tree = objects.add(TREE, encode_tree([TreeItem(b"file", FILE, objects.add(BLOB, content))]))
    return objects.add(COMMIT, encode_commit(tree, parents, WHO, WHO, "x")), objects


def add_commit(mirror: Mirror, content: bytes, *parents: str) -> str:
    commit, objects = commit_objects(content, *parents)
    mirror.write(objects)
    return commit


def packed(objects: NewObjects) -> bytes:
    return build_pack((kind, data) for _, kind, data in objects)
