"""Asking a remote whether there is something to fetch: one listing of refs, and the answer is right."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from porch.errors import BadRequest, ServiceUnavailable
from porch.repository.git import GitAddress, open_remote
from porch.workers import WorkerPool
from tests.contract.repository.conftest import KEY, Place, create
from tests.support.githttp import GitHttp, dead_url

KPT = {"web/Kptfile": "kind: Kptfile\n"}


def is_remote(place: Place) -> bool:
    return place.kind != "hosted"


def test_a_hosted_repository_is_always_looked_at(place: Place) -> None:
    if not is_remote(place):
        assert place.repository.has_news()


def test_what_was_fetched_or_pushed_is_no_news(place: Place) -> None:
    place.repository.refresh()
    if is_remote(place):
        assert not place.repository.has_news()
        create(place.repository)
        assert not place.repository.has_news()


def test_foreign_refs_are_news_until_they_are_fetched(place: Place) -> None:
    changes: tuple[Callable[[], str], ...] = (
        lambda: place.foreign_commit("refs/heads/drafts/web/hand", KPT),
        lambda: place.foreign_commit("refs/heads/drafts/web/hand", {**KPT, "web/x": "x"}),
        lambda: place.git("tag", "-a", "-m", "annotated", "web/v1", "refs/heads/drafts/web/hand"),
        lambda: place.git("update-ref", "-d", "refs/heads/drafts/web/hand"),
    )
    for change in changes:
        change()
        assert place.repository.has_news()
        place.repository.refresh()
        assert place.repository.has_news() is not is_remote(place)


def test_refs_of_no_interest_are_no_news(place: Place) -> None:
    place.repository.refresh()
    place.git("update-ref", "refs/notes/x", place.refs()["refs/heads/main"])
    assert place.repository.has_news() is not is_remote(place)


def test_it_costs_one_request(server: GitHttp, tmp_path: Path, workers: WorkerPool) -> None:
    address = GitAddress(server.create("web"), KEY, create_branch=True)
    remote = open_remote(str(tmp_path / "m.git"), address, workers, mirror_id="m", location="l")
    remote.refresh()
    server.requests.clear()
    assert not remote.has_news()
    assert server.requests == ["GET /web.git/info/refs?service=git-upload-pack"]
    remote.close()


@pytest.mark.parametrize("trouble", ["status", "credentials", "missing", "no branch"])
def test_what_else_is_wrong_is_for_the_fetch_to_say(
    server: GitHttp, tmp_path: Path, workers: WorkerPool, trouble: str
) -> None:
    url = server.create("web") if trouble != "missing" else server.url("missing")
    if trouble == "status":
        server.redirect = "http://127.0.0.1/elsewhere"
    if trouble == "credentials":
        server.basic = ("user", "password")
    remote = open_remote(str(tmp_path / "m.git"), GitAddress(url, KEY), workers, mirror_id="m", location="l")
    assert remote.has_news()
    remote.close()


def test_a_dead_remote_is_unavailable(tmp_path: Path, workers: WorkerPool) -> None:
    address = GitAddress(dead_url(), KEY)
    remote = open_remote(str(tmp_path / "m.git"), address, workers, mirror_id="m", location="l")
    with pytest.raises(ServiceUnavailable, match="fetch of remote repository failed: cannot fetch repository"):
        remote.has_news()
    remote.close()


@pytest.mark.parametrize(("trouble", "words"), [("credentials", "authentication required"), ("missing", "not found")])
def test_a_check_tells_of_credentials_and_of_a_repository_that_is_gone(
    server: GitHttp, tmp_path: Path, workers: WorkerPool, trouble: str, words: str
) -> None:
    address = GitAddress(server.create("web"), KEY)
    remote = open_remote(str(tmp_path / "m.git"), address, workers, mirror_id="m", location="l")
    remote.check()
    if trouble == "missing":
        server.path("web").rename(server.root / "elsewhere")
    else:
        server.basic = ("user", "password")
    with pytest.raises(BadRequest, match=words):
        remote.check()
    remote.close()


def test_a_check_finds_news_and_leaves_them_alone(place: Place) -> None:
    place.repository.refresh()
    place.foreign_commit("refs/heads/drafts/web/hand", KPT)
    place.repository.check()
    assert place.repository.has_news()
