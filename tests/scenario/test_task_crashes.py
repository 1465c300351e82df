"""The server dies between two steps of a clone, a copy or an upgrade: the draft is there, whole, or not at all.

Whole means: the very tree that the same request makes when nobody disturbs it, with its lock, its task and its labels.
"""

from __future__ import annotations

import itertools
import signal

import pytest

from tests.scenario.conftest import Make
from tests.scenario.crashing import Crashing
from tests.scenario.running import RESOURCES, REVISIONS, Json, Lost, revision
from tests.scenario.test_clones import clone_of, copy_of, upgrade
from tests.support.githttp import git

POINTS = ("planned", "intent-recorded", "pushed", "indexed")
TASKS: list[tuple[str, str, Json]] = [
    ("site/web", "v1", clone_of("work.base.v1")),
    ("base", "v3", copy_of("work.base.v1")),
    ("web", "v2", upgrade("work.base.v1", "work.base.v2", "work.web.v1")),
]
"""Package, workspace and task of what is made while the server dies."""
CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\ndata:\n  size: {}\n"


class Scene(Crashing):
    def create(self, package: str, workspace: str, task: Json) -> Json:
        body = revision("work", package, workspace, labels={"team": "core"})
        body["spec"]["tasks"] = [task]
        answer = self.api.send("POST", REVISIONS, body)
        assert answer.code == 201, answer.text
        return answer.json

    def publish(self, package: str, workspace: str, task: Json, **files: str) -> None:
        made = self.create(package, workspace, task)["metadata"]["name"]
        self.api.patch(f"{RESOURCES}/{made}", {"spec": {"resources": files}})
        for lifecycle, endpoint in (("Proposed", ""), ("Published", "/approval")):
            answer = self.api.patch(f"{REVISIONS}/{made}{endpoint}", {"spec": {"lifecycle": lifecycle}})
            assert answer.code == 200, answer.text

    def found(self, package: str, workspace: str, task: Json) -> str:
        """The package's tree, empty when there is no such draft. API and git agree on it."""
        ref = f"refs/heads/drafts/{package}/{workspace}"
        commit = git("for-each-ref", "--format=%(objectname)", ref, cwd=self.truth)
        name = f"work.{package.replace('/', '.')}.{workspace}"
        answer, files = self.api.send("GET", f"{REVISIONS}/{name}"), self.api.send("GET", f"{RESOURCES}/{name}")
        assert answer.code == files.code == (200 if commit else 404)
        if not commit:
            return ""
        obj = answer.json
        assert obj["metadata"]["labels"] == {"team": "core"}
        assert (obj["spec"]["tasks"], obj["spec"]["lifecycle"]) == ([task], "Draft")
        assert obj["status"]["selfLock"]["git"]["commit"] == commit
        assert bool(obj["status"]["upstreamLock"]) == (task["type"] != "edit")
        listed = git("ls-tree", "-r", "--name-only", f"{ref}:{package}", cwd=self.truth).splitlines()
        assert sorted(files.json["spec"]["resources"]) == sorted(listed)
        return git("rev-parse", f"{ref}:{package}", cwd=self.truth)


@pytest.fixture
def scene(request: pytest.FixtureRequest, make: Make, kind: str) -> Scene:
    """With the blueprint `base` in two revisions, and `web`, which was cloned from the first and changed."""
    made = Scene.registered(request, make, kind, "--sync-interval", "3600")
    made.publish("base", "v1", {"type": "init", "init": {}}, **{"c.yaml": CONFIG.format("small")})
    made.publish("base", "v2", copy_of("work.base.v1"), **{"c.yaml": CONFIG.format("large")})
    made.publish("web", "v1", clone_of("work.base.v1"), **{"own.yaml": CONFIG.format("mine")})
    return made


@pytest.mark.parametrize(
    ("kind", "point"),
    [*itertools.product(["hosted"], [*POINTS, "ref-moved"]), ("remote", "intent-recorded"), ("remote", "pushed")],
)
def test_a_task_that_the_server_dies_in_is_whole_or_nothing(scene: Scene, point: str) -> None:
    for wanted in TASKS:
        scene.again(point)
        with pytest.raises(Lost):
            scene.create(*wanted)
        assert scene.porch.died() == signal.SIGKILL
        scene.again("")
        tree = scene.found(*wanted)
        if not tree:
            assert point in {"planned", "intent-recorded"}, "what had begun is finished"
            scene.create(*wanted)
            tree = scene.found(*wanted)
        package, workspace, _ = wanted
        name = f"work.{package.replace('/', '.')}.{workspace}"
        assert scene.api.send("DELETE", f"{REVISIONS}/{name}").code == 200
        scene.create(*wanted)
        assert scene.found(*wanted) == tree, "the crash has changed the content"
    assert git("fsck", "--strict", "--full", "--no-dangling", cwd=scene.truth) == ""
