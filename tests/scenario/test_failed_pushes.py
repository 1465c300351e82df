"""A push that fails: the seed's sentence with git's words, the right code, and nothing left behind.

When nobody can know whether the remote did it, the answer says so, and the matter is settled when the remote is back.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.scenario.conftest import Make
from tests.scenario.running import (
    REPOSITORIES,
    RESOURCES,
    REVISIONS,
    SECRETS,
    Answer,
    Api,
    Porch,
    register,
    repository,
    revision,
    synchronise,
    wait_ready,
)
from tests.support.githttp import GitHttp, git, refuse_pushes

SENTENCE = "failed to close package revision draft: failed to push to remote: "
NAME = "there.web.v1"


@pytest.fixture
def porch(make: Make, remote: GitHttp) -> Porch:
    porch = make("--remote-timeout", "3", "--sync-interval", "3600")
    register(porch.launch(), "there", remote.create("there"))
    return porch


def create(api: Api) -> Answer:
    return api.send("POST", REVISIONS, revision("there", "web", labels={"team": "core"}))


def drafts(remote: GitHttp) -> str:
    return git("for-each-ref", "--format=%(refname)", "refs/heads/drafts", cwd=remote.path("there"))


def gone(remote: GitHttp) -> Callable[[], object]:
    hidden = remote.path("there").rename(remote.root / "hidden")
    return lambda: hidden.rename(remote.path("there"))


def refusing(remote: GitHttp) -> Callable[[], object]:
    refuse_pushes(remote.path("there"), "drafts are not welcome here")
    return (remote.path("there") / "hooks" / "pre-receive").unlink


def read_only(remote: GitHttp) -> Callable[[], object]:
    remote.read_only = True
    return lambda: setattr(remote, "read_only", False)


def locked_out(remote: GitHttp) -> Callable[[], object]:
    remote.basic = ("somebody", "else")
    return lambda: setattr(remote, "basic", None)


def taken(remote: GitHttp) -> Callable[[], object]:
    """Somebody else has made the branch meanwhile, with other content."""
    git("update-ref", "refs/heads/drafts/web/v1", "refs/heads/main", cwd=remote.path("there"))
    return lambda: git("update-ref", "-d", "refs/heads/drafts/web/v1", cwd=remote.path("there"))


def broken(remote: GitHttp) -> Callable[[], object]:
    remote.status = 500
    return lambda: setattr(remote, "status", None)


@pytest.mark.parametrize(
    ("failure", "code", "words"),
    [
        (gone, 503, "not found"),
        (refusing, 409, "pre-receive hook declined"),
        (read_only, 503, "403"),
        (locked_out, 503, "401"),
        (taken, 409, "drafts/web/v1"),
        (broken, 503, "500; whether it was done is not known"),
    ],
)
def test_a_push_that_fails_says_why_and_leaves_nothing(
    porch: Porch, remote: GitHttp, failure: Callable[[GitHttp], Callable[[], object]], code: int, words: str
) -> None:
    api, mend = porch.api, failure(remote)
    answer = create(api)
    assert answer.message.startswith(SENTENCE)
    assert words in answer.message
    assert (answer.code, answer.reason) == (code, "Conflict" if code == 409 else "ServiceUnavailable")
    assert api.names() == []
    assert api.send("GET", f"{RESOURCES}/{NAME}").code == 404
    mend()
    assert drafts(remote) == ""
    _when_not_refused(api, lambda: create(api))
    assert api.names() == [NAME]


def _when_not_refused(api: Api, work: Callable[[], Answer]) -> Answer:
    """A synchronisation settles what was unknown; a remote that was just unreachable is not asked for a few seconds."""
    while (answer := work()).code in {409, 503}:
        synchronise(api, "there")
    assert answer.code < 300, answer.text
    return answer


def test_an_answer_that_was_lost_is_found_out(porch: Porch, remote: GitHttp) -> None:
    """The remote did it, the connection broke before it could say so: reading the refs tells."""
    remote.cut_answers = True
    answer = create(porch.api)
    assert answer.code == 201
    assert drafts(remote) == "refs/heads/drafts/web/v1"
    assert porch.api.send("DELETE", f"{REVISIONS}/{NAME}").code == 200
    assert drafts(remote) == ""


def test_an_unknown_outcome_is_settled_when_the_remote_is_back(porch: Porch, remote: GitHttp) -> None:
    """The remote did it and fell silent. Nothing is shown until it answers again; then all of it, labels included."""
    hook = remote.path("there") / "hooks" / "post-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text('#!/bin/sh\nmv "$PWD" "$PWD.away"\n')
    hook.chmod(0o755)
    remote.cut_answers = True
    answer = create(porch.api)
    assert (answer.code, answer.reason) == (503, "ServiceUnavailable")
    assert "not known until the remote answers again" in answer.message
    assert porch.api.names() == []
    remote.path("there").with_name("there.git.away").rename(remote.path("there"))
    remote.cut_answers = False
    with porch.again().watch() as watch:
        kind, obj = watch.of(NAME)
    assert (kind, obj["metadata"]["labels"]) == ("ADDED", {"team": "core"})


def test_wrong_credentials_are_mended_by_changing_the_secret(make: Make, remote: GitHttp) -> None:
    """No new registration is needed."""
    remote.basic = ("porch", "right")
    api = make().launch()
    secret = {"metadata": {"name": "git"}, "type": "kubernetes.io/basic-auth"}
    api.do("POST", SECRETS, secret | {"stringData": {"username": "porch", "password": "wrong"}})
    api.do("POST", REPOSITORIES, repository("there", remote.create("there"), secretRef={"name": "git"}))
    assert "spec.git.secretRef" in wait_ready(api, "there", ready=False)
    answer = create(api)
    assert (answer.code, answer.reason) == (400, "BadRequest")
    api.patch(f"{SECRETS}/git", {"stringData": {"password": "right"}})
    assert create(api).code == 201
    assert "right" not in api.do("GET", f"{REPOSITORIES}/there")["status"]["conditions"][0]["message"]
