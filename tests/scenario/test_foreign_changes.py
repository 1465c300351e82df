"""What others do to a repository with git is followed, and harms nothing but what it changes."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from tests.scenario.conftest import Make
from tests.scenario.foreign import (
    HEADS,
    MAIN,
    TAGS,
    Foreign,
    Team,
    after_sync,
    condition,
    deliver,
    package,
    take_deliveries,
)
from tests.scenario.running import (
    REPOSITORIES,
    RESOURCES,
    REVISIONS,
    SECRETS,
    Api,
    Json,
    register,
    revision,
    synchronise,
    wait_ready,
)
from tests.support.githttp import GitHttp

LATEST = "kpt.dev/latest-revision"


class Scene(Team):
    """What it shows."""

    def readme(self, name: str) -> str:
        return str(self.api.do("GET", f"{RESOURCES}/{name}")["spec"]["resources"]["README.md"])

    def latest(self) -> list[str]:
        items = self.api.do("GET", f"{REVISIONS}?labelSelector={LATEST}=true")["items"]
        return [item["metadata"]["name"] for item in items]


NAMES = ["team.web.main", "team.web.next", "team.web.v1", "team.web.v2"]


@pytest.fixture
def scene(make: Make, remote: GitHttp) -> Scene:
    return Scene(make("--remote-timeout", "5"), remote)


def test_a_draft_that_was_forced_to_another_history_shows_its_new_content(scene: Scene) -> None:
    before = scene.api.do("GET", f"{REVISIONS}/team.web.next")
    scene.foreign.commit(f"{HEADS}drafts/web/next", package("web", "forced"))
    synchronise(scene.api, "team")
    after = scene.api.do("GET", f"{REVISIONS}/team.web.next")
    assert scene.readme("team.web.next") == "forced"
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert int(after["metadata"]["resourceVersion"]) > int(before["metadata"]["resourceVersion"])


def test_who_edits_a_draft_that_was_forced_meanwhile_is_told_and_forces_nothing(scene: Scene) -> None:
    forced = scene.foreign.commit(f"{HEADS}drafts/web/next", package("web", "forced"))
    answer = scene.api.patch(f"{RESOURCES}/team.web.next", {"spec": {"resources": {"README.md": "mine"}}})
    assert (answer.code, answer.reason) == (409, "Conflict")
    assert scene.foreign.tip(f"{HEADS}drafts/web/next") == forced
    synchronise(scene.api, "team")
    answer = scene.api.patch(f"{RESOURCES}/team.web.next", {"spec": {"resources": {"README.md": "mine"}}})
    assert answer.code == 200
    assert scene.readme("team.web.next") == "mine"


def test_deleted_branches_and_tags_take_their_revisions_along(scene: Scene) -> None:
    assert scene.latest() == ["team.web.v2"]
    since = scene.api.do("GET", REVISIONS)["metadata"]["resourceVersion"]
    scene.foreign.delete(f"{HEADS}drafts/web/next", f"{TAGS}web/v2")
    synchronise(scene.api, "team")
    assert scene.api.names() == ["team.web.main", "team.web.v1"]
    assert scene.latest() == ["team.web.v1"]
    with scene.api.watch(since=since) as watch:
        deleted = {watch.until(lambda kind, _: kind == "DELETED")[1]["metadata"]["name"] for _ in range(2)}
    assert deleted == {"team.web.next", "team.web.v2"}


def test_a_rebased_branch_is_followed_and_tags_stay(scene: Scene) -> None:
    """The new head shares an ancestor with the old one, so it is no other history."""
    first = scene.foreign.tip(f"{TAGS}web/v1")
    scene.foreign.commit(MAIN, package("web", "rebased") | package("db", "new"), first)
    assert after_sync(scene.api, "team")["status"] == "True"
    assert condition(scene.api, "team", "SyncHeld") == {}
    assert scene.api.names() == sorted([*NAMES, "team.db.main"])
    assert (scene.readme("team.web.main"), scene.readme("team.web.v2")) == ("rebased", "revision 2")


def test_a_tag_that_was_moved_shows_what_it_leads_to_now(scene: Scene) -> None:
    with scene.api.watch(since=scene.api.do("GET", REVISIONS)["metadata"]["resourceVersion"]) as watch:
        scene.foreign.commit(f"{TAGS}web/v1", package("web", "moved"), scene.foreign.tip())
        synchronise(scene.api, "team")
        assert watch.of("team.web.v1")[0] == "MODIFIED"
    assert scene.readme("team.web.v1") == "moved"
    assert scene.latest() == ["team.web.v2"]


def test_malformed_refs_hide_nothing(scene: Scene, tmp_path: Path) -> None:
    foreign = scene.foreign
    blob = foreign.git("hash-object", "-w", "--stdin", stdin="no commit")
    for ref in (f"{TAGS}nopath", f"{HEADS}drafts/noworkspace", f"{HEADS}proposed/web", f"{TAGS}web/empty/v1"):
        foreign.git("update-ref", ref, foreign.tip())
    foreign.git("update-ref", f"{TAGS}web/v7", blob)
    foreign.git("update-ref", f"{HEADS}deletionProposed/nobody/v9", foreign.tip())
    foreign.commit(f"{HEADS}drafts/web/broken", {"web/Kptfile": "}{ no YAML"}, foreign.tip())
    foreign.draft("web", "good", "beside them")
    packed = foreign.path / "packed-refs"
    foreign.git("pack-refs", "--all")
    head, *lines = packed.read_text("latin-1").splitlines(keepends=True)
    lines.append(f"{foreign.tip()} refs/heads/drafts/web/\xff\xfe\n")
    packed.write_text(head + "".join(sorted(lines, key=_name_in)), "latin-1")
    assert after_sync(scene.api, "team")["status"] == "True"
    assert set(NAMES) | {"team.web.good"} <= set(scene.api.names())
    assert scene.readme("team.web.good") == "beside them"


def _name_in(line: str) -> str:
    return line[41:]


def _credentials(password: str) -> Json:
    values = {"username": "porch", "password": password}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "login"},
        "type": "kubernetes.io/basic-auth",
        "data": {key: base64.b64encode(value.encode()).decode() for key, value in values.items()},
    }


def test_rotated_credentials_are_used_at_once(make: Make, remote: GitHttp) -> None:
    """Nobody touches the Repository: its secret is enough."""
    url = remote.create("locked")
    Foreign(remote.path("locked")).publish("web", 1)
    remote.basic = ("porch", "old")
    api = make().launch()
    api.do("POST", SECRETS, _credentials("old"))
    register(api, "locked", url, secretRef={"name": "login"})
    remote.basic = ("porch", "new")
    assert "authentication required" in after_sync(api, "locked")["message"]
    assert api.names() == ["locked.web.main", "locked.web.v1"]
    api.do("PUT", f"{SECRETS}/login", _credentials("new"))
    assert wait_ready(api, "locked") == "Repository Ready"


def test_a_secret_that_is_made_later_is_enough_too(make: Make, remote: GitHttp) -> None:
    url = remote.create("locked")
    Foreign(remote.path("locked")).publish("web", 1)
    remote.basic = ("porch", "old")
    api = make().launch()
    message = register(api, "locked", url, ready=False, secretRef={"name": "login"})
    assert 'secrets "login" not found' in message
    api.do("POST", SECRETS, _credentials("old"))
    assert wait_ready(api, "locked") == "Repository Ready"


def test_while_a_remote_is_gone_all_is_read_and_what_it_got_shows_when_it_is_back(make: Make, remote: GitHttp) -> None:
    porch = make("--remote-timeout", "0.5")
    scene = Scene(porch, remote)
    remote.gate.clear()
    message = after_sync(scene.api, "team")
    assert (message["status"], message["reason"]) == ("False", "Error")
    scene.foreign.draft("web", "meanwhile")
    api = scene.api = porch.again()  # a restart changes nothing of that
    assert api.names() == NAMES
    assert scene.readme("team.web.next") == "a draft"
    assert condition(api, "team", "Ready")["reason"] == "Error"
    assert api.send("POST", REVISIONS, revision("team", "db")).code == 503
    remote.gate.set()
    assert after_sync(api, "team")["status"] == "True"
    assert api.names() == sorted([*NAMES, "team.web.meanwhile"])


def test_a_remote_that_was_emptied_is_an_error_and_takes_nothing_along(scene: Scene) -> None:
    """The branch is not made again either: whoever restores the remote would find it in the way."""
    scene.foreign.delete(*scene.foreign.git("for-each-ref", "--format=%(refname)").split())
    ready = after_sync(scene.api, "team")
    assert (ready["status"], ready["reason"]) == ("False", "Error")
    assert 'branch "main" doesn\'t exist' in ready["message"]
    assert scene.api.names() == NAMES
    assert scene.foreign.git("for-each-ref") == ""


def test_a_look_at_a_remote_at_rest_costs_one_listing(scene: Scene) -> None:
    synchronise(scene.api, "team")
    before = len(scene.remote.requests)
    for _ in range(5):
        synchronise(scene.api, "team")
    assert scene.remote.requests[before:] == ["GET /team.git/info/refs?service=git-upload-pack"] * 5


def _read(api: Api) -> float:
    text = api.send("GET", "/metrics").text.decode()
    line = next(line for line in text.splitlines() if line.startswith("porch_git_objects_read_total"))
    return float(line.split()[1])


def test_the_cost_follows_what_changed(make: Make, remote: GitHttp) -> None:
    """One more draft costs the same beside ten revisions and beside a hundred, once their history was read."""
    api = make().launch()
    costs = []
    for name, count in (("small", 10), ("large", 100)):
        url = remote.create(name)
        foreign = Foreign(remote.path(name))
        foreign.publish("web", *range(1, count + 1))
        register(api, name, url)
        take_deliveries(api, name)
        before = 0.0
        for workspace in ("first", "second"):
            before = _read(api)
            with api.watch(since=api.do("GET", REVISIONS)["metadata"]["resourceVersion"]) as watch:
                foreign.draft("web", workspace)
                deliver(api, name)
                watch.of(f"{name}.web.{workspace}")
        costs.append(_read(api) - before)
    assert costs[1] <= costs[0] + 5
    assert len(api.do("GET", REPOSITORIES)["items"]) == 2


def test_what_others_published_counts_as_the_latest(scene: Scene) -> None:
    scene.foreign.publish("web", 3)
    synchronise(scene.api, "team")
    assert scene.latest() == ["team.web.v3"]


@pytest.mark.parametrize("point", ["revisions-indexed", "repository-synchronised"])
def test_a_server_that_dies_while_it_follows_changes_goes_on(make: Make, remote: GitHttp, point: str) -> None:
    scene = Scene(make(), remote)
    scene.porch.end()
    scene.foreign.publish("web", 3)
    scene.foreign.delete(f"{HEADS}drafts/web/next", f"{TAGS}web/v1")
    scene.foreign.commit(f"{TAGS}web/v2", package("web", "moved"), scene.foreign.tip())
    scene.api = scene.porch.launch(fault=point)
    assert scene.porch.died()
    scene.api = scene.porch.launch()
    synchronise(scene.api, "team")
    assert scene.api.names() == ["team.web.main", "team.web.v2", "team.web.v3"]
    assert scene.latest() == ["team.web.v3"]
    assert scene.readme("team.web.v2") == "moved"
    assert condition(scene.api, "team", "SyncHeld") == {}
