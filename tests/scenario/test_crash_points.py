"""The server dies between two steps of a write: afterwards the whole write is there, or nothing of it.

One package goes through a create, a save of its files, a change of metadata and Kptfile together, and a delete; the
server is killed at the same point of each, started again without help, and asked what it knows.
"""

from __future__ import annotations

import itertools
import signal
from collections.abc import Callable

import pytest

from tests.scenario.conftest import Make
from tests.scenario.crashing import Crashing
from tests.scenario.running import RESOURCES, REVISIONS, Json, Lost, revision, synchronise
from tests.support.githttp import git

NAME = "work.web.v1"
REF = "refs/heads/drafts/web/v1"
POINTS = ("planned", "intent-recorded", "pushed", "indexed")
OWNER = {"apiVersion": "example.com/v1", "kind": "Team", "name": "owner", "uid": "7d1f1f1e-0000-4000-8000-000000000001"}
META: dict[str, Json] = {
    "labels": {"team": "core"},
    "annotations": {"note": "kept"},
    "finalizers": ["example.com/keep"],
    "ownerReferences": [OWNER],
}


class Scene(Crashing):
    def tip(self) -> str:
        return git("for-each-ref", "--format=%(objectname)", REF, cwd=self.truth)

    def shown(self) -> tuple[Json, Json]:
        """The revision and its files, None where there are none; what git has must be the same."""
        found, files = self.api.send("GET", f"{REVISIONS}/{NAME}"), self.api.send("GET", f"{RESOURCES}/{NAME}")
        assert found.code == files.code
        assert (NAME in self.api.names()) == (found.code == 200)
        if found.code != 200:
            assert (found.code, self.tip()) == (404, "")
            return None, None
        assert found.json["status"]["selfLock"]["git"]["commit"] == self.tip()
        assert sorted(git("ls-tree", "-r", "--name-only", f"{REF}:web", cwd=self.truth).splitlines()) == sorted(
            files.json["spec"]["resources"]
        )
        return found.json, files.json


@pytest.fixture
def scene(request: pytest.FixtureRequest, make: Make, kind: str, point: str) -> Scene:
    """A server that dies at `point` of its first write."""
    fault = "ref-moved:2" if point == "ref-moved" else point  # the first one makes the branch
    return Scene.registered(request, make, kind, fault=fault)


def create(scene: Scene) -> int:
    return scene.api.send("POST", REVISIONS, revision("work", "web", **META)).code


def save(scene: Scene) -> int:
    files = {"config.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c\n", "README.md": None}
    return scene.api.patch(f"{RESOURCES}/{NAME}", {"spec": {"resources": files}}).code


def edit(scene: Scene) -> int:
    change = {
        "metadata": {"labels": {"team": "edge", "more": "yes"}, "finalizers": []},
        "spec": {"packageMetadata": {"labels": {"kpt": "label"}}, "readinessGates": [{"conditionType": "tested"}]},
    }
    return scene.api.patch(f"{REVISIONS}/{NAME}", change).code


def delete(scene: Scene) -> int:
    return scene.api.send("DELETE", f"{REVISIONS}/{NAME}").code


def created(obj: Json, files: Json) -> bool:
    if obj is None:
        return False
    assert {key: obj["metadata"][key] for key in META} == META
    assert sorted(files["spec"]["resources"]) == ["Kptfile", "README.md", "package-context.yaml"]
    return True


def saved(obj: Json, files: Json) -> bool:
    assert {key: obj["metadata"][key] for key in META} == META
    before = sorted(files["spec"]["resources"]) == ["Kptfile", "README.md", "package-context.yaml"]
    after = sorted(files["spec"]["resources"]) == ["Kptfile", "config.yaml", "package-context.yaml"]
    assert before != after
    return after


def edited(obj: Json, files: Json) -> bool:
    meta, spec = obj["metadata"], obj["spec"]
    signs = {
        meta["labels"] == {"team": "edge", "more": "yes"},
        "finalizers" not in meta,
        spec.get("packageMetadata", {}).get("labels") == {"kpt": "label"},
        spec.get("readinessGates") == [{"conditionType": "tested"}],
        "kpt: label" in files["spec"]["resources"]["Kptfile"],
    }
    assert len(signs) == 1, "the write is half there"
    return True in signs


def deleted(obj: Json, _: Json) -> bool:
    return obj is None


WRITES: list[tuple[Callable[[Scene], int], Callable[[Json, Json], bool]]] = [
    (create, created),
    (save, saved),
    (edit, edited),
    (delete, deleted),
]


@pytest.mark.parametrize(("kind", "point"), [("hosted", "ref-moved"), *itertools.product(["hosted", "remote"], POINTS)])
def test_a_write_that_the_server_dies_in_is_whole_or_nothing(scene: Scene, point: str) -> None:
    """A write that was lost can be sent again at once, and the server dies in the next one."""
    lost = point in {"planned", "intent-recorded"}
    for write, is_done in WRITES:
        with pytest.raises(Lost):
            write(scene)
        assert scene.porch.died() == signal.SIGKILL
        scene.porch.launch(fault="" if write is delete else f"{point}:2" if lost else point)
        if scene.kind == "remote":
            synchronise(scene.api, "work")  # the start does not wait for remotes
        done = is_done(*scene.shown())
        # Redo records of a hosted repository may bring a branch back whose deletion was not finished.
        assert done != lost or (write is delete and scene.kind == "hosted" and point != "indexed")
        if not done:
            assert write(scene) in {200, 201}
            assert is_done(*scene.shown())
    assert scene.api.names() == []
