"""Two Repositories on one git repository: by branch they share drafts and tags, by directory they share nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.interop.life import Life
from tests.interop.plain import read
from tests.scenario.conftest import Make
from tests.scenario.running import REVISIONS, Api, register, revision, synchronise
from tests.support.githttp import GitHttp
from tests.support.handmade import KPTFILE, Handmade


@pytest.fixture
def hand(remote: GitHttp) -> Handmade:
    hand = Handmade.new(remote.path("shared"))
    paths = ("teams/alpha/web", "teams/alphabet/web", "teams/beta/web")
    first = hand.commit({f"{path}/Kptfile": KPTFILE for path in paths})
    hand.set("refs/heads/main", first)
    hand.set("refs/heads/release", hand.commit({"teams/alpha/old/Kptfile": KPTFILE}, first))
    return hand


@pytest.fixture
def api(make: Make) -> Api:
    return make().launch()


def shown(api: Api, repository: str) -> set[str]:
    items = api.do("GET", f"{REVISIONS}?fieldSelector=spec.repository={repository}")["items"]
    return {item["metadata"]["name"].removeprefix(f"{repository}.") for item in items}


def test_branches_share_drafts_and_tags_and_have_their_own_packages(api: Api, remote: GitHttp, hand: Handmade) -> None:
    hand.set("refs/tags/teams/alpha/web/v1", "refs/heads/main")
    register(api, "trunk", remote.url("shared"), directory="teams/alpha")
    register(api, "stable", remote.url("shared"), directory="teams/alpha", branch="release")
    assert shown(api, "trunk") == {"web.main", "web.v1"}
    assert shown(api, "stable") == {"old.release", "web.v1"}
    api.do("POST", REVISIONS, revision("stable", "net"))
    synchronise(api, "trunk")
    assert shown(api, "trunk") == {"web.main", "web.v1", "net.v1"}
    one, other = (api.do("GET", f"{REVISIONS}/{name}.net.v1") for name in ("trunk", "stable"))
    assert one["status"]["selfLock"] == other["status"]["selfLock"]
    assert one["spec"]["tasks"] == other["spec"]["tasks"]
    assert one["metadata"]["uid"] != other["metadata"]["uid"]
    api.do("DELETE", f"{REVISIONS}/trunk.net.v1")
    synchronise(api, "stable")
    assert shown(api, "stable") == {"old.release", "web.v1"}


def test_a_workspace_is_taken_for_both(api: Api, remote: GitHttp, hand: Handmade) -> None:
    register(api, "trunk", remote.url("shared"), directory="teams/alpha")
    register(api, "stable", remote.url("shared"), directory="teams/alpha", branch="release")
    api.do("POST", REVISIONS, revision("trunk", "net"))
    refused = api.send("POST", REVISIONS, revision("stable", "net"))
    assert (refused.code, refused.reason) == (409, "AlreadyExists")
    assert shown(api, "trunk") == {"web.main", "net.v1"}


def test_directories_share_nothing(api: Api, remote: GitHttp, hand: Handmade) -> None:
    names = ("alpha", "alphabet", "beta")
    for name in names:
        register(api, name, remote.url("shared"), directory=f"/teams/{name}/")
    for name in names:
        api.do("POST", REVISIONS, revision(name, "net/ran"))
        synchronise(api, name)
        assert shown(api, name) == {"web.main", "net.ran.v1"}
    assert read_drafts(hand.path) == [f"teams/{name}/net/ran/v1" for name in names]


def test_a_branch_whose_name_cannot_be_an_object_s_is_worked_on_all_the_same(
    api: Api, remote: GitHttp, hand: Handmade
) -> None:
    hand.set("refs/heads/Release/V3.0", "refs/heads/release")
    register(api, "stable", remote.url("shared"), directory="teams/alpha", branch="Release/V3.0")
    life = Life(api)
    assert life.publish(life.create("stable", "net", "v1")) == 1
    assert shown(api, "stable") == {"old.release-v3.0", "net.release-v3.0", "net.v1"}
    synchronise(api, "stable")
    assert shown(api, "stable") == {"old.release-v3.0", "net.release-v3.0", "net.v1"}
    life.retire("stable.net.release-v3.0")
    life.retire("stable.net.v1")
    synchronise(api, "stable")
    assert shown(api, "stable") == {"old.release-v3.0"}
    assert hand.git("ls-tree", "-r", "--name-only", "refs/heads/Release/V3.0") == "teams/alpha/old/Kptfile"


def test_both_publish_on_their_own_branch_and_count_together(api: Api, remote: GitHttp, hand: Handmade) -> None:
    register(api, "trunk", remote.url("shared"), directory="teams/alpha")
    register(api, "stable", remote.url("shared"), directory="teams/alpha", branch="release")
    life = Life(api)
    assert life.publish(life.create("trunk", "net", "v1")) == 1
    synchronise(api, "stable")
    assert shown(api, "stable") == {"old.release", "net.v1"}
    assert shown(api, "trunk") == {"web.main", "net.main", "net.v1"}
    life.propose_deletion("stable.net.v1")
    synchronise(api, "trunk")
    assert life.get("trunk.net.v1")["spec"]["lifecycle"] == "DeletionProposed"
    report = read(hand.path, "main", "release")
    assert (report.findings, report.marked) == ([], ["teams/alpha/net/v1"])


def read_drafts(path: Path) -> list[str]:
    report = read(path, "main", "release")
    assert report.findings == []
    return report.drafts
