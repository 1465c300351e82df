"""Remotes that are gone slow nobody down but those who want something of them."""

from __future__ import annotations

import socket
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.scenario.conftest import Make
from tests.scenario.running import REPOSITORIES, REVISIONS, Api, register, repository, revision
from tests.support.githttp import dead_url

_CREATES = 30


@pytest.fixture
def silent_urls() -> Iterator[list[str]]:
    """Five addresses that take connections and never answer."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(5)]
        yield [f"http://127.0.0.1:{item.getsockname()[1]}/silent.git" for item in sockets]


def _median_create(api: Api, prefix: str) -> float:
    taken = []
    for number in range(_CREATES):
        started = time.perf_counter()
        api.do("POST", REVISIONS, revision("alive", f"{prefix}-{number}"))
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def test_ten_dead_remotes_leave_creates_elsewhere_at_idle_latency(make: Make, silent_urls: list[str]) -> None:
    """Five refuse connections, five swallow them. The bound is wide because machines are noisy; waiting for a single
    dead remote would exceed it a hundred times.
    """
    api = make("--remote-timeout", "5", "--sync-interval", "1").launch()
    register(api, "alive", "hosted:///alive")
    idle = _median_create(api, "idle")
    for number, url in enumerate([*silent_urls, *(dead_url() for _ in range(5))]):
        api.do("POST", REPOSITORIES, repository(f"dead-{number}", url))
    assert _median_create(api, "beside-the-dead") < 3 * idle + 0.005
    assert len(api.names()) == 2 * _CREATES


def test_a_create_on_a_dead_remote_is_refused_in_its_own_time(make: Make, silent_urls: list[str]) -> None:
    api = make("--remote-timeout", "1").launch()
    for name, url in (("refusing", dead_url()), ("silent", silent_urls[0])):
        api.do("POST", REPOSITORIES, repository(name, url))
        started = time.monotonic()
        answer = api.send("POST", REVISIONS, revision(name, "web"))
        assert (answer.code, answer.reason) == (503, "ServiceUnavailable")
        assert "cannot fetch repository" in answer.message
        assert time.monotonic() - started < 15
    assert api.names() == []


def test_the_condition_of_a_dead_remote_says_why(make: Make) -> None:
    api = make().launch()
    message = register(api, "gone", dead_url(), ready=False)
    assert "fetch of remote repository failed" in message
