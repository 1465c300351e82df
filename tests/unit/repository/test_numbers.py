"""Numbers that were given on the branch are read while a repository is synchronised; an approval only asks."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from porch.keys import RepositoryKey
from porch.repository.git import GitAddress, open_hosted
from porch.repository.git.mirror import Mirror
from porch.repository.git.numbers import Numbers
from porch.workers import WorkerPool
from tests.support.githttp import git


@pytest.fixture
def workers() -> Iterator[WorkerPool]:
    pool = WorkerPool(1, 60)
    yield pool
    pool.close()


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A hundred revisions of ten packages, published by turns; nothing is left of them but commits."""
    path = tmp_path / "repo.git"
    git("init", "--quiet", "--bare", "--initial-branch=main", str(path), cwd=tmp_path)
    lines = []
    for number in range(100):
        mark = f'kpt:{{"package":"p{number % 10}","workspaceName":"w{number}","revision":"{number // 10 + 1}"}}'
        text = f"Approve\n\n{mark}\n"
        author = f"a <a@example.com> {1_700_000_000 + number} +0000"
        lines.append(f"commit refs/heads/main\ncommitter {author}\ndata {len(text)}\n{text}\n")
    subprocess.run(["git", "fast-import", "--quiet"], input="".join(lines).encode(), cwd=path, check=True)
    return path


def test_they_are_the_highest_that_each_package_was_given(bare: Path, workers: WorkerPool) -> None:
    head = git("rev-parse", "main", cwd=bare)
    lazy, prepared = (Numbers(Mirror(str(bare))) for _ in range(2))
    prepared.prepare(head, workers)
    for package, last in (("p0", 10), ("p9", 10), ("p", 0)):
        assert lazy.last(head, package) == prepared.last(head, package) == last


def test_an_approval_reads_no_history_that_a_synchronisation_has_read(bare: Path, workers: WorkerPool) -> None:
    address = GitAddress("hosted:///repo", RepositoryKey("default", "repo"), create_branch=True)
    opened = open_hosted(str(bare), address, workers, mirror_id="m", location="l")
    git("update-ref", "refs/heads/drafts/p0/next", "main", cwd=bare)
    opened.discover({})
    assert opened._numbers._read_to == opened.head()
    assert opened.last_number("p0") == 10
    opened.close()


def test_what_is_new_since_is_read(bare: Path, workers: WorkerPool) -> None:
    old, head = git("rev-parse", "main~15", cwd=bare), git("rev-parse", "main", cwd=bare)
    numbers = Numbers(Mirror(str(bare)))
    numbers.prepare(old, workers)
    assert (numbers.last(old, "p9"), numbers.last(head, "p9")) == (8, 10)
