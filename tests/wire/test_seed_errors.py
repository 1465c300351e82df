"""The sample request flow's three error scenarios, as kubectl prints them; none of them leaves anything behind."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.githttp import GitHttp, git, refuse_pushes
from tests.wire.space import DOTTED, REVISIONS, SEED, Space, revision

_PUSH = "failed to close package revision draft: failed to push to remote: "


def _manifest(space: Space) -> str:
    return SEED.replace("namespace: default", f"namespace: {space.namespace}")


def test_a_workspace_name_that_exists(space: Space) -> None:
    space.kubectl("create", "-f", "-", stdin=_manifest(space))
    before = (space.refs(), space.get(REVISIONS, DOTTED))

    assert space.refused("create", "-f", "-", stdin=_manifest(space)) == (
        'Error from server (AlreadyExists): error when creating "STDIN": '
        "package revision workspaceNames must be unique; "
        "package revision with name my-package in repo blueprints with workspaceName v1 already exists"
    )
    assert (space.refs(), space.get(REVISIONS, DOTTED)) == before


@pytest.mark.parametrize(
    ("field", "init", "problem"),
    [
        ("description", {"description": "a bell \a rings"}, "must not contain control characters; found U+0007"),
        ("description", {"description": "x" * 70_000}, "Too long: may not be more than 65536 bytes"),
        ("subpackage", {"subpackage": "inner"}, "Forbidden: a package begins at its root"),
    ],
)
def test_a_task_that_fails(space: Space, field: str, init: dict[str, str], problem: str) -> None:
    before = space.refs()
    wrong = revision()
    wrong["spec"]["tasks"][0]["init"] = init

    refusal = space.refused("create", "-f", "-", stdin=json.dumps(wrong))
    assert refusal.startswith('The PackageRevision "blueprints.my-package.v1" is invalid: ')
    assert f"spec.tasks[0].init.{field}: " in refusal
    assert problem in refusal
    answer = space.client.send("POST", space.path(REVISIONS), wrong)
    assert (answer.status, answer.json()["reason"]) == (422, "Invalid")
    assert answer.json()["message"].startswith(f"failed to apply init task: spec.tasks[0].init.{field}: ")
    assert answer.json()["details"]["causes"][0]["field"] == f"spec.tasks[0].init.{field}"

    assert space.refs() == before
    assert space.names(REVISIONS) == []
    space.draft()


@dataclass
class Remote:
    """A git server elsewhere, with one repository that is registered as `blueprints`."""

    http: GitHttp
    space: Space

    @property
    def path(self) -> Path:
        return self.http.path("blueprints")

    def refs(self) -> str:
        return git("for-each-ref", cwd=self.path)


@pytest.fixture
def remote(empty: Space, tmp_path: Path) -> Iterator[Remote]:
    with GitHttp(tmp_path) as http:
        empty.register("blueprints", http.create("blueprints"), createBranch=True)
        yield Remote(http, empty)


def _hook(remote: Remote) -> Callable[[], None]:
    refuse_pushes(remote.path, "not on fridays")
    return (remote.path / "hooks" / "pre-receive").unlink


def _read_only(remote: Remote) -> Callable[[], None]:
    remote.http.read_only = True
    return lambda: setattr(remote.http, "read_only", False)


def _other_password(remote: Remote) -> Callable[[], None]:
    remote.http.basic = ("somebody", "else")
    return lambda: setattr(remote.http, "basic", None)


def _broken(remote: Remote) -> Callable[[], None]:
    remote.http.status = 502
    return lambda: setattr(remote.http, "status", None)


@pytest.mark.parametrize(
    ("fault", "reason", "words"),
    [
        (_hook, "Conflict", "pre-receive hook declined"),
        (_read_only, "ServiceUnavailable", "403"),
        (_other_password, "ServiceUnavailable", "does not accept these credentials"),
        (_broken, "ServiceUnavailable", "502"),
    ],
)
def test_a_push_that_fails(
    remote: Remote, fault: Callable[[Remote], Callable[[], None]], reason: str, words: str
) -> None:
    space, before = remote.space, remote.refs()
    mend = fault(remote)

    refusal = space.refused("create", "-f", "-", stdin=_manifest(space))
    assert refusal.startswith(f"Error from server ({reason}")
    assert refusal.count(_PUSH) == refusal.count("failed to push") == 1
    assert words in refusal
    assert "not on fridays" in refusal or fault is not _hook

    assert remote.refs() == before
    assert space.names(REVISIONS) == []
    mend()
    if fault is _hook:  # after the others the remote is left alone for a while
        space.draft()
        assert "refs/heads/drafts/my-package/v1" in remote.refs()


def test_a_push_to_a_remote_that_is_gone(empty: Space, tmp_path: Path) -> None:
    with GitHttp(tmp_path) as http:
        empty.register("blueprints", http.create("blueprints"), createBranch=True)
    refusal = empty.refused("create", "-f", "-", stdin=_manifest(empty))
    assert refusal.startswith('Error from server (ServiceUnavailable): error when creating "STDIN": ')
    assert _PUSH in refusal
    assert empty.names(REVISIONS) == []


def test_a_push_of_a_ref_that_somebody_else_has_moved(remote: Remote) -> None:
    """A branch that the index does not know of yet has taken the draft's place."""
    space = remote.space
    main = git("rev-parse", "main", cwd=remote.path)
    git("update-ref", "refs/heads/drafts/my-package/v1", main, cwd=remote.path)
    refusal = space.refused("create", "-f", "-", stdin=_manifest(space))
    assert refusal.startswith('Error from server (Conflict): error when creating "STDIN": ')
    assert _PUSH in refusal
    assert git("rev-parse", "drafts/my-package/v1", cwd=remote.path) == main
