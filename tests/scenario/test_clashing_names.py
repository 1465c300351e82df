"""Packages `a.b` and `a/b` have the same object names. Git users can make both; nothing of that happens in silence."""

from __future__ import annotations

import pytest

from tests.scenario.conftest import Make
from tests.scenario.foreign import HEADS, MAIN, Foreign, after_sync, condition, package
from tests.scenario.running import REVISIONS, Api, Porch, register, revision, synchronise
from tests.support.githttp import GitHttp

PACKAGES = REVISIONS.replace("packagerevisions", "packages")


@pytest.fixture
def porch(make: Make, remote: GitHttp) -> Porch:
    made = make("--sync-interval", "3600")
    register(made.launch(), "team", remote.create("team"))
    return made


@pytest.fixture
def foreign(porch: Porch, remote: GitHttp) -> Foreign:
    return Foreign(remote.path("team"))


def path_of(api: Api, name: str) -> str:
    return str(api.do("GET", f"{REVISIONS}/{name}")["spec"]["packageName"])


def test_a_package_that_would_have_the_name_of_another_is_refused(porch: Porch, foreign: Foreign) -> None:
    foreign.draft("a.b", "v1", "by hand")
    synchronise(porch.api, "team")
    same = porch.api.send("POST", REVISIONS, revision("team", "a/b", "v1"))
    assert (same.code, same.reason) == (409, "AlreadyExists")
    other = porch.api.send("POST", REVISIONS, revision("team", "a/b", "v2"))
    assert (other.code, other.reason) == (409, "Conflict")
    for answer in (same, other):
        assert '"a/b"' in answer.message
        assert '"a.b"' in answer.message
    assert porch.api.names() == ["team.a.b.v1"]
    assert foreign.git("for-each-ref", f"{HEADS}drafts/a/") == ""


def test_of_two_revisions_with_one_name_always_the_same_is_shown_and_the_repository_tells(
    porch: Porch, foreign: Foreign
) -> None:
    foreign.draft("a/b", "v1", "second")
    synchronise(porch.api, "team")
    assert (path_of(porch.api, "team.a.b.v1"), condition(porch.api, "team", "NamesClash")) == ("a/b", {})
    foreign.draft("a.b", "v1", "first")
    told = after_sync(porch.api, "team", "NamesClash")
    assert (told["status"], told["reason"]) == ("True", "PackagesShareNames")
    assert 'packages "a.b" and "a/b" are both called team.a.b' in told["message"]
    assert 'team.a.b.v1 is the revision of "a.b", so that of "a/b" is not shown' in told["message"]
    assert path_of(porch.api, "team.a.b.v1") == "a.b"
    assert condition(porch.api, "team", "Ready")["status"] == "True"
    api = porch.again()
    assert after_sync(api, "team", "NamesClash")["message"] == told["message"]
    assert path_of(api, "team.a.b.v1") == "a.b"
    foreign.delete(f"{HEADS}drafts/a.b/v1")
    assert after_sync(api, "team", "NamesClash") == {}
    assert path_of(api, "team.a.b.v1") == "a/b"


def test_so_it_is_on_the_branch_and_with_one_package_object(porch: Porch, foreign: Foreign) -> None:
    foreign.commit(MAIN, package("a/b") | package("a.b"), foreign.tip())
    told = after_sync(porch.api, "team", "NamesClash")
    assert 'team.a.b.main is the revision of "a.b"' in told["message"]
    foreign.draft("a/b", "other", "x")
    assert after_sync(porch.api, "team", "NamesClash")["message"] == told["message"]
    assert porch.api.names() == ["team.a.b.main", "team.a.b.other"]
    assert [item["spec"]["packageName"] for item in porch.api.do("GET", PACKAGES)["items"]] == ["a.b"]
    foreign.commit(MAIN, package("a/b"), foreign.tip())
    assert after_sync(porch.api, "team", "NamesClash") == {}
    assert path_of(porch.api, "team.a.b.main") == "a/b"
    assert [item["spec"]["packageName"] for item in porch.api.do("GET", PACKAGES)["items"]] == ["a/b"]
