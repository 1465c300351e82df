"""A forge tells of a push, and it shows in less than a second; who cannot sign learns and does nothing."""

from __future__ import annotations

import base64
import time

import pytest

from tests.scenario.conftest import Make
from tests.scenario.foreign import ANNOTATION, Foreign, deliver, take_deliveries
from tests.scenario.running import REPOSITORIES, REVISIONS, SECRETS, Api, register
from tests.support.githttp import GitHttp, dead_url

_SLOW = ("--sync-interval", "86400")


class Scene:
    """A server that looks at its remote once a day, unless it is told."""

    def __init__(self, make: Make, remote: GitHttp) -> None:
        url = remote.create("team")
        self.foreign, self.remote = Foreign(remote.path("team")), remote
        self.foreign.publish("web", 1)
        self.api: Api = make(*_SLOW).launch()
        register(self.api, "team", url)

    def requests(self) -> int:
        return len(self.remote.requests)


@pytest.fixture
def scene(make: Make, remote: GitHttp) -> Scene:
    made = Scene(make, remote)
    take_deliveries(made.api, "team")
    return made


def test_a_foreign_push_shows_within_a_second_of_its_delivery(scene: Scene) -> None:
    """The fastest of a few: machines are noisy, and the next look is a day away."""
    taken = []
    for number in range(4):
        with scene.api.watch(since=scene.api.do("GET", REVISIONS)["metadata"]["resourceVersion"]) as watch:
            scene.foreign.draft("web", f"n{number}")
            started = time.monotonic()
            answer = deliver(scene.api, "team")
            assert (answer.code, answer.text) == (202, b"the Repository is looked at\n")
            watch.of(f"team.web.n{number}")
            taken.append(time.monotonic() - started)
    assert min(taken) < 1.0


def test_a_delivery_is_answered_before_the_remote_is(scene: Scene) -> None:
    scene.remote.gate.clear()
    assert deliver(scene.api, "team").code == 202
    scene.remote.gate.set()


def test_a_flood_of_deliveries_is_few_looks(scene: Scene) -> None:
    scene.foreign.draft("web", "more")
    before = scene.requests()
    scene.remote.gate.clear()
    assert {deliver(scene.api, "team").code for _ in range(50)} == {202}
    scene.remote.gate.set()
    with scene.api.watch() as watch:
        watch.of("team.web.more")
    scene.foreign.draft("web", "last")
    deliver(scene.api, "team")
    with scene.api.watch() as watch:
        watch.of("team.web.last")
    assert scene.requests() - before < 20


def test_all_repositories_of_a_namespace_in_the_same_place_hear_of_it(scene: Scene) -> None:
    register(scene.api, "other", scene.remote.url("team"), branch="release")
    scene.foreign.draft("web", "n")
    deliver(scene.api, "team")
    with scene.api.watch() as watch:
        watch.of("other.web.n")


def test_who_cannot_sign_learns_and_does_nothing(scene: Scene) -> None:
    register(scene.api, "silent", dead_url(), ready=False)
    before = scene.requests()
    wrong = [deliver(scene.api, name, b"guess") for name in ("team", "silent", "nobody")]
    assert {(answer.code, answer.text) for answer in wrong} == {
        (401, b"the delivery is not signed with the secret of a Repository at this URL\n")
    }
    assert deliver(scene.api, "silent", b"").code == 401
    assert scene.requests() == before


def test_a_ping_does_nothing(scene: Scene) -> None:
    before = scene.requests()
    assert deliver(scene.api, "team", event="ping").code == 200
    assert scene.requests() == before


def test_a_secret_can_be_rotated_and_taken_away(scene: Scene) -> None:
    path = f"{SECRETS}/team-hook"
    assert scene.api.patch(path, {"data": {"token": base64.b64encode(b"new\n").decode()}}).code == 200
    assert [deliver(scene.api, "team").code, deliver(scene.api, "team", b"new").code] == [401, 202]
    change = {"metadata": {"annotations": {ANNOTATION: None}}}
    assert scene.api.patch(f"{REPOSITORIES}/team", change).code == 200
    assert deliver(scene.api, "team", b"new").code == 401


def test_a_secret_of_no_words_opens_nothing(scene: Scene) -> None:
    assert scene.api.patch(f"{SECRETS}/team-hook", {"data": {"token": ""}}).code == 200
    assert deliver(scene.api, "team", b"").code == 401
    assert scene.api.patch(f"{SECRETS}/team-hook", {"data": None}).code == 200
    assert deliver(scene.api, "team", b"").code == 401
