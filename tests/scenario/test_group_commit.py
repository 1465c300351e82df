"""Many writers of one repository: what waits at the same time goes in one push, and each gets its own answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.scenario.conftest import Make
from tests.scenario.running import REVISIONS, Answer, Api, Json, register, revision, synchronise
from tests.scenario.test_races import together
from tests.support.githttp import GitHttp, git, refuse_pushes

MANY = 100
UNLIMITED = ("--sync-interval", "3600", "--remote-queue", "200", "--max-refs-per-push", "0")


def proposing(api: Api, package: str, workspace: str = "v1") -> Callable[[], Answer]:
    body = revision("there", package, workspace)
    body["spec"]["lifecycle"] = "Proposed"
    return lambda: api.send("POST", REVISIONS, body)


def approving(api: Api, name: str) -> Callable[[], Answer]:
    return lambda: api.patch(f"{REVISIONS}/{name}/approval", {"spec": {"lifecycle": "Published"}})


def pushes(remote: GitHttp) -> int:
    return sum(request == "POST /there.git/git-receive-pack" for request in remote.requests)


def rival(truth: Path, times: int) -> None:
    """Somebody whose push to the branch comes just before ours, so many times."""
    hook = truth / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(
        "#!/bin/sh\n"
        f'test "$(git rev-list --count --author=rival main)" -lt {times} || exit 0\n'
        "unset GIT_QUARANTINE_PATH GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES\n"
        "export GIT_AUTHOR_NAME=rival GIT_AUTHOR_EMAIL=r@r GIT_COMMITTER_NAME=rival GIT_COMMITTER_EMAIL=r@r\n"
        "git update-ref refs/heads/main $(git commit-tree 'main^{tree}' -p main -m rival)\n"
    )
    hook.chmod(0o755)


def test_a_hundred_approvals_and_a_rival(make: Make, remote: GitHttp) -> None:
    api = make(*UNLIMITED).launch()
    register(api, "there", remote.create("there"))
    truth = remote.path("there")
    names = [f"there.app{number}.v1" for number in range(MANY)]
    created = together([proposing(api, f"app{number}") for number in range(MANY)])
    assert {answer.code for answer in created} == {201}
    before = pushes(remote)
    rival(truth, 4)
    answers = together([approving(api, name) for name in names])
    assert {answer.code for answer in answers} == {200}, [a.text for a in answers if a.code != 200][:3]
    assert pushes(remote) - before <= MANY // 4
    check(truth, [answer.json for answer in answers])
    assert git("rev-list", "--count", "--first-parent", "--author=rival", "main", cwd=truth) == "4"


def check(truth: Path, published: list[Json]) -> None:
    """Git has what was acknowledged: each under its tag, each tag on the branch, no number twice."""
    tags = dict(
        line.split()
        for line in git("for-each-ref", "--format=%(refname) %(objectname)", "refs/tags", cwd=truth).splitlines()
    )
    assert len(tags) == len(published)
    on_branch = set(git("rev-list", "--first-parent", "main", cwd=truth).split())
    for obj in published:
        lock = obj["status"]["selfLock"]["git"]
        assert lock["ref"].endswith(f"/v{obj['spec']['revision']}")
        assert tags[f"refs/tags/{lock['ref']}"] == lock["commit"]
        assert lock["commit"] in on_branch
    assert git("for-each-ref", "refs/heads/proposed", cwd=truth) == ""
    assert git("fsck", "--strict", "--full", "--no-dangling", cwd=truth) == ""


@pytest.mark.parametrize("url", ["hosted:///there", "remote"])
def test_approvals_of_one_package_at_once_get_a_number_each(make: Make, remote: GitHttp, url: str) -> None:
    """Workspaces of a package that were made beside each other, as others make them with git."""
    porch = make(*UNLIMITED)
    api = porch.launch()
    if url == "remote":
        register(api, "there", remote.create("there"))
        truth = remote.path("there")
    else:
        register(api, "there", url)
        truth = porch.hosted("default", "there")
    assert proposing(api, "web", "w0")().code == 201
    proposal = git("rev-parse", "proposed/web/w0", cwd=truth)
    for number in range(1, 12):
        git("update-ref", f"refs/heads/proposed/web/w{number}", proposal, cwd=truth)
    synchronise(api, "there")
    answers = together([approving(api, f"there.web.w{number}") for number in range(12)])
    assert {answer.code for answer in answers} == {200}
    assert sorted(answer.json["spec"]["revision"] for answer in answers) == list(range(1, 13))
    check(truth, [answer.json for answer in answers])
    latest = api.do("GET", f"{REVISIONS}?labelSelector=kpt.dev/latest-revision=true")["items"]
    assert [item["spec"]["revision"] for item in latest] == [12]


def test_who_is_refused_does_not_stop_the_others(make: Make, remote: GitHttp) -> None:
    """A hook that does not want one package refuses the whole push; the others are pushed without it."""
    api = make(*UNLIMITED).launch()
    register(api, "there", remote.create("there"))
    packages = [*(f"app{number}" for number in range(7)), "bad"]
    together([proposing(api, package) for package in packages])
    hook = remote.path("there") / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nif grep -q refs/tags/bad/; then echo 'not that one' >&2; exit 1; fi\n")
    hook.chmod(0o755)
    answers = dict(zip(packages, together([approving(api, f"there.{p}.v1") for p in packages]), strict=True))
    assert {package for package, answer in answers.items() if answer.code == 200} == set(packages) - {"bad"}
    assert (answers["bad"].code, answers["bad"].reason) == (409, "Conflict")
    assert "pre-receive hook declined" in answers["bad"].message
    assert api.do("GET", f"{REVISIONS}/there.bad.v1")["spec"]["lifecycle"] == "Proposed"
    hook.unlink()
    assert approving(api, "there.bad.v1")().code == 200


def test_a_limited_push_takes_no_more_refs(make: Make, remote: GitHttp) -> None:
    """Some forges tell nobody of a push of more than three refs."""
    api = make("--sync-interval", "3600", "--remote-queue", "200").launch()
    register(api, "there", remote.create("there"))
    hook = remote.path("there") / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\ntest $(wc -l) -le 3\n")
    hook.chmod(0o755)
    assert {answer.code for answer in together([proposing(api, f"app{number}") for number in range(12)])} == {201}
    answers = together([approving(api, f"there.app{number}.v1") for number in range(12)])
    assert {answer.code for answer in answers} == {200}


def test_a_server_without_atomic_pushes_gets_the_refs_one_by_one(make: Make, remote: GitHttp) -> None:
    """The branch first, then the tag: a tag that is not taken leaves no tag, and the approval can be sent again."""
    api = make("--sync-interval", "3600").launch()
    register(api, "there", remote.create("there"))
    truth = remote.path("there")
    git("config", "receive.advertiseAtomic", "false", cwd=truth)
    assert proposing(api, "web")().code == 201
    refuse_tags = truth / "hooks" / "update"
    refuse_tags.parent.mkdir(exist_ok=True)
    refuse_tags.write_text('#!/bin/sh\ncase "$1" in refs/tags/*) exit 1;; esac\n')
    refuse_tags.chmod(0o755)
    refused = approving(api, "there.web.v1")()
    assert (refused.code, refused.reason) == (409, "Conflict"), refused.text
    assert git("for-each-ref", "refs/tags", cwd=truth) == ""
    assert api.do("GET", f"{REVISIONS}/there.web.v1")["spec"]["lifecycle"] == "Proposed"
    refuse_tags.unlink()
    answer = approving(api, "there.web.v1")()
    assert answer.code == 200, answer.text
    check(truth, [answer.json])


def test_a_refused_approval_says_why_and_leaves_the_proposal(make: Make, remote: GitHttp) -> None:
    api = make("--sync-interval", "3600").launch()
    register(api, "there", remote.create("there"))
    assert proposing(api, "web")().code == 201
    refuse_pushes(remote.path("there"), "the branch is protected")
    answer = approving(api, "there.web.v1")()
    assert (answer.code, answer.reason) == (409, "Conflict")
    assert "failed to push to remote: " in answer.message
    assert "pre-receive hook declined" in answer.message
    assert api.do("GET", f"{REVISIONS}/there.web.v1")["spec"]["lifecycle"] == "Proposed"


def test_a_lost_answer_to_an_approval_is_found_out(make: Make, remote: GitHttp) -> None:
    """The remote did it, and a rival has pushed on top before anybody could look."""
    api = make("--sync-interval", "3600").launch()
    register(api, "there", remote.create("there"))
    truth = remote.path("there")
    assert proposing(api, "web")().code == 201
    hook = truth / "hooks" / "post-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(
        "#!/bin/sh\nexport GIT_AUTHOR_NAME=r GIT_AUTHOR_EMAIL=r@r GIT_COMMITTER_NAME=r GIT_COMMITTER_EMAIL=r@r\n"
        "git update-ref refs/heads/main $(git commit-tree 'main^{tree}' -p main -m rival)\n"
    )
    hook.chmod(0o755)
    remote.cut_answers = True
    answer = approving(api, "there.web.v1")()
    remote.cut_answers = False
    assert (answer.code, answer.json["spec"]["revision"]) == (200, 1)
    assert git("log", "-1", "--format=%s", "main", cwd=truth) == "rival"
    check(truth, [answer.json])
