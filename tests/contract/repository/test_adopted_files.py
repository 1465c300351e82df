"""A draft takes files over from elsewhere: as entries, as contents or as a pack, always as they were."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from porch.errors import Invalid
from porch.repository import Entry, NewFile, Repository
from porch.repository.git import GitAddress, open_hosted
from porch.workers import WorkerPool
from tests.contract.repository.conftest import ALICE, INIT, KEY, KPTFILE, NOON, Place, create
from tests.support.githttp import git

BIG = os.urandom(400_000)
PLAIN, EXECUTABLE, LINK, SUBMODULE = 0o100644, 0o100755, 0o120000, 0o160000


@pytest.fixture
def elsewhere(tmp_path: Path, workers: WorkerPool) -> Iterator[tuple[Repository, Path]]:
    path = tmp_path / "elsewhere.git"
    address = GitAddress("hosted:///elsewhere", KEY, create_branch=True)
    made = open_hosted(str(path), address, workers, mirror_id="e", location="e", clock=lambda: NOON)
    yield made, path
    made.close()


def tree_of(path: Path, files: dict[str, tuple[int, bytes]]) -> str:
    """A tree written by git itself."""
    lines = []
    for name, (mode, data) in files.items():
        blob = "1" * 40 if mode == SUBMODULE else _blob(path, data)
        lines.append(f"{mode:o} {blob}\t{name}\n")
    index = {"GIT_INDEX_FILE": str(path / "test-index")}
    (path / "test-index").unlink(missing_ok=True)
    git("update-index", "--add", "--index-info", cwd=path, stdin="".join(lines), env=index)
    return git("write-tree", cwd=path, env=index)


def _blob(path: Path, data: bytes) -> str:
    (path / "test-blob").write_bytes(data)
    return git("hash-object", "-w", str(path / "test-blob"), cwd=path)


def files(*, big: bool) -> dict[str, tuple[int, bytes]]:
    more = {"big.bin": (PLAIN, BIG)} if big else {}
    return {
        "Kptfile": (PLAIN, KPTFILE),
        "run.sh": (EXECUTABLE, b"#!/bin/sh\n"),
        "out": (LINK, b"../../etc/passwd"),
        "vendor/lib": (SUBMODULE, b""),
        "raw.bin": (PLAIN, bytes(range(256))),
        **more,
    }


@pytest.mark.parametrize("big", [False, True])
def test_a_package_of_another_repository_arrives_as_it_was(
    place: Place, elsewhere: tuple[Repository, Path], *, big: bool
) -> None:
    repository, path = elsewhere
    tree = tree_of(path, files(big=big))
    draft = place.repository.create_package_revision_draft("taken", "v1", ALICE)
    adopted = draft.adopt(repository, repository.entries(tree))
    assert isinstance(adopted["vendor/lib"], Entry)
    assert all(isinstance(file, NewFile) != big for name, file in adopted.items() if name != "vendor/lib")
    draft.update_resources(adopted, INIT)
    assert place.repository.push(place.repository.plan(draft)).accepted
    assert place.git("rev-parse", "refs/heads/drafts/taken/v1:taken") == tree
    if big:
        assert place.git("cat-file", "-s", "refs/heads/drafts/taken/v1:taken/big.bin") == str(len(BIG))
    place.git("fsck", "--strict", "--connectivity-only", "refs/heads/drafts/taken/v1^{tree}")


def test_files_of_the_same_repository_stay_where_they_are(place: Place) -> None:
    first = create(place.repository)
    draft = place.repository.create_package_revision_draft("web", "v2", ALICE)
    entries = place.repository.entries(first.tree)
    adopted = draft.adopt(place.repository, entries)
    assert adopted == entries
    draft.update_resources(adopted, INIT)
    assert place.repository.push(place.repository.plan(draft)).accepted
    assert place.git("rev-parse", "refs/heads/drafts/web/v2:web") == first.tree


def test_changed_content_keeps_the_mode_that_it_brings(place: Place) -> None:
    draft = place.repository.create_package_revision_draft("taken", "v1", ALICE)
    draft.update_resources({"Kptfile": KPTFILE, "run.sh": NewFile(EXECUTABLE, b"#!/bin/sh\n")}, INIT)
    assert place.repository.push(place.repository.plan(draft)).accepted
    assert place.git("ls-tree", "refs/heads/drafts/taken/v1:taken", "run.sh").startswith("100755 ")


def test_odd_paths_stay_where_they_are_but_do_not_come_from_elsewhere(
    elsewhere: tuple[Repository, Path], place: Place
) -> None:
    """Names that are no UTF-8, or differ only in case, may have been there before any rule."""
    repository, path = elsewhere
    blob = _blob(path, KPTFILE)
    listing = b"".join(
        b"100644 blob %s\t%s\0" % (blob.encode(), name) for name in (b"Kptfile", b"README", b"Readme", b"caf\xe9")
    )
    made = subprocess.run(["git", "mktree", "-z"], cwd=path, input=listing, capture_output=True, check=True)
    tree = made.stdout.decode().strip()
    draft = repository.create_package_revision_draft("taken", "v1", ALICE)
    draft.update_resources(draft.adopt(repository, repository.entries(tree)), INIT)
    assert repository.push(repository.plan(draft)).accepted
    assert git("rev-parse", "refs/heads/drafts/taken/v1:taken", cwd=path) == tree
    other = place.repository.create_package_revision_draft("taken", "v1", ALICE)
    with pytest.raises(Invalid) as caught:
        other.update_resources(other.adopt(repository, repository.entries(tree)), INIT)
    assert caught.value.details is not None
    assert caught.value.details.causes[0].field == "spec.resources[caf\ufffd]"
