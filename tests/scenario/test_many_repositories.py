"""Two hundred repositories at once, one in ten of them dead: the living do not wait, and a start waits for nobody."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from bench.generate import Size, write_repository

from tests.scenario.conftest import Make
from tests.scenario.running import REPOSITORIES, REVISIONS, Api, Json, register, repository, wait_ready
from tests.support.githttp import GitHttp, dead_url, git

_ALL, _SILENT, _REFUSING, _HTTP = 200, 10, 10, 20
_LIVING = _ALL - _SILENT - _REFUSING
_SIZE = Size(1, packages=1, revisions=4)
_FOREVER = ("--remote-timeout", "600")


@pytest.fixture
def silent_urls() -> Iterator[list[str]]:
    """Addresses that take connections and never answer."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(_SILENT)]
        yield [f"http://127.0.0.1:{item.getsockname()[1]}/silent.git" for item in sockets]


def _readiness(obj: Json) -> str:
    conditions = obj.get("status", {}).get("conditions", [])
    return next((str(item["status"]) for item in conditions if item["type"] == "Ready"), "")


def _wait_for_ready(api: Api, count: int) -> None:
    ready: set[str] = set()

    def is_last(_: str, obj: Json) -> bool:
        if _readiness(obj) == "True":
            ready.add(obj["metadata"]["name"])
        return len(ready) == count

    with api.watch(REPOSITORIES) as watch:
        watch.until(is_last)


def test_the_living_among_200_are_ready_while_the_dead_are_still_waited_for(
    make: Make, tmp_path: Path, remote: GitHttp, silent_urls: list[str]
) -> None:
    """Nothing is timed: the silent ones are waited for ten minutes each, so had anybody to wait for them, this would
    not end.
    """
    write_repository(tmp_path / "remote" / "model.git", _SIZE, seed=1)
    urls = [*silent_urls, *(dead_url() for _ in range(_REFUSING))]
    for number in range(_LIVING):
        (tmp_path / "remote" / f"r{number}.git").symlink_to("model.git")
        served = remote.url(f"r{number}") if number < _HTTP else (tmp_path / "remote" / f"r{number}.git").as_uri()
        urls.append(served)
    api = make(*_FOREVER, "--file-repositories", str(tmp_path / "remote")).launch()
    for number, url in enumerate(urls):  # the dead come first
        api.do("POST", REPOSITORIES, repository(f"r{number}", url))
    _wait_for_ready(api, _LIVING)
    objects = api.do("GET", REPOSITORIES)["items"]
    living = {item["metadata"]["name"] for item in objects if _readiness(item) == "True"}
    assert living == {f"r{number}" for number in range(_SILENT + _REFUSING, _ALL)}
    assert len(api.names()) == _LIVING * _SIZE.total


def test_a_start_waits_for_no_remote_and_lists_what_is_indexed(
    make: Make, tmp_path: Path, silent_urls: list[str]
) -> None:
    write_repository(tmp_path / "model.git", _SIZE, seed=1)
    porch = make(*_FOREVER, "--file-repositories", str(tmp_path))
    api = porch.launch()
    register(api, "alive", (tmp_path / "model.git").as_uri())
    for number, url in enumerate(silent_urls):
        api.do("POST", REPOSITORIES, repository(f"silent-{number}", url))
    before = api.names()
    api = porch.again()
    assert api.names() == before
    assert len(before) == _SIZE.total


def test_a_remote_at_rest_is_asked_and_nothing_else(make: Make, tmp_path: Path, remote: GitHttp) -> None:
    write_repository(tmp_path / "remote" / "model.git", _SIZE, seed=1)
    api = make("--sync-interval", "0.1").launch()
    register(api, "model", remote.url("model"))
    first = len(remote.requests)
    while len(remote.requests) < first + 5:
        api.do("GET", f"{REPOSITORIES}/model")
    assert set(remote.requests[first:]) == {"GET /model.git/info/refs?service=git-upload-pack"}
    path = tmp_path / "remote" / "model.git"
    git("update-ref", "refs/heads/drafts/area-0/package-0000/by-hand", "refs/heads/main", cwd=path)
    with api.watch(REVISIONS) as watch:
        watch.of("model.area-0.package-0000.by-hand")
    assert any("POST" in request for request in remote.requests[first:])


def test_a_repository_that_comes_back_is_ready_again(make: Make, tmp_path: Path, remote: GitHttp) -> None:
    write_repository(tmp_path / "remote" / "model.git", _SIZE, seed=1)
    api = make("--sync-interval", "0.1").launch()
    register(api, "model", remote.url("model"))
    (tmp_path / "remote" / "model.git").rename(tmp_path / "remote" / "away.git")
    assert "repository not found" in wait_ready(api, "model", ready=False)
    assert len(api.names()) == _SIZE.total
