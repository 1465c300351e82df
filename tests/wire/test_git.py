"""A hosted repository and the real git: cloning, pushing, and what the API shows of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.server import Done, run
from tests.wire.space import DOTTED, RESOURCES, REVISIONS, Space

_KPTFILE = "apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: pushed\n"


class Clone:
    """A user's clone of `blueprints`."""

    def __init__(self, space: Space, work: Path, token: str) -> None:
        self._environment, self.work = space.server.git_environment(token), work
        url = space.get("repositories", "blueprints")["status"]["cloneURL"]
        assert run(["git", "clone", "--quiet", url, str(work)], environment=self._environment).code == 0

    def git(self, *arguments: str) -> Done:
        return run(["git", *arguments], environment=self._environment, cwd=self.work)

    def commit(self, path: str, text: str) -> None:
        file = self.work / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        assert self.git("add", path).code == self.git("commit", "--quiet", "-m", f"Write {path}").code == 0


def _clone(space: Space, work: Path, role: str) -> Clone:
    user = f"{space.namespace}-{role}"
    space.kubectl("create", "rolebinding", user, f"--clusterrole=porch:{role}", f"--user={user}")
    return Clone(space, work, space.server.user(user))


@pytest.fixture
def clone(space: Space, tmp_path: Path) -> Clone:
    return _clone(space, tmp_path / "work", "editor")


def test_a_draft_can_be_cloned(space: Space, tmp_path: Path) -> None:
    space.draft()
    clone = _clone(space, tmp_path / "work", "viewer")
    assert clone.git("checkout", "--quiet", "drafts/my-package/v1").code == 0
    files = space.get(RESOURCES, DOTTED)["spec"]["resources"]
    assert {path: (clone.work / "my-package" / path).read_text() for path in files} == files


def test_a_pushed_draft_appears_changes_and_disappears_at_once(space: Space, clone: Clone) -> None:
    name, ref = "blueprints.pushed.v1", "HEAD:refs/heads/drafts/pushed/v1"
    space.draft()
    with space.following("get", "packagerevisions", "-w", "--output-watch-events", "--no-headers") as lines:
        lines.until(DOTTED)
        clone.commit("pushed/Kptfile", _KPTFILE)
        assert clone.git("push", "--quiet", "origin", ref).code == 0
        assert lines.next().split() == ["ADDED", name, "pushed", "v1", "0", "false", "Draft", "blueprints"]
        clone.commit("pushed/note.txt", "hello\n")
        assert clone.git("push", "--quiet", "origin", ref).code == 0
        assert lines.next().split()[:2] == ["MODIFIED", name]
        assert space.get(RESOURCES, name)["spec"]["resources"] == {"Kptfile": _KPTFILE, "note.txt": "hello\n"}
        assert clone.git("push", "--quiet", "origin", ":refs/heads/drafts/pushed/v1").code == 0
        assert lines.next().split()[:2] == ["DELETED", name]
    assert space.names(REVISIONS) == [DOTTED]


def test_a_refusal_is_a_line_that_the_git_user_reads(space: Space, clone: Clone) -> None:
    before = space.refs()
    clone.commit("pushed/Kptfile", _KPTFILE)
    for ref, words in (
        ("refs/heads/main", "you may not update packagerevisions/approval in this namespace"),
        ("refs/heads/drafts/nameless", "the name lacks a workspace"),
        ("refs/heads/drafts/pushed/V.1", 'workspace "V.1"'),
    ):
        done = clone.git("push", "--porcelain", "origin", f"HEAD:{ref}")
        assert done.code != 0
        assert words in done.out + done.err
    assert space.refs() == before


def test_without_a_good_token_there_is_nothing_to_clone(space: Space, tmp_path: Path) -> None:
    url = space.get("repositories", "blueprints")["status"]["cloneURL"]
    for token in ("wrong", space.server.user(f"{space.namespace}-nobody")):
        done = run(["git", "clone", url, str(tmp_path / token)], environment=space.server.git_environment(token))
        assert done.code != 0
