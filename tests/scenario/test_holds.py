"""A synchronisation that would take most of a Repository away waits until somebody confirms just that."""

from __future__ import annotations

import signal
import sqlite3
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.scenario.conftest import Make
from tests.scenario.foreign import HEADS, MAIN, TAGS, Foreign, after_sync, condition, package
from tests.scenario.running import (
    REPOSITORIES,
    RESOURCES,
    REVISIONS,
    Api,
    Json,
    Lost,
    Porch,
    register,
    revision,
    synchronise,
)
from tests.support.githttp import GitHttp, git

CONFIRM = "porch.kpt.dev/confirm-sync"
DRAFTS = [f"d{number}" for number in range(8)]


class Scene:
    """A server that has read a remote with one published revision and eight drafts of `web`."""

    def __init__(self, porch: Porch, remote: GitHttp) -> None:
        self.porch, self.remote = porch, remote
        url = remote.create("team")
        self.foreign = Foreign(remote.path("team"))
        self.foreign.publish("web", 1)
        for name in DRAFTS:
            self.foreign.draft("web", name, name)
        self.api = porch.launch()
        register(self.api, "team", url)
        self.names = self.api.names()

    def lose(self, *names: str) -> None:
        self.foreign.delete(*(f"{HEADS}drafts/web/{name}" for name in names))

    def replace_history(self) -> None:
        """Another repository at the same URL, which has just as many revisions."""
        self.foreign.delete(*self.foreign.git("for-each-ref", "--format=%(refname)").split())
        other = self.foreign.commit(MAIN, package("other", "of others"))
        self.foreign.git("update-ref", f"{TAGS}other/v1", other)

    def held(self) -> Json:
        return after_sync(self.api, "team", "SyncHeld")

    def confirm(self, token: str) -> None:
        """Waits until the annotation is used up."""
        path = f"{REPOSITORIES}/team"
        assert self.api.patch(path, {"metadata": {"annotations": {CONFIRM: token}}}).code == 200
        with self.api.watch(f"{REPOSITORIES}?fieldSelector=metadata.name=team") as watch:
            watch.until(lambda _, obj: CONFIRM not in obj["metadata"].get("annotations", {}))
        synchronise(self.api, "team")


def token_of(held: Json) -> str:
    return str(held["message"].partition(f"{CONFIRM}=")[2].split()[0])


@pytest.fixture
def scene(make: Make, remote: GitHttp) -> Scene:
    return Scene(make(), remote)


def test_losing_most_is_held_and_everything_goes_on_meanwhile(scene: Scene) -> None:
    version = scene.api.do("GET", REVISIONS)["metadata"]["resourceVersion"]
    scene.lose(*DRAFTS[:7])
    held = scene.held()
    assert (held["status"], held["reason"]) == ("True", "MostRevisionsRemoved")
    assert "7 of 10 (team.web.d0, team.web.d1, team.web.d2, ...)" in held["message"]
    assert scene.api.names() == scene.names
    assert condition(scene.api, "team", "Ready")["status"] == "True"
    # What is gone from git is read from the copy here; what is there is written.
    files = scene.api.do("GET", f"{RESOURCES}/team.web.d0")
    assert files["spec"]["resources"]["README.md"] == "d0"
    assert scene.api.patch(f"{RESOURCES}/team.web.d7", {"spec": {"resources": {"README.md": "new"}}}).code == 200
    assert scene.api.send("POST", REVISIONS, revision("team", "db")).code == 201
    assert scene.api.patch(f"{RESOURCES}/team.web.d0", {"spec": {"resources": {"README.md": "new"}}}).code == 409
    changes = scene.api.do("GET", REVISIONS)["items"]
    assert {item["metadata"]["name"] for item in changes} == {*scene.names, "team.db.v1"}
    with scene.api.watch(since=version) as watch:
        kinds = [watch.next()[0] for _ in range(2)]
    assert "DELETED" not in kinds


def test_the_same_is_held_again_after_a_restart(scene: Scene) -> None:
    scene.lose(*DRAFTS[:7])
    held = scene.held()
    scene.api = scene.porch.again()
    assert token_of(condition(scene.api, "team", "SyncHeld")) == token_of(held)
    assert token_of(scene.held()) == token_of(held)
    assert scene.api.names() == scene.names


def test_what_was_confirmed_is_done_and_nothing_is_held_any_more(scene: Scene) -> None:
    scene.lose(*DRAFTS[:7])
    scene.confirm(token_of(scene.held()))
    assert scene.api.names() == ["team.web.d7", "team.web.main", "team.web.v1"]
    assert condition(scene.api, "team", "SyncHeld") == {}


def test_what_was_confirmed_is_not_asked_again_after_a_crash_in_the_middle(scene: Scene) -> None:
    """More refs than are recorded in one transaction otherwise."""
    tip = scene.foreign.tip(f"{HEADS}drafts/web/d0")
    more = [f"e{number}" for number in range(120)]
    scene.foreign.git("update-ref", "--stdin", stdin="".join(f"create {HEADS}drafts/web/{n} {tip}\n" for n in more))
    synchronise(scene.api, "team")
    assert len(scene.api.names()) == 130
    scene.lose(*DRAFTS, *more)
    token = token_of(scene.held())
    scene.porch.end()
    api = scene.porch.launch("refs-recorded")
    with suppress(Lost):
        api.patch(f"{REPOSITORIES}/team", {"metadata": {"annotations": {CONFIRM: token}}})
    assert scene.porch.died() == signal.SIGKILL
    scene.api = scene.porch.launch()
    assert scene.held() == {}
    assert scene.api.names() == ["team.web.main", "team.web.v1"]


def test_a_confirmation_is_for_just_one_change(scene: Scene) -> None:
    scene.lose(*DRAFTS[:6])
    old = token_of(scene.held())
    scene.lose(DRAFTS[6])
    path = f"{REPOSITORIES}/team"
    assert scene.api.patch(path, {"metadata": {"annotations": {CONFIRM: old}}}).code == 200
    held = scene.held()
    assert token_of(held) != old
    assert scene.api.names() == scene.names
    scene.confirm(token_of(held))
    assert scene.api.names() == ["team.web.d7", "team.web.main", "team.web.v1"]


def test_a_hold_ends_by_itself_when_the_remote_is_as_before(scene: Scene) -> None:
    tips = {name: scene.foreign.tip(f"{HEADS}drafts/web/{name}") for name in DRAFTS}
    scene.lose(*DRAFTS)
    assert scene.held()["reason"] == "MostRevisionsRemoved"
    for name, tip in tips.items():
        scene.foreign.git("update-ref", f"{HEADS}drafts/web/{name}", tip)
    assert scene.held() == {}
    assert scene.api.names() == scene.names


def test_nothing_is_taken_over_from_another_history(scene: Scene) -> None:
    scene.replace_history()
    held = scene.held()
    assert held["reason"] == "UnrelatedHistory"
    assert "10 of 10" in held["message"]
    assert scene.api.names() == scene.names
    assert scene.api.do("GET", f"{RESOURCES}/team.web.d0")["spec"]["resources"]["README.md"] == "d0"
    scene.confirm(token_of(held))
    assert scene.api.names() == ["team.other.main", "team.other.v1"]


def test_another_history_that_loses_nothing_is_held_too(scene: Scene) -> None:
    """An orphaned branch: all tags and drafts are still there."""
    scene.foreign.commit(MAIN, package("web", "orphan"))
    held = scene.held()
    assert held["reason"] == "UnrelatedHistory"
    assert "0 of 10" in held["message"]
    scene.confirm(token_of(held))
    assert scene.api.names() == scene.names


def test_less_than_most_is_not_held(scene: Scene) -> None:
    scene.lose(*DRAFTS[:5])
    assert scene.held() == {}
    assert len(scene.api.names()) == 5


def test_moving_drafts_on_is_no_loss(scene: Scene) -> None:
    """What is proposed or published by others leaves one ref for another, and stays the revision that it is."""
    for name in DRAFTS:
        tip = scene.foreign.tip(f"{HEADS}drafts/web/{name}")
        scene.foreign.git("update-ref", f"{HEADS}proposed/web/{name}", tip)
    scene.lose(*DRAFTS)
    assert scene.held() == {}
    assert scene.api.names() == scene.names


def test_deletions_through_the_api_are_not_held(scene: Scene) -> None:
    for name in DRAFTS:
        assert scene.api.send("DELETE", f"{REVISIONS}/team.web.{name}").code == 200
    assert scene.held() == {}
    assert scene.api.names() == ["team.web.main", "team.web.v1"]


def test_what_git_users_delete_in_a_hosted_repository_is_not_held(make: Make, tmp_path: Path) -> None:
    porch = make()
    api = porch.launch()
    register(api, "here", "hosted:///here")
    for number in range(8):
        api.do("POST", REVISIONS, revision("here", f"web{number}"))
    token = porch.user("gitta", "system:masters")
    url = f"{porch.url}/git/default/here.git"
    refs = [f":{HEADS}drafts/web{number}/v1" for number in range(8)]
    git("init", "--quiet", ".", cwd=tmp_path)
    git("push", "--quiet", url, *refs, cwd=tmp_path, env=porch.git_environment(token))
    assert api.names() == []
    assert after_sync(api, "here", "SyncHeld") == {}


def test_a_hosted_repository_that_lost_its_refs_is_held(make: Make) -> None:
    """As by a damaged disk; nobody pushed."""
    porch = make()
    api = porch.launch()
    register(api, "here", "hosted:///here")
    for number in range(8):
        api.do("POST", REVISIONS, revision("here", f"web{number}"))
    foreign = Foreign(porch.hosted("default", "here"))
    foreign.delete(*(f"{HEADS}drafts/web{number}/v1" for number in range(8)))
    assert after_sync(api, "here", "SyncHeld")["reason"] == "MostRevisionsRemoved"
    assert len(api.names()) == 8


LABELS = {"metadata": {"labels": {"team": "edge"}, "annotations": {"note": "n"}}}


def _vanish_and_return(scene: Scene, while_gone: str = "") -> Json:
    """A labelled draft disappears from git and comes back; `while_gone` is SQL on the stopped server's database."""
    assert scene.api.patch(f"{REVISIONS}/team.web.d0", LABELS).code == 200
    ref = f"{HEADS}drafts/web/d0"
    tip = scene.foreign.tip(ref)
    scene.foreign.delete(ref)
    synchronise(scene.api, "team")
    assert scene.api.send("GET", f"{REVISIONS}/team.web.d0").code == 404
    scene.porch.end()
    with sqlite3.connect(scene.porch.data / "porch.db") as db:
        (vanished,) = db.execute("SELECT vanished FROM user_metadata WHERE name = 'team.web.d0'").fetchone()
        assert abs(vanished - time.time()) < 600
        db.executescript(while_gone)
    db.close()
    scene.api = scene.porch.launch()
    scene.foreign.git("update-ref", ref, tip)
    synchronise(scene.api, "team")
    return scene.api.do("GET", f"{REVISIONS}/team.web.d0")["metadata"]


def test_what_users_put_on_a_revision_returns_with_it(scene: Scene) -> None:
    meta = _vanish_and_return(scene, "UPDATE user_metadata SET vanished = vanished - 29 * 86400")
    assert (meta["labels"], meta["annotations"]) == ({"team": "edge"}, {"note": "n"})
    scene.porch.end()
    with sqlite3.connect(scene.porch.data / "porch.db") as db:
        assert db.execute("SELECT vanished FROM user_metadata WHERE name = 'team.web.d0'").fetchone() == (None,)
    db.close()


def test_what_users_put_on_a_revision_returns_when_its_repository_does(scene: Scene, remote: GitHttp) -> None:
    assert scene.api.patch(f"{REVISIONS}/team.web.d0", LABELS).code == 200
    scene.api.do("DELETE", f"{REPOSITORIES}/team")
    with scene.api.watch(REPOSITORIES) as watch:
        if scene.api.names(REPOSITORIES):
            watch.until(lambda kind, _: kind == "DELETED")
    register(scene.api, "team", remote.url("team"))
    assert scene.api.do("GET", f"{REVISIONS}/team.web.d0")["metadata"]["labels"] == {"team": "edge"}


def test_a_revision_that_is_deleted_and_made_again_through_the_api_has_nothing_of_the_old(scene: Scene) -> None:
    api: Api = scene.api
    assert api.patch(f"{REVISIONS}/team.web.d0", LABELS).code == 200
    assert api.send("DELETE", f"{REVISIONS}/team.web.d0").code == 200
    scene.foreign.draft("web", "d0", "by hand")
    synchronise(api, "team")
    assert "labels" not in api.do("GET", f"{REVISIONS}/team.web.d0")["metadata"]
