"""The life of a package revision through the API: who may follow whom, what git shows, and who decides."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenario.conftest import Make
from tests.scenario.running import (
    PACKAGES,
    REPOSITORIES,
    RESOURCES,
    REVISIONS,
    Answer,
    Api,
    Json,
    Porch,
    register,
    revision,
    synchronise,
)
from tests.support.githttp import GitHttp, git

DRAFT, PROPOSED, PUBLISHED, GOING = "Draft", "Proposed", "Published", "DeletionProposed"
STATES = (DRAFT, PROPOSED, PUBLISHED, GOING)
NAME = "here.web.v1"


@pytest.fixture(params=["hosted", "remote"])
def scene(request: pytest.FixtureRequest, make: Make, remote: GitHttp) -> tuple[Api, Path]:
    """A server with the repository `here`, and where its refs really are."""
    porch = make("--sync-interval", "3600")
    if request.param == "hosted":
        register(porch.launch(), "here", "hosted:///here")
        return porch.api, porch.hosted("default", "here")
    register(porch.launch(), "here", remote.create("here"))
    return porch.api, remote.path("here")


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Json:
    porch = Porch(tmp_path_factory.mktemp("matrix") / "data", "--sync-interval", "3600")
    register(porch.launch(), "here", "hosted:///here")
    yield porch.api
    porch.end()


def create(api: Api, package: str = "web", workspace: str = "v1", **meta: Json) -> Answer:
    return api.send("POST", REVISIONS, revision("here", package, workspace, **meta))


def change(api: Api, name: str, lifecycle: str, *, approval: bool = False) -> Answer:
    path = f"{REVISIONS}/{name}/approval" if approval else f"{REVISIONS}/{name}"
    return api.patch(path, {"spec": {"lifecycle": lifecycle}})


def approve(api: Api, name: str) -> Json:
    for target, approval in ((PROPOSED, False), (PUBLISHED, True)):
        answer = change(api, name, target, approval=approval)
        assert answer.code == 200, answer.text
    return answer.json


def bring(api: Api, name: str, lifecycle: str) -> None:
    """Takes a Draft there."""
    if lifecycle in {PUBLISHED, GOING}:
        approve(api, name)
    if lifecycle in {PROPOSED, GOING}:
        assert change(api, name, lifecycle).code == 200


def refs(truth: Path) -> list[str]:
    return git("for-each-ref", "--format=%(refname)", cwd=truth).split()


MAIN_ALLOWS = {
    (DRAFT, DRAFT), (DRAFT, PROPOSED), (PROPOSED, DRAFT), (PROPOSED, PROPOSED),
    (PUBLISHED, PUBLISHED), (PUBLISHED, GOING), (GOING, PUBLISHED), (GOING, GOING),
}  # fmt: skip
APPROVAL_ALLOWS = {(PROPOSED, DRAFT), (PROPOSED, PUBLISHED), (PUBLISHED, GOING), (GOING, PUBLISHED)}


@pytest.mark.parametrize("approval", [False, True])
@pytest.mark.parametrize("old", STATES)
@pytest.mark.parametrize("new", [*STATES, "Somewhere"])
def test_the_transitions_are_those_of_the_table(api: Api, old: str, new: str, *, approval: bool) -> None:
    package = f"{old}-{new}-{approval}".lower()
    name = f"here.{package}.v1"
    assert create(api, package).code == 201
    bring(api, name, old)
    before = api.do("GET", f"{REVISIONS}/{name}")
    answer = change(api, name, new, approval=approval)
    after = api.do("GET", f"{REVISIONS}/{name}")
    if (old, new) in (APPROVAL_ALLOWS if approval else MAIN_ALLOWS):
        assert (answer.code, answer.json["spec"]["lifecycle"], after["spec"]["lifecycle"]) == (200, new, new)
        assert answer.json == after
    else:
        assert (answer.code, answer.reason) == (422, "Invalid")
        assert answer.fields
        assert after == before


def test_a_whole_life_in_git_and_in_the_api(scene: tuple[Api, Path]) -> None:
    api, truth = scene
    assert create(api, labels={"team": "core"}).code == 201
    assert change(api, NAME, PROPOSED).code == 200
    assert refs(truth) == ["refs/heads/main", "refs/heads/proposed/web/v1"]
    assert change(api, NAME, DRAFT, approval=True).code == 200
    assert refs(truth) == ["refs/heads/drafts/web/v1", "refs/heads/main"]
    tree = git("rev-parse", "drafts/web/v1:web", cwd=truth)
    with api.watch() as watch:
        watch.of(NAME)
        published = approve(api, NAME)
        seen = watch.until(lambda _, obj: obj["spec"]["lifecycle"] == PUBLISHED and obj["metadata"]["name"] == NAME)
    assert refs(truth) == ["refs/heads/main", "refs/tags/web/v1"]
    assert git("rev-parse", "web/v1:web", cwd=truth) == tree == git("rev-parse", "main:web", cwd=truth)
    assert seen == ("MODIFIED", published)
    assert published["spec"]["revision"] == 1
    assert published["metadata"]["labels"] == {"team": "core", "kpt.dev/latest-revision": "true"}
    assert published["status"]["publishedBy"] == "porch-admin"
    assert published["status"]["publishTimestamp"]
    lock = published["status"]["selfLock"]["git"]
    assert (lock["ref"], lock["commit"]) == ("web/v1", git("rev-parse", "main", cwd=truth))
    on_branch = api.do("GET", f"{REVISIONS}/here.web.main")
    assert (on_branch["spec"]["revision"], on_branch["spec"]["lifecycle"]) == (-1, PUBLISHED)
    assert "tasks" not in on_branch["spec"]
    assert api.send("DELETE", f"{REVISIONS}/{NAME}").code == 403
    assert change(api, NAME, GOING).code == 200
    assert "refs/heads/deletionProposed/web/v1" in refs(truth)
    assert change(api, NAME, PUBLISHED).code == 200
    assert change(api, NAME, GOING).code == 200
    assert api.send("DELETE", f"{REVISIONS}/{NAME}").code == 200
    assert refs(truth) == ["refs/heads/main"]
    assert api.names() == ["here.web.main"]
    synchronise(api, "here")
    assert api.do("GET", f"{REVISIONS}/here.web.main") == on_branch
    assert git("fsck", "--strict", "--full", cwd=truth) == ""


def test_what_others_find_is_what_publishing_indexed(scene: tuple[Api, Path], make: Make) -> None:
    """A second server that reads the same repository shows the same, but for what users put on the objects."""
    api, truth = scene
    for package in ("web", "net/db"):
        assert create(api, package).code == 201
        approve(api, f"here.{package.replace('/', '.')}.v1")
    other = make("--sync-interval", "3600", "--file-repositories", str(truth.parent)).launch()
    register(other, "here", truth.as_uri())
    ours, theirs = _listed(api), _listed(other)
    assert len(ours) == 4
    assert ours == theirs


def _listed(api: Api) -> Json:
    items = api.do("GET", REVISIONS)["items"]
    for item in items:
        del item["metadata"]["resourceVersion"], item["status"]["selfLock"]["git"]["repo"]
    return items


def test_the_latest_label_moves_with_an_event(scene: tuple[Api, Path]) -> None:
    api, _ = scene
    create(api)
    approve(api, NAME)
    create_copy(api)
    with api.watch() as watch:
        watch.of(NAME)
        approve(api, "here.web.v2")
        lost = watch.until(lambda kind, obj: kind == "MODIFIED" and obj["metadata"]["name"] == NAME)[1]
    assert "kpt.dev/latest-revision" not in lost["metadata"].get("labels", {})
    latest = api.do("GET", f"{REVISIONS}?labelSelector=kpt.dev/latest-revision=true")["items"]
    assert [(item["metadata"]["name"], item["spec"]["revision"]) for item in latest] == [("here.web.v2", 2)]
    assert api.do("GET", f"{PACKAGES}/packages/here.web")["status"]["latestRevision"] == 2


def create_copy(api: Api, workspace: str = "v2") -> None:
    """Another Draft of the package, made as somebody with git would make it."""
    task = {"type": "edit", "edit": {"sourceRef": {"name": NAME}}}
    body = revision("here", "web", workspace)
    body["spec"]["tasks"] = [task]
    api.do("POST", REVISIONS, body)


def test_a_number_does_not_come_again(scene: tuple[Api, Path]) -> None:
    """Whoever pinned revision 1 must not find other content under it."""
    api, truth = scene
    create(api)
    approve(api, NAME)
    change(api, NAME, GOING)
    assert api.send("DELETE", f"{REVISIONS}/{NAME}").code == 200
    assert change(api, "here.web.main", GOING).code == 200
    assert api.send("DELETE", f"{REVISIONS}/here.web.main").code == 200
    assert git("log", "-1", "--format=%s", "main", cwd=truth) == "Delete web"
    assert api.names() == []
    create(api)
    assert approve(api, NAME)["spec"]["revision"] == 2


def test_a_number_does_not_come_again_though_somebody_has_changed_the_package_since(scene: tuple[Api, Path]) -> None:
    api, truth = scene
    create(api)
    approve(api, NAME)
    create_copy(api)
    tree = git("rev-parse", "main^^{tree}", cwd=truth)
    for content in (tree, git("rev-parse", "main^{tree}", cwd=truth)):
        commit = git("commit-tree", content, "-p", "main", "-m", "by hand", cwd=truth)
        git("update-ref", "refs/heads/main", commit, cwd=truth)
    git("update-ref", "-d", "refs/tags/web/v1", cwd=truth)
    synchronise(api, "here")
    assert approve(api, "here.web.v2")["spec"]["revision"] == 2


def test_unmet_gates_are_named_and_hold_the_approval(scene: tuple[Api, Path]) -> None:
    api, truth = scene
    create(api)
    gates = {"spec": {"readinessGates": [{"conditionType": "tested"}, {"conditionType": "signed"}]}}
    assert api.patch(f"{REVISIONS}/{NAME}", gates).code == 200
    assert change(api, NAME, PROPOSED).code == 200
    refused = change(api, NAME, PUBLISHED, approval=True)
    assert (refused.code, refused.reason) == (422, "Invalid")
    assert refused.fields == ["spec.readinessGates[0].conditionType", "spec.readinessGates[1].conditionType"]
    assert '"tested" is not there' in refused.message
    assert refs(truth) == ["refs/heads/main", "refs/heads/proposed/web/v1"]
    switch = {"metadata": {"annotations": {"porch.kpt.dev/enforce-readiness-gates": "false"}}}
    assert api.patch(f"{REPOSITORIES}/here", switch).code == 200
    assert change(api, NAME, PUBLISHED, approval=True).code == 200


def test_met_gates_let_it_pass(scene: tuple[Api, Path]) -> None:
    api, _ = scene
    create(api)
    ready = {"type": "tested", "status": "True", "reason": "Green", "message": "all tests passed"}
    gates = {"spec": {"readinessGates": [{"conditionType": "tested"}]}, "status": {"conditions": [ready]}}
    assert api.patch(f"{REVISIONS}/{NAME}", gates).code == 200
    assert approve(api, NAME)["status"]["conditions"][0] == ready


def test_an_approval_changes_nothing_but_the_lifecycle(scene: tuple[Api, Path]) -> None:
    api, _ = scene
    create(api)
    change(api, NAME, PROPOSED)
    body = {"metadata": {"labels": {"sneaked": "in"}}, "spec": {"lifecycle": PUBLISHED, "readinessGates": []}}
    done = api.patch(f"{REVISIONS}/{NAME}/approval", body)
    assert done.code == 200
    assert done.json["metadata"]["labels"] == {"kpt.dev/latest-revision": "true"}


def test_a_stale_version_approves_nothing(scene: tuple[Api, Path]) -> None:
    api, truth = scene
    stale = create(api).json
    change(api, NAME, PROPOSED)
    stale["spec"]["lifecycle"] = PUBLISHED
    answer = api.send("PUT", f"{REVISIONS}/{NAME}/approval", stale)
    assert (answer.code, answer.reason) == (409, "Conflict")
    assert "the object has been modified; please apply your changes to the latest version" in answer.message
    assert "refs/tags/web/v1" not in refs(truth)


def test_a_dry_run_changes_no_lifecycle(scene: tuple[Api, Path]) -> None:
    api, truth = scene
    create(api)
    path = f"{REVISIONS}/{NAME}"
    for target, approval in ((PROPOSED, False), (PUBLISHED, True), (GOING, False)):
        before = refs(truth), api.do("GET", path)
        where = f"{path}/approval" if approval else path
        tried = api.patch(f"{where}?dryRun=All", {"spec": {"lifecycle": target}})
        assert (tried.code, tried.json["spec"]["lifecycle"]) == (200, target)
        assert (refs(truth), api.do("GET", path)) == before
        assert change(api, NAME, target, approval=approval).code == 200


def test_what_is_published_is_read_only_but_for_metadata(scene: tuple[Api, Path]) -> None:
    api, _ = scene
    create(api)
    approve(api, NAME)
    assert api.patch(f"{REVISIONS}/{NAME}", {"metadata": {"labels": {"a": "b"}}}).code == 200
    assert api.patch(f"{REVISIONS}/{NAME}", {"spec": {"readinessGates": [{"conditionType": "x"}]}}).code == 422
    saved = api.patch(f"{RESOURCES}/{NAME}", {"spec": {"resources": {"new": "file"}}})
    assert (saved.code, saved.reason) == (409, "Conflict")
    assert 'lifecycle value "Published"; package must be Draft' in saved.message


def test_a_draft_that_others_broke_is_not_proposed(make: Make, remote: GitHttp) -> None:
    """What somebody pushed to a draft's branch was never rendered here."""
    api = make("--sync-interval", "3600").launch()
    register(api, "here", remote.create("here"))
    create(api)
    truth = remote.path("here")
    blob = git("hash-object", "-w", "--stdin", cwd=truth, stdin="a: [\n")
    package = git("ls-tree", "drafts/web/v1:web", cwd=truth)
    tree = git("mktree", cwd=truth, stdin=f"{package}\n100644 blob {blob}\tbroken.yaml\n")
    whole = git("mktree", cwd=truth, stdin=f"040000 tree {tree}\tweb\n")
    commit = git("commit-tree", whole, "-p", "drafts/web/v1", "-m", "by hand", cwd=truth)
    git("update-ref", "refs/heads/drafts/web/v1", commit, cwd=truth)
    synchronise(api, "here")
    answer = change(api, NAME, PROPOSED)
    assert (answer.code, answer.reason) == (422, "Invalid")
    assert answer.fields == ["spec.resources[broken.yaml]"]
    assert git("rev-parse", "drafts/web/v1", cwd=truth) == commit


def test_a_proposal_that_others_changed_is_not_published(make: Make, remote: GitHttp) -> None:
    """The commit that was reviewed, or nothing."""
    api = make("--sync-interval", "3600").launch()
    register(api, "here", remote.create("here"))
    create(api)
    change(api, NAME, PROPOSED)
    truth = remote.path("here")
    tree = git("rev-parse", "proposed/web/v1^{tree}", cwd=truth)
    commit = git("commit-tree", tree, "-p", "proposed/web/v1", "-m", "by hand", cwd=truth)
    git("update-ref", "refs/heads/proposed/web/v1", commit, cwd=truth)
    answer = change(api, NAME, PUBLISHED, approval=True)
    assert (answer.code, answer.reason) == (409, "Conflict")
    assert refs(truth) == ["refs/heads/main", "refs/heads/proposed/web/v1"]
    assert api.do("GET", f"{REVISIONS}/{NAME}")["spec"]["lifecycle"] == PROPOSED


def test_a_branch_and_a_tag_that_others_moved_do_not_stop_an_approval(make: Make, remote: GitHttp) -> None:
    api = make("--sync-interval", "3600").launch()
    register(api, "here", remote.create("here"))
    create(api, workspace="mine")
    change(api, "here.web.mine", PROPOSED)
    truth = remote.path("here")
    proposal = git("rev-parse", "proposed/web/mine", cwd=truth)
    commit = git("commit-tree", f"{proposal}^{{tree}}", "-p", "main", "-m", "by hand", cwd=truth)
    git("update-ref", "refs/heads/main", commit, cwd=truth)
    git("update-ref", "refs/tags/web/v1", commit, cwd=truth)
    answer = change(api, "here.web.mine", PUBLISHED, approval=True)
    assert answer.code == 200, answer.text
    assert answer.json["spec"]["revision"] == 2
    assert git("rev-parse", "web/v1", cwd=truth) == commit
    parents = git("rev-parse", "main^1", "main^2", cwd=truth).split()
    assert parents == [commit, proposal], "the original proposal is the second parent, no lost attempt is between"
