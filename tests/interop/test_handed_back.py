"""Taken over and handed back: upstream's repositories are worked on here, while upstream goes on with them.

What we write into them the plain reader accepts; what upstream does meanwhile, emulated with plain git, shows here.
"""

from __future__ import annotations

import pytest

from tests.interop.conftest import adopt
from tests.interop.elsewhere import Elsewhere
from tests.interop.life import Life, configuration
from tests.interop.plain import changed_since, read
from tests.interop.watched import Watched
from tests.scenario.conftest import Make
from tests.scenario.running import RESOURCES, Api, synchronise
from tests.support.githttp import GitHttp
from tests.support.handmade import KPTFILE


@pytest.fixture
def api(make: Make, remote: GitHttp) -> Api:
    api = make().launch()
    adopt(api, remote)
    return api


@pytest.fixture
def life(api: Api) -> Life:
    return Life(api)


@pytest.fixture
def catalog(api: Api, remote: GitHttp) -> Watched:
    return Watched(remote.path("catalog"))


@pytest.fixture
def upstream(api: Api, remote: GitHttp) -> Elsewhere:
    return Elsewhere(remote.path("catalog"))


def tags(written: Watched, package: str) -> dict[int, str]:
    """Workspaces by number."""
    return {item.number: item.workspace for item in written.check().published if item.package == package}


# --- work on what upstream left


def test_its_drafts_and_proposals_are_finished_here(life: Life, catalog: Watched) -> None:
    life.save("catalog.base.wip", more_yaml=configuration("more"))
    assert life.publish("catalog.base.wip") == 3
    assert life.approve("catalog.base.feature-x") == 4
    life.delete("catalog.base.turned-down")
    assert tags(catalog, "base") == {1: "v1", 2: "v2", 3: "wip", 4: "feature-x"}
    assert life.get("catalog.base.feature-x")["metadata"]["labels"] == {"kpt.dev/latest-revision": "true"}
    assert "more.yaml" not in life.files("catalog.base.main")
    assert catalog.last.drafts == ["fn/broken/v1", "net/core/smf/ws1"]


def test_its_proposed_deletions_are_carried_out_here(life: Life, catalog: Watched) -> None:
    life.delete("catalog.net.core.amf.ws2")
    life.delete("catalog.half.main")
    assert tags(catalog, "net/core/amf") == {3: "ws3"}
    assert catalog.last.marked == []
    life.propose_deletion("catalog.half.v1")
    life.undelete("catalog.half.v1")
    life.retire("catalog.legacy.wsold")
    assert tags(catalog, "legacy") == {1: "v1", 3: "next"}


def test_a_repository_with_a_directory_an_author_and_hand_made_tags(life: Life, remote: GitHttp) -> None:
    mono = Watched(remote.path("mono"), "main", "release")
    assert life.approve("scoped.db.pg.ws2") == 2
    assert life.get("scoped.db.pg.ws2")["status"]["publishedBy"] == "alpha@example.com"
    life.delete("scoped.svc.v8")
    life.delete("scoped.svc.v7")
    assert {finding.place for finding in mono.before.findings} - {finding.place for finding in mono.check().findings}
    assert tags(mono, "teams/alpha/svc") == {1: "ws1", 9: "ws2"}
    life.propose_deletion("scoped.svc.v3")
    refused = life.api.send("DELETE", "/apis/porch.kpt.dev/v1alpha1/namespaces/default/packagerevisions/scoped.svc.v3")
    assert "tagged with a tag that is not specific to the package" in refused.message
    life.retire("scoped.svc.rc1")
    assert life.get("scoped.svc.v3")["spec"]["lifecycle"] == "DeletionProposed"


def test_deployments_go_on(life: Life, remote: GitHttp) -> None:
    edge = Watched(remote.path("edge"))
    assert life.approve("edge.site1.base.copied") == 3
    assert life.publish("edge.exp.ws1") == 1
    assert tags(edge, "site1/base") == {1: "v1", 2: "v2", 3: "copied"}
    assert edge.before.findings == []


# --- what upstream does meanwhile


def test_a_package_that_upstream_makes_and_publishes_is_seen_at_each_step(
    life: Life, catalog: Watched, upstream: Elsewhere
) -> None:
    def seen() -> tuple[str, int]:
        catalog.check()
        synchronise(life.api, "catalog")
        spec = life.get("catalog.up.w1")["spec"]
        return spec["lifecycle"], spec.get("revision", 0)

    first = upstream.draft("up", "w1")
    assert seen() == ("Draft", 0)
    upstream.draft("up", "w1", {"Kptfile": KPTFILE, "x.txt": "x"})
    assert seen() == ("Draft", 0)
    assert life.files("catalog.up.w1") == {"Kptfile": KPTFILE, "x.txt": "x"}
    upstream.propose("up", "w1")
    assert seen() == ("Proposed", 0)
    upstream.approve("up", "w1", 1)
    assert seen() == ("Published", 1)
    revision = life.get("catalog.up.w1")
    assert revision["spec"]["tasks"] == [{"type": "init", "init": {"description": "made elsewhere"}}]
    assert (revision["status"]["publishedBy"], first != "") == ("carol", True)
    assert life.get("catalog.up.main")["spec"]["revision"] == -1
    upstream.propose_deletion("up", 1)
    assert seen() == ("DeletionProposed", 1)
    upstream.remove("up", 1)
    catalog.check()
    synchronise(life.api, "catalog")
    assert [name for name in life.api.names() if ".up." in name] == ["catalog.up.main"]


def test_a_draft_is_worked_on_by_both(life: Life, catalog: Watched, upstream: Elsewhere) -> None:
    name = life.create("catalog", "both", "w1")
    before = life.api.do("GET", f"{RESOURCES}/{name}")
    files = life.files(name)
    upstream.draft("both", "w1", {**files, "theirs.yaml": configuration("theirs")})
    synchronise(life.api, "catalog")
    before["spec"]["resources"]["ours.yaml"] = configuration("ours")
    assert life.api.send("PUT", f"{RESOURCES}/{name}", before).code == 409
    life.save(name, ours_yaml=configuration("ours"))
    assert {"theirs.yaml", "ours.yaml"} < life.files(name).keys()
    life.propose(name)
    upstream.reject("both", "w1")
    synchronise(life.api, "catalog")
    assert life.get(name)["spec"]["lifecycle"] == "Draft"
    life.propose(name)
    upstream.approve("both", "w1", 1)
    synchronise(life.api, "catalog")
    assert life.get(name)["spec"]["revision"] == 1
    assert tags(catalog, "both") == {1: "w1"}


def test_a_save_that_upstream_overtook_is_a_conflict_and_loses_nothing(
    life: Life, catalog: Watched, upstream: Elsewhere
) -> None:
    name = life.create("catalog", "both", "w1")
    theirs = upstream.draft("both", "w1", {**life.files(name), "theirs.yaml": configuration("theirs")})
    refused = life.api.patch(f"{RESOURCES}/{name}", {"spec": {"resources": {"ours.yaml": configuration("ours")}}})
    assert (refused.code, refused.reason) == (409, "Conflict")
    assert upstream.id("refs/heads/drafts/both/w1") == theirs
    synchronise(life.api, "catalog")
    life.save(name, ours_yaml=configuration("ours"))
    assert {"theirs.yaml", "ours.yaml"} < life.files(name).keys()
    catalog.check()


def test_numbers_that_upstream_took_unseen_are_not_taken_again(
    life: Life, catalog: Watched, upstream: Elsewhere
) -> None:
    life.propose("catalog.base.wip")
    upstream.draft("base", "up3", {"Kptfile": KPTFILE})
    upstream.propose("base", "up3")
    upstream.approve("base", "up3", 3)
    assert life.approve("catalog.base.wip") == 4
    assert tags(catalog, "base") == {1: "v1", 2: "v2", 3: "up3", 4: "wip"}
    synchronise(life.api, "catalog")
    assert life.get("catalog.base.up3")["spec"]["revision"] == 3


def test_a_tag_that_upstream_moves_shows_its_new_content(life: Life, remote: GitHttp, upstream: Elsewhere) -> None:
    """It does so when it loses a race with itself; we never do."""
    before = read(remote.path("catalog"))
    with life.api.watch() as watch:
        watch.of("catalog.half.v1")
        upstream.draft("half", "v1", {"Kptfile": KPTFILE, "moved.txt": "x"})
        upstream.propose("half", "v1")
        commit = upstream.approve("half", "v1", 1)
        synchronise(life.api, "catalog")
        kind, moved = watch.of("catalog.half.v1")
    assert [finding.place for finding in changed_since(before)] == ["refs/tags/half/v1"]
    assert (kind, moved["status"]["selfLock"]["git"]["commit"]) == ("MODIFIED", commit)
    assert life.files("catalog.half.v1") == {"Kptfile": KPTFILE, "moved.txt": "x"}


def test_a_revision_that_upstream_deletes_hands_the_latest_label_back(
    life: Life, catalog: Watched, upstream: Elsewhere
) -> None:
    upstream.remove("base", 2)
    synchronise(life.api, "catalog")
    assert life.get("catalog.base.v1")["metadata"]["labels"] == {"kpt.dev/latest-revision": "true"}
    assert life.api.do("GET", "/apis/porch.kpt.dev/v1alpha1/namespaces/default/packages/catalog.base")["status"] == {
        "latestRevision": 1
    }
    catalog.check()


def test_a_workspace_that_upstream_published_unseen_is_not_published_again(
    life: Life, catalog: Watched, upstream: Elsewhere
) -> None:
    """Upstream with its database has drafts that git does not show: the name is taken only when it publishes."""
    life.propose("catalog.base.wip")
    ours = upstream.id("refs/heads/proposed/base/wip")
    upstream.approve("base", "wip", 3)
    upstream.set("refs/heads/proposed/base/wip", ours)
    refused = life.decide("catalog.base.wip", "Published")
    assert (refused.code, refused.reason) == (409, "Conflict")
    synchronise(life.api, "catalog")
    assert life.get("catalog.base.wip")["spec"]["revision"] == 3
    upstream.delete("refs/heads/proposed/base/wip")
    assert tags(catalog, "base") == {1: "v1", 2: "v2", 3: "wip"}


def test_a_proposal_that_upstream_withdrew_is_not_published(life: Life, catalog: Watched, upstream: Elsewhere) -> None:
    before = upstream.id("refs/heads/main")
    upstream.delete("refs/heads/proposed/base/feature-x")
    refused = life.decide("catalog.base.feature-x", "Published")
    assert (refused.code, refused.reason) == (409, "Conflict")
    assert upstream.id("refs/heads/main") == before
    synchronise(life.api, "catalog")
    assert "catalog.base.feature-x" not in life.api.names()
    catalog.check()
