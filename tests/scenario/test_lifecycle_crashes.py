"""The server dies between two steps of a change of lifecycle: afterwards it was made, whole, or it was not."""

from __future__ import annotations

import itertools
import signal

import pytest

from tests.scenario.conftest import Make
from tests.scenario.crashing import Crashing
from tests.scenario.running import PACKAGES, REVISIONS, Answer, Json, Lost, revision
from tests.support.githttp import git

NAME = "work.web.v1"
POINTS = ("planned", "intent-recorded", "pushed", "indexed")
LIFE: list[tuple[str, bool, set[str]]] = [
    ("Proposed", False, {"refs/heads/proposed/web/v1"}),
    ("Draft", True, {"refs/heads/drafts/web/v1"}),
    ("Proposed", False, {"refs/heads/proposed/web/v1"}),
    ("Published", True, {"refs/tags/web/v1"}),
    ("DeletionProposed", False, {"refs/tags/web/v1", "refs/heads/deletionProposed/web/v1"}),
    ("Published", True, {"refs/tags/web/v1"}),
    ("DeletionProposed", False, {"refs/tags/web/v1", "refs/heads/deletionProposed/web/v1"}),
    ("", False, set()),
]
"""A lifecycle, whether it is asked for at the approval endpoint, and the refs that show it; the last is a deletion."""


class Scene(Crashing):
    def refs(self) -> set[str]:
        return set(git("for-each-ref", "--format=%(refname)", cwd=self.truth).split()) - {"refs/heads/main"}

    def shown(self) -> Json:
        """The revision; git and the index must agree on it, and on the package."""
        found = self.api.send("GET", f"{REVISIONS}/{NAME}")
        lifecycle = found.json["spec"]["lifecycle"] if found.code == 200 else ""
        assert self.refs() == next(refs for target, _, refs in LIFE if target == lifecycle) or lifecycle == "Draft"
        if lifecycle:
            lock = found.json["status"]["selfLock"]["git"]
            assert lock["commit"] == git("rev-parse", lock["ref"], cwd=self.truth)
            assert found.json["metadata"]["labels"]["team"] == "core"
        if lifecycle in {"Published", "DeletionProposed"}:
            assert found.json["spec"]["revision"] == 1
            on_branch = self.api.do("GET", f"{REVISIONS}/work.web.main")
            assert on_branch["status"]["selfLock"]["git"]["commit"] == git("rev-parse", "main", cwd=self.truth)
            assert self.api.do("GET", f"{PACKAGES}/packages/work.web")["status"]["latestRevision"] == 1
            assert found.json["metadata"]["labels"]["kpt.dev/latest-revision"] == "true"
        return lifecycle

    def write(self, target: str, *, approval: bool) -> Answer:
        path = f"{REVISIONS}/{NAME}"
        if not target:
            return self.api.send("DELETE", path)
        return self.api.patch(path + ("/approval" if approval else ""), {"spec": {"lifecycle": target}})


@pytest.fixture
def scene(request: pytest.FixtureRequest, make: Make, kind: str) -> Scene:
    made = Scene.registered(request, make, kind, "--sync-interval", "3600")
    made.api.do("POST", REVISIONS, revision("work", "web", labels={"team": "core"}))
    return made


@pytest.mark.parametrize(
    ("kind", "point"),
    [("hosted", "ref-moved"), ("hosted", "ref-moved:2"), *itertools.product(["hosted", "remote"], POINTS)],
)
def test_a_change_that_the_server_dies_in_is_whole_or_nothing(scene: Scene, point: str) -> None:
    before = "Draft"
    for target, approval, refs in LIFE:
        scene.again(point)
        try:
            assert scene.write(target, approval=approval).code == 200  # it moves fewer refs than the fault waits for
        except Lost:
            assert scene.porch.died() == signal.SIGKILL
        scene.again("")
        found = scene.shown()
        assert found in {before, target}
        if found != target:
            assert point in {"planned", "intent-recorded"}, "what had begun is finished"
            assert scene.write(target, approval=approval).code == 200
        assert scene.refs() == refs
        assert scene.shown() == target
        before = target
    assert git("rev-list", "--count", "--merges", "main", cwd=scene.truth) == "1", "published once"
    assert git("fsck", "--strict", "--full", "--no-dangling", cwd=scene.truth) == ""
