"""Repositories that upstream Porch managed: a reader of git must find what upstream itself found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from porch.repository.git.discover import discover_mirror
from porch.repository.interface import Discovered, Snapshot
from tests.support import upstream
from tests.support.githttp import git

REPOSITORIES = {
    "catalog": ("catalog", "", "main"),
    "edge": ("edge", "", "main"),
    "scoped": ("mono", "teams/alpha", "main"),
    "scoped-rel": ("mono", "teams/alpha", "release"),
}


@pytest.fixture(scope="module")
def clones(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("upstream")
    upstream.unbundle(root)
    return root


def look(clones: Path, repository: str, known: dict[str, str] | None = None) -> Snapshot:
    name, directory, branch = REPOSITORIES[repository]
    return discover_mirror(str(clones / f"{name}.git"), directory, branch, known or {})


def answers(repository: str) -> dict[str, dict[str, Any]]:
    items = upstream.answers("adopted/packagerevisions.json")
    return {name: item for name, item in items.items() if item["spec"]["repository"] == repository}


def shown(found: Discovered) -> dict[str, Any]:
    return {
        "packageName": found.path,
        "workspaceName": found.workspace,
        "revision": found.revision,
        "lifecycle": found.lifecycle,
        "tasks": [msgspec.to_builtins(found.task)] if found.task else [],
        "ref": found.ref.removeprefix("refs/heads/").removeprefix("refs/tags/"),
        "commit": found.commit if found.revision >= 0 else "",
        "publishedBy": found.published_by,
        "publishTimestamp": found.published_at,
    }


def expected(answer: dict[str, Any]) -> dict[str, Any]:
    spec, status = answer["spec"], answer["status"]
    return {
        "packageName": spec["packageName"],
        "workspaceName": spec["workspaceName"],
        "revision": spec.get("revision", 0),
        "lifecycle": spec["lifecycle"],
        "tasks": spec.get("tasks", []),
        "ref": status["selfLock"]["git"]["ref"],
        "commit": status["selfLock"]["git"]["commit"] if spec.get("revision", 0) >= 0 else "",
        "publishedBy": status.get("publishedBy", ""),
        "publishTimestamp": status["publishTimestamp"],
    }


@pytest.mark.parametrize(("repository", "count"), [("catalog", 20), ("edge", 12), ("scoped", 15), ("scoped-rel", 11)])
def test_every_revision_is_found_as_upstream_found_it(clones: Path, repository: str, count: int) -> None:
    found = {
        f"{repository}.{revision.path.replace('/', '.')}.{revision.workspace}": shown(revision)
        for revision in look(clones, repository).revisions
    }
    assert found == {name: expected(answer) for name, answer in answers(repository).items()}
    assert len(found) == count


@pytest.mark.parametrize("repository", ["catalog", "edge", "scoped"])
def test_a_package_on_the_branch_is_shown_by_a_commit_of_the_branch(clones: Path, repository: str) -> None:
    """Upstream names the head, so each push changes every package there; ours names the commit that brought it."""
    name, _, branch = REPOSITORIES[repository]
    where = clones / f"{name}.git"
    on_branch = [found for found in look(clones, repository).revisions if found.ref == f"refs/heads/{branch}"]
    assert on_branch
    for found in on_branch:
        assert git("merge-base", "--is-ancestor", found.commit, branch, cwd=where) == ""
        trees = [git("rev-parse", f"{commit}:{found.full_path}", cwd=where) for commit in (found.commit, branch)]
        assert trees == [found.tree, found.tree]


def test_refs_are_those_of_the_bundle(clones: Path) -> None:
    assert look(clones, "scoped").refs == upstream.refs_left("mono")


def test_what_is_skipped_is_named(clones: Path) -> None:
    skipped = {warning.split()[1].rstrip(":") for warning in look(clones, "scoped").warnings}
    assert skipped == {
        "refs/heads/proposed/teams/alpha/nokpt/hand",
        "refs/tags/release-1",
        "refs/tags/teams/alpha/nowhere/v1",
    }


def test_each_ref_alone_tells_the_same_as_all_together(clones: Path) -> None:
    everything = look(clones, "scoped")
    for ref in everything.refs:
        known = {name: target for name, target in everything.refs.items() if name != ref}
        alone = [found for found in look(clones, "scoped", known).revisions if found.ref == ref]
        assert alone == [found for found in everything.revisions if found.ref == ref]


def test_creation_times_are_those_of_the_creating_commits(clones: Path) -> None:
    found = {revision.ref: revision.created_at for revision in look(clones, "catalog").revisions}
    assert found["refs/tags/base/v1"] < found["refs/tags/base/v2"] <= found["refs/heads/drafts/base/wip"]
