"""The same git repository behind three doors: hosted here, over HTTP, and at a file path."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from porch.keys import RepositoryKey
from porch.repository import Author, Repository
from porch.repository.git import GitAddress, open_hosted, open_remote
from porch.repository.interface import Discovered, Files, Plan
from porch.types.task import InitTask, Task
from porch.workers import WorkerPool
from tests.support.githttp import GitHttp, git, new_repository

KEY = RepositoryKey("default", "web")
ALICE = Author("alice", "alice@example.com")
KPTFILE = b"apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: web\n"
FILES: dict[str, bytes] = {"Kptfile": KPTFILE, "README.md": b"# web\n", "config/web.yaml": b"kind: ConfigMap\n"}
INIT = Task(type="init", init=InitTask(description="a web server"))
NOON = 1_790_000_000


@dataclass
class Place:
    """A repository and the bare git directory where its refs really are."""

    kind: str
    repository: Repository
    truth: Path

    def git(self, *arguments: str, stdin: str = "") -> str:
        return git(*arguments, cwd=self.truth, stdin=stdin)

    def refs(self) -> dict[str, str]:
        lines = self.git("for-each-ref", "--format=%(refname) %(objectname)").splitlines()
        return dict(line.split(" ") for line in lines)

    def foreign_commit(self, ref: str, files: dict[str, str], parent: str = "") -> str:
        """What somebody else does with git: a commit with exactly these files, and a ref on it."""
        listing = ""
        for path, content in files.items():
            blob = self.git("hash-object", "-w", "--stdin", stdin=content)
            listing += f"100644 {blob} 0\t{path}\n"
        index = {"GIT_INDEX_FILE": str(self.truth / "test-index")}
        (self.truth / "test-index").unlink(missing_ok=True)
        git("update-index", "--add", "--index-info", cwd=self.truth, stdin=listing, env=index)
        tree = git("write-tree", cwd=self.truth, env=index)
        parents = ["-p", parent] if parent else []
        commit = self.git("commit-tree", tree, *parents, "-m", "by hand")
        self.git("update-ref", ref, commit)
        return commit


@pytest.fixture(scope="session")
def workers() -> Iterator[WorkerPool]:
    pool = WorkerPool(1, 60)
    yield pool
    pool.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[GitHttp]:
    with GitHttp(tmp_path) as running:
        yield running


@pytest.fixture(params=["hosted", "http", "file"])
def place(request: pytest.FixtureRequest, tmp_path: Path, workers: WorkerPool) -> Iterator[Place]:
    mirror = str(tmp_path / "mirror.git")
    if request.param == "hosted":
        address = GitAddress("hosted:///web", KEY, create_branch=True)
        hosted = open_hosted(mirror, address, workers, mirror_id="m", location="l", clock=lambda: NOON)
        yield Place("hosted", hosted, Path(mirror))
        hosted.close()
        return
    if request.param == "http":
        server: GitHttp = request.getfixturevalue("server")
        url, truth = server.create("web"), server.path("web")
    else:
        truth = new_repository(tmp_path / "web.git")
        url = truth.as_uri()
    address = GitAddress(url, KEY, create_branch=True)
    remote = open_remote(mirror, address, workers, mirror_id="m", location="l", clock=lambda: NOON)
    remote.refresh()
    yield Place(request.param, remote, truth)
    remote.close()


def plan_new(repository: Repository, path: str = "web", workspace: str = "v1", files: Files = FILES) -> Plan:
    draft = repository.create_package_revision_draft(path, workspace, ALICE)
    draft.update_resources(files, INIT)
    return repository.plan(draft)


def create(repository: Repository, path: str = "web", workspace: str = "v1", files: Files = FILES) -> Discovered:
    plan = plan_new(repository, path, workspace, files)
    report = repository.push(plan)
    assert report.accepted, report.text
    assert plan.discovered is not None
    return plan.discovered
