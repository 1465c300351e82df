"""The whole life of a package: after each step, what we wrote into git is read by a reader that is not ours."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from tests.interop.life import Life, configuration
from tests.interop.watched import Watched
from tests.scenario.conftest import Make
from tests.scenario.running import REPOSITORIES, register, repository, wait_ready
from tests.support.githttp import GitHttp


@dataclass(frozen=True)
class Stage:
    """A blueprint repository, and one to deploy from."""

    life: Life
    blueprints: Watched
    sites: Watched


@pytest.fixture(params=["http", "hosted"])
def stage(request: pytest.FixtureRequest, make: Make, remote: GitHttp) -> Stage:
    porch = make()
    api = porch.launch()
    if request.param == "http":
        urls = {name: remote.create(name) for name in ("blueprints", "sites")}
        paths = {name: remote.path(name) for name in urls}
    else:
        urls = {name: f"hosted:///{name}" for name in ("blueprints", "sites")}
        paths = {name: porch.hosted("default", name) for name in urls}
    register(api, "blueprints", urls["blueprints"])
    sites = repository("sites", urls["sites"], directory="edge")
    sites["spec"]["deployment"] = True
    api.do("POST", REPOSITORIES, sites)
    wait_ready(api, "sites")
    return Stage(Life(api), Watched(paths["blueprints"]), Watched(paths["sites"]))


def test_every_step_of_a_package_s_life_is_written_as_upstream_writes_it(stage: Stage) -> None:
    life, written = stage.life, stage.blueprints
    name = life.create("blueprints", "net/amf", "ws1", {"type": "init", "init": {"description": "a <b> & c"}})
    assert written.check().drafts == ["net/amf/ws1"]
    life.save(name, a_yaml=configuration("a"), b_yaml=configuration("b"))
    life.save(name, a_yaml=configuration("a", "<&>"), b_yaml=None)
    assert written.check().drafts == ["net/amf/ws1"]
    life.propose(name)
    assert (written.check().drafts, written.last.proposed) == ([], ["net/amf/ws1"])
    life.reject(name)
    assert (written.check().drafts, written.last.proposed) == (["net/amf/ws1"], [])
    assert life.publish(name) == 1
    assert published(written) == [("net/amf", 1, "ws1")]
    assert (written.last.drafts, written.last.proposed) == ([], [])
    assert "a.yaml" in life.files("blueprints.net.amf.main")

    life.propose_deletion(name)
    assert written.check().marked == ["net/amf/v1"]
    life.undelete(name)
    assert (written.check().marked, published(written)) == ([], [("net/amf", 1, "ws1")])
    life.propose_deletion(name)
    life.delete(name)
    assert (written.check().marked, published(written)) == ([], [])
    assert "a.yaml" in life.files("blueprints.net.amf.main")
    life.propose_deletion("blueprints.net.amf.main")
    assert written.check().marked == ["net/amf/main"]
    life.delete("blueprints.net.amf.main")
    assert written.check().marked == []
    assert life.api.names() == []


def test_a_blueprint_is_copied_cloned_and_upgraded(stage: Stage) -> None:
    life, blueprints, sites = stage.life, stage.blueprints, stage.sites
    first = life.create("blueprints", "net/amf", "ws1")
    life.save(first, a_yaml=configuration("a"), b_yaml=configuration("b"))
    assert life.publish(first) == 1

    site = life.clone("sites", "south/amf", "c1", first)
    life.save(site, local_yaml=configuration("local"))
    assert sites.check().drafts == ["edge/south/amf/c1"]
    assert life.publish(site) == 1
    lock = life.get(site)["status"]["upstreamLock"]["git"]
    assert (lock["ref"], lock["commit"]) == ("net/amf/v1", blueprints.check().published[0].commit)

    second = life.copy("blueprints", "net/amf", "ws2", first)
    assert blueprints.check().drafts == ["net/amf/ws2"]
    life.save(second, a_yaml=configuration("a", "new"))
    assert life.publish(second) == 2
    assert published(blueprints) == [("net/amf", 1, "ws1"), ("net/amf", 2, "ws2")]

    upgraded = life.upgrade("sites", "south/amf", "c2", old=first, new=second, local=site)
    assert sites.check().drafts == ["edge/south/amf/c2"]
    assert life.publish(upgraded) == 2
    assert published(sites) == [("edge/south/amf", 1, "c1"), ("edge/south/amf", 2, "c2")]
    assert {"a.yaml", "b.yaml", "local.yaml"} < life.files(upgraded).keys()
    assert "text: 'new'" in life.files(upgraded)["a.yaml"]

    life.retire(site)
    life.retire(first)
    assert published(blueprints) == [("net/amf", 2, "ws2")]
    assert published(sites) == [("edge/south/amf", 2, "c2")]


def test_many_packages_side_by_side(stage: Stage) -> None:
    """Drafts stay where they are while others are published: each approval is on top of the last."""
    life, written = stage.life, stage.sites
    names = {package: life.create("sites", package, "v1") for package in ("web", "db/pg", "db/redis", "x-1")}
    for name in names.values():
        life.propose(name)
    written.check()
    for package, name in names.items():
        assert life.approve(name) == 1
        assert life.get(name)["status"]["selfLock"]["git"]["ref"] == f"edge/{package}/v1"
        written.check()
    assert published(written) == [(f"edge/{package}", 1, "v1") for package in sorted(names)]
    gone = life.create("sites", "gone", "v1")
    life.delete(gone)
    again = life.create("sites", "gone", "v1")
    written.check()
    life.retire(names["web"])
    assert life.publish(again) == 1
    assert ("edge/gone", 1, "v1") in published(written)


def test_many_publish_at_once(stage: Stage) -> None:
    life, written = stage.life, stage.blueprints
    first = life.create("blueprints", "net/amf", "w1")
    assert life.publish(first) == 1
    copies = [life.copy("blueprints", "net/amf", f"w{index}", first) for index in range(2, 8)]
    others = [life.create("blueprints", f"package-{index}", "v1") for index in range(6)]
    for name in (*copies, *others):
        life.propose(name)
    written.check()
    with ThreadPoolExecutor(12) as threads:
        numbers = list(threads.map(life.approve, (*copies, *others)))
    assert (sorted(numbers[:6]), numbers[6:]) == ([2, 3, 4, 5, 6, 7], [1] * 6)
    assert len(published(written)) == 13


def published(written: Watched) -> list[tuple[str, int, str]]:
    return [(item.package, item.number, item.workspace) for item in written.check().published]
