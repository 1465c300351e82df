"""`spec.sync`: when a Repository is looked at, and what its status says of that. None has to wait for a busy one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.scenario.conftest import Make
from tests.scenario.foreign import Foreign, condition, deliver, take_deliveries
from tests.scenario.running import REPOSITORIES, REVISIONS, Api, Json, register, repository, synchronise, wait_ready
from tests.support.githttp import GitHttp

_DAY = ("--sync-interval", "86400")


def _time(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def _status(api: Api, name: str) -> Json:
    return api.do("GET", f"{REPOSITORIES}/{name}")["status"]


def _sync(api: Api, name: str, **sync: Json) -> None:
    assert api.patch(f"{REPOSITORIES}/{name}", {"spec": {"sync": sync}}).code == 200


def _team(make: Make, remote: GitHttp, *options: str) -> tuple[Api, Foreign]:
    url = remote.create("team")
    foreign = Foreign(remote.path("team"))
    foreign.publish("web", 1)
    api = make(*(options or _DAY)).launch()
    register(api, "team", url)
    return api, foreign


def test_a_schedule_is_followed(make: Make, remote: GitHttp) -> None:
    api, foreign = _team(make, remote)
    _sync(api, "team", schedule="@every 1s")
    wait_ready(api, "team")
    for number in range(3):
        foreign.draft("web", f"n{number}")
        with api.watch() as watch:
            watch.of(f"team.web.n{number}")


def test_the_status_says_when_the_next_look_is(make: Make, remote: GitHttp) -> None:
    api, _ = _team(make, remote)
    _sync(api, "team", schedule="TZ=Asia/Tokyo 0 9 * * *")
    synchronise(api, "team")
    due = datetime.fromisoformat(_status(api, "team")["nextFullSyncTime"])
    assert (due.hour, due.minute) in {(0, 0), (0, 1)}
    assert timedelta(0) <= due - datetime.now(UTC) <= timedelta(days=1, minutes=1)


def test_a_repository_is_looked_at_once_at_the_time_that_was_asked_for(make: Make, remote: GitHttp) -> None:
    api, foreign = _team(make, remote)
    at = _time(1)
    _sync(api, "team", runOnceAt=at)
    wait_ready(api, "team")
    foreign.draft("web", "late")
    with api.watch() as watch:
        watch.of("team.web.late")
    with api.watch(f"{REPOSITORIES}?fieldSelector=metadata.name=team") as watch:
        _, obj = watch.until(lambda _, obj: "observedRunOnceAt" in obj["status"])
    assert obj["status"]["observedRunOnceAt"] == at
    assert "runOnceAt" not in obj["spec"].get("sync", {})
    # Taking the wish away asked for no other look.
    assert obj["status"]["observedGeneration"] == obj["metadata"]["generation"]
    looks = len(remote.requests)
    synchronise(api, "team")
    assert len(remote.requests) == looks + 1


def test_a_time_that_is_past_means_now_and_one_to_come_holds_the_schedule_back(make: Make, remote: GitHttp) -> None:
    api, _ = _team(make, remote)
    _sync(api, "team", runOnceAt=_time(-3600))
    with api.watch(f"{REPOSITORIES}?fieldSelector=metadata.name=team") as watch:
        watch.until(lambda _, obj: "observedRunOnceAt" in obj["status"])
    far = _time(7200)
    _sync(api, "team", schedule="* * * * *", runOnceAt=far)
    synchronise(api, "team")
    due = datetime.fromisoformat(_status(api, "team")["nextFullSyncTime"])
    assert due == datetime.fromisoformat(far).replace(microsecond=0)


def test_a_time_that_a_server_has_slept_through_is_made_up_for(make: Make, remote: GitHttp) -> None:
    url = remote.create("team")
    Foreign(remote.path("team")).publish("web", 1)
    porch = make(*_DAY)
    api = porch.launch(fault="repository-synchronised:2")
    register(api, "team", url)
    api.patch(f"{REPOSITORIES}/team", {"spec": {"sync": {"runOnceAt": _time(-1)}}})
    assert porch.died()
    api = porch.launch()
    with api.watch(f"{REPOSITORIES}?fieldSelector=metadata.name=team") as watch:
        _, obj = watch.until(lambda _, obj: "observedRunOnceAt" in obj["status"])
    assert "runOnceAt" not in obj["spec"].get("sync", {})


def test_the_status_after_a_restart_is_that_of_before(make: Make, remote: GitHttp) -> None:
    url = remote.create("team")
    Foreign(remote.path("team")).publish("web", 1)
    porch = make(*_DAY)
    api = porch.launch()
    register(api, "team", url)
    before = _status(api, "team")
    api = porch.again()
    synchronise(api, "team")
    after = _status(api, "team")
    assert {key: after[key] for key in ("gitCommitHash", "packageCount")} == {
        key: before[key] for key in ("gitCommitHash", "packageCount")
    }
    assert condition(api, "team", "Ready")["lastTransitionTime"] == before["conditions"][0]["lastTransitionTime"]


def test_a_busy_repository_lets_the_others_have_their_turn(make: Make, remote: GitHttp) -> None:
    """It is told of pushes without end; the others, more than there are threads, are looked at each second all the
    same.
    """
    names = [f"r{number}" for number in range(10)]
    api = make(*_DAY).launch()
    for name in ("busy", *names):
        url = remote.create(name)
        Foreign(remote.path(name)).publish("web", 1)
        api.do("POST", REPOSITORIES, repository(name, url))
    for name in ("busy", *names):
        wait_ready(api, name)
    take_deliveries(api, "busy")
    for name in names:
        _sync(api, name, schedule="@every 1s")
    busy = Foreign(remote.path("busy"))
    for number in range(5):
        busy.draft("web", f"b{number}")
        assert deliver(api, "busy").code == 202
        for name in names:
            Foreign(remote.path(name)).draft("web", f"n{number}")
            assert deliver(api, "busy").code == 202
    wanted = {f"{name}.web.n4" for name in names} | {"busy.web.b4"}
    with api.watch(REVISIONS) as watch:
        while wanted:
            wanted.discard(watch.next()[1]["metadata"].get("name", ""))
            deliver(api, "busy")
