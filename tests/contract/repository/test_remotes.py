"""What only remotes can do to us: refuse, redirect, cut answers off, be slow or dead, and need credentials."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from porch.errors import BadRequest, PorchError, ServiceUnavailable
from porch.repository import Credentials
from porch.repository.git import GitAddress, GitRepository, open_remote, remote
from porch.workers import WorkerPool
from tests.contract.repository.conftest import KEY, create, plan_new
from tests.support.githttp import GitHttp, dead_url, git, new_repository, refuse_pushes

SECRET = "s3cr3t-value"
DRAFT_REF = "refs/heads/drafts/web/v1"


class Opener:
    """Opens remotes on fresh mirrors, and closes them."""

    def __init__(self, root: Path, workers: WorkerPool) -> None:
        self._root = root
        self._workers = workers
        self._opened: list[GitRepository] = []

    def __call__(
        self,
        url: str,
        credentials: Credentials | None = None,
        *,
        deadline: float = 10.0,
        create_branch: bool = True,
        branch: str = "main",
    ) -> GitRepository:
        mirror = str(self._root / f"mirror{len(self._opened)}.git")
        address = GitAddress(url, KEY, branch, create_branch=create_branch)
        opened = open_remote(
            mirror, address, self._workers, mirror_id="m", location="l", credentials=credentials, deadline=deadline
        )
        self._opened.append(opened)
        return opened

    def close(self) -> None:
        for repository in self._opened:
            repository.close()


@pytest.fixture
def connect(tmp_path: Path, workers: WorkerPool) -> Iterator[Opener]:
    opener = Opener(tmp_path, workers)
    yield opener
    opener.close()


def test_one_push_is_one_request(server: GitHttp, connect: Opener) -> None:
    repository = connect(server.create("web"))
    repository.refresh()
    create(repository, workspace="v1")
    server.requests.clear()
    create(repository, workspace="v2")
    assert server.requests == ["POST /web.git/git-receive-pack"]


def test_a_lost_answer_is_unclear_and_the_refs_tell(server: GitHttp, connect: Opener) -> None:
    repository = connect(server.create("web"))
    repository.refresh()
    plan = plan_new(repository)
    server.cut_answers = True
    report = repository.push(plan)
    assert not report.accepted
    assert report.text
    assert repository.read_refs([DRAFT_REF]) == {DRAFT_REF: plan.moves[0].new}
    server.cut_answers = False
    repository.refresh()
    assert repository.discover({}).revisions[0].commit == plan.moves[0].new


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_server_error_is_unclear(server: GitHttp, connect: Opener, status: int) -> None:
    repository = connect(server.create("web"))
    repository.refresh()
    server.status = status
    report = repository.push(plan_new(repository))
    assert not report.accepted
    assert str(status) in report.text


@pytest.mark.parametrize("over_http", [True, False])
def test_a_hook_that_refuses_is_quoted(server: GitHttp, connect: Opener, tmp_path: Path, over_http: bool) -> None:
    url = server.create("web") if over_http else new_repository(server.path("web")).as_uri()
    repository = connect(url)
    repository.refresh()
    refuse_pushes(server.path("web"), "no pushes on Mondays")
    report = repository.push(plan_new(repository))
    assert not report.accepted
    assert "pre-receive hook declined" in report.text
    assert "no pushes on Mondays" in report.text
    assert repository.read_refs([DRAFT_REF]) == {}


def test_a_read_only_remote_says_what_to_check(server: GitHttp, connect: Opener) -> None:
    repository = connect(server.create("web"))
    repository.refresh()
    plan = plan_new(repository)
    server.read_only = True
    with pytest.raises(ServiceUnavailable, match=r"failed to push to remote: status code: 403.*secretRef"):
        repository.push(plan)


@pytest.mark.parametrize("credentials", [Credentials("alice", SECRET), Credentials(bearer_token=SECRET)])
def test_credentials_reach_fetch_listing_and_push(server: GitHttp, connect: Opener, credentials: Credentials) -> None:
    server.basic, server.bearer = (("alice", SECRET), None) if credentials.username else (None, SECRET)
    repository = connect(server.create("web"), credentials)
    repository.refresh()
    created = create(repository)
    assert repository.read_refs([DRAFT_REF]) == {DRAFT_REF: created.commit}


@pytest.mark.parametrize("credentials", [None, Credentials("alice", SECRET), Credentials(bearer_token=SECRET)])
def test_wrong_credentials_are_named_and_never_shown(
    server: GitHttp, connect: Opener, credentials: Credentials | None
) -> None:
    repository = connect(server.create("web"), credentials)
    repository.refresh()
    plan = plan_new(repository)
    server.basic = ("alice", "another")
    failures: list[PorchError] = []
    for action in (repository.refresh, lambda: repository.push(plan), lambda: repository.read_refs([DRAFT_REF])):
        with pytest.raises(PorchError) as caught:
            action()
        failures.append(caught.value)
    assert [type(failure) for failure in failures] == [BadRequest, ServiceUnavailable, ServiceUnavailable]
    assert all("secretRef" in failure.message for failure in failures[:2])
    assert not any(SECRET in repr(failure) + str(failure.__cause__) for failure in failures)


def test_a_dead_remote_is_unavailable_and_nothing_was_sent(connect: Opener) -> None:
    repository = connect(dead_url())
    with pytest.raises(ServiceUnavailable, match=r"error cloning git repository http://127\.0\.0\.1"):
        repository.refresh()
    with pytest.raises(ServiceUnavailable, match="failed to push to remote: "):
        repository.push(plan_new(repository))
    with pytest.raises(ServiceUnavailable):
        repository.read_refs([DRAFT_REF])


def test_a_remote_that_dies_later_is_unavailable(tmp_path: Path, connect: Opener) -> None:
    with GitHttp(tmp_path) as server:
        repository = connect(server.create("web"))
        repository.refresh()
        plan = plan_new(repository)
    with pytest.raises(ServiceUnavailable, match="failed to push to remote: "):
        repository.push(plan)


def test_a_silent_remote_is_given_up(server: GitHttp, connect: Opener) -> None:
    url = server.create("web")
    connect(url).refresh()
    repository = connect(url, deadline=0.3)
    server.gate.clear()
    with pytest.raises(ServiceUnavailable, match=r"no answer within 0\.3 s"):
        repository.refresh()
    with pytest.raises(ServiceUnavailable, match="failed to push to remote"):
        repository.push(plan_new(repository))


def test_a_push_without_an_answer_in_time_is_unclear(server: GitHttp, connect: Opener) -> None:
    url = server.create("web")
    repository = connect(url, deadline=1.0)
    repository.refresh()
    plan = plan_new(repository)
    server.gate.clear()
    assert not repository.push(plan).accepted


def test_redirects_are_not_followed(server: GitHttp, connect: Opener) -> None:
    repository = connect(server.create("web"))
    repository.refresh()
    plan = plan_new(repository)
    server.redirect = "http://127.0.0.1:1/elsewhere.git"
    with pytest.raises(ServiceUnavailable, match=r"status code: 302.*final URL"):
        repository.push(plan)
    with pytest.raises(PorchError):
        repository.refresh()


def test_a_missing_repository_is_the_users_mistake(server: GitHttp, connect: Opener, tmp_path: Path) -> None:
    for url in (server.url("absent"), (tmp_path / "absent.git").as_uri()):
        with pytest.raises(BadRequest, match="cannot fetch repository default:web::main: repository not found"):
            connect(url).refresh()


def test_a_missing_branch_is_made_only_when_asked_for(server: GitHttp, connect: Opener) -> None:
    repository = connect(server.create("web"), create_branch=False)
    with pytest.raises(BadRequest, match=r"""branch "main" doesn't exist: reference not found"""):
        repository.refresh()
    connect(server.url("web"), branch="release").refresh()
    assert "refs/heads/release" in git("for-each-ref", cwd=server.path("web"))


def test_objects_are_collected_when_the_plan_does_not_carry_them(server: GitHttp, connect: Opener) -> None:
    """As after a restart, when only the refs of an intent are known."""
    repository = connect(server.create("web"))
    repository.refresh()
    plan = plan_new(repository)
    assert repository.push(type(plan)(plan.moves, b"")).accepted
    assert git("fsck", "--strict", "--full", cwd=server.path("web")) == ""


def test_a_file_remote_is_refused_by_its_missing_directory(connect: Opener, tmp_path: Path) -> None:
    repository = connect((tmp_path / "absent.git").as_uri())
    with pytest.raises(ServiceUnavailable, match="failed to push to remote"):
        repository.push(plan_new(repository))


def test_locks_that_a_dead_server_left_in_the_mirror_are_taken_away(
    server: GitHttp, tmp_path: Path, workers: WorkerPool
) -> None:
    """Else every fetch would fail for a minute."""
    address = GitAddress(server.create("web"), KEY, create_branch=True)
    mirror = tmp_path / "mirror.git"

    def opened() -> GitRepository:
        return open_remote(str(mirror), address, workers, mirror_id="m", location="l")

    with closing(opened()) as first:
        first.refresh()
        create(first)
    for ref in ("refs/heads/main", "refs/heads/drafts/web/v1", "packed-refs"):
        (mirror / f"{ref}.lock").touch()
        os.utime(mirror / f"{ref}.lock", (remote._BEGUN - 1, remote._BEGUN - 1))
    git("update-ref", "refs/heads/drafts/web/v1", "refs/heads/main", cwd=server.path("web"))
    with closing(opened()) as again:
        again.refresh()
        assert not again.has_news()
