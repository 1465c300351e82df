"""The server dies while it makes a revision by clone, copy or upgrade: the revision is there, whole, or not at all."""

from __future__ import annotations

import itertools
import signal

import pytest

from tests.scenario.conftest import Make
from tests.scenario.crashing import Crashing
from tests.scenario.running import RESOURCES, REVISIONS, Api, Json, Lost, revision, synchronise
from tests.support.githttp import git

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\ndata:\n  a: {}\n  b: {}\n"
REFS = {"oldUpstreamRef": "work.base.v1", "newUpstreamRef": "work.base.v2", "localPackageRevisionRef": "work.app.v1"}
MADE: dict[str, tuple[str, str, Json]] = {
    "clone": ("clone", "v1", {"upstreamRef": {"upstreamRef": {"name": "work.base.v1"}}}),
    "edit": ("base", "v3", {"sourceRef": {"name": "work.base.v2"}}),
    "upgrade": ("app", "v2", {key: {"name": name} for key, name in REFS.items()}),
}
"""By task: package, workspace and payload."""
WANTED = {"clone": ("a: 1", "b: 1"), "edit": ("a: 2", "b: 1"), "upgrade": ("a: 2", "b: 3")}


def make_one(api: Api, package: str, workspace: str, task: Json) -> int:
    obj = revision("work", package, workspace)
    obj["spec"]["tasks"] = [task]
    return api.send("POST", REVISIONS, obj).code


def publish(api: Api, name: str, a: int, b: int) -> None:
    files = {"config.yaml": CONFIG.format(a, b)}
    assert api.patch(f"{RESOURCES}/{name}", {"spec": {"resources": files}}).code == 200
    assert api.patch(f"{REVISIONS}/{name}", {"spec": {"lifecycle": "Proposed"}}).code == 200
    assert api.patch(f"{REVISIONS}/{name}/approval", {"spec": {"lifecycle": "Published"}}).code == 200


def prepare(api: Api) -> None:
    """A blueprint with two revisions, and an edited clone of the first."""
    assert make_one(api, "base", "v1", {"type": "init", "init": {}}) == 201
    publish(api, "work.base.v1", 1, 1)
    assert make_one(api, "base", "v2", {"type": "edit", "edit": {"sourceRef": {"name": "work.base.v1"}}}) == 201
    publish(api, "work.base.v2", 2, 1)
    clone = {"upstreamRef": {"upstreamRef": {"name": "work.base.v1"}}}
    assert make_one(api, "app", "v1", {"type": "clone", "clone": clone}) == 201
    publish(api, "work.app.v1", 1, 3)


@pytest.mark.parametrize(
    ("kind", "point"), [*itertools.product(["hosted", "remote"], ["intent-recorded", "pushed"]), ("hosted", "indexed")]
)
def test_a_revision_is_whole_or_not_there(make: Make, request: pytest.FixtureRequest, kind: str, point: str) -> None:
    scene = Crashing.registered(request, make, kind)
    porch, api, truth = scene.porch, scene.api, scene.truth
    prepare(api)
    for kind_of_task, (package, workspace, payload) in MADE.items():
        task, name = {"type": kind_of_task, kind_of_task: payload}, f"work.{package}.{workspace}"
        porch.end()
        api = porch.launch(fault=point)
        with pytest.raises(Lost):
            make_one(api, package, workspace, task)
        assert porch.died() == signal.SIGKILL
        api = porch.launch()
        if kind == "remote":
            synchronise(api, "work")
        assert (api.send("GET", f"{REVISIONS}/{name}").code == 200) == (point != "intent-recorded")
        if point == "intent-recorded":
            assert make_one(api, package, workspace, task) == 201
        text = api.do("GET", f"{RESOURCES}/{name}")["spec"]["resources"]["config.yaml"]
        assert all(line in text for line in WANTED[kind_of_task])
        blob = git("cat-file", "blob", f"drafts/{package}/{workspace}:{package}/config.yaml", cwd=truth)
        assert blob == text.strip()
