"""The disk of the server is full at some step of some operation: 503, nothing half done, and all works after.

One life of a blueprint and its deployment goes through every operation. The fault strikes in another one of them each
time; that one is sent again, and the life goes on as if nothing had been.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import pytest

from tests.scenario.conftest import Make
from tests.scenario.running import REVISIONS, Answer, Api, Json, Porch, register, revision, synchronise
from tests.scenario.test_clones import clone_of, copy_of, upgrade
from tests.support.githttp import GitHttp, git

Wish = tuple[str, str, Json]
"""A revision, and what becomes of it: a lifecycle, a task that makes it as Draft, or None when it is deleted."""
LIFE: list[Wish] = [
    ("base", "v1", {"type": "init", "init": {}}),
    ("base", "v1", "Proposed"),
    ("base", "v1", "Published"),
    ("web", "v1", clone_of("work.base.v1")),
    ("web", "v1", "Proposed"),
    ("web", "v1", "Published"),
    ("base", "v2", copy_of("work.base.v1")),
    ("base", "v2", "Proposed"),
    ("base", "v2", "Draft"),
    ("base", "v2", "Proposed"),
    ("base", "v2", "Published"),
    ("web", "v2", upgrade("work.base.v1", "work.base.v2", "work.web.v1")),
    ("web", "v1", "DeletionProposed"),
    ("web", "v1", None),
    ("web", "v2", None),
]
SOON_SECONDS = 20.0
"""Before a remote that did not answer would be asked again."""
REFS = {"refs/heads/main", "refs/tags/base/v1", "refs/tags/base/v2"}


@dataclass
class Life:
    api: Api

    def send(self, package: str, workspace: str, wish: Json) -> Answer:
        path = f"{REVISIONS}/work.{package}.{workspace}"
        if wish is None:
            return self.api.send("DELETE", path)
        if isinstance(wish, str):
            approving = wish == "Published" or self.state(package, workspace) == ("Proposed", 0)
            return self.api.patch(path + ("/approval" if approving else ""), {"spec": {"lifecycle": wish}})
        body = revision("work", package, workspace, labels={"team": "core"})
        body["spec"]["tasks"] = [wish]
        return self.api.send("POST", REVISIONS, body)

    def state(self, package: str, workspace: str) -> tuple[str, int] | None:
        found = self.api.send("GET", f"{REVISIONS}/work.{package}.{workspace}")
        if found.code == 404:
            return None
        assert found.json["metadata"]["labels"]["team"] == "core"
        return found.json["spec"]["lifecycle"], found.json["spec"].get("revision", 0)

    def is_done(self, package: str, workspace: str, wish: Json) -> bool:
        found = self.state(package, workspace)
        return found is None if wish is None else found is not None and found[0] in {wish, "Draft"}

    def live(self) -> int:
        """How many requests met the full disk."""
        struck = 0
        for wish in LIFE:
            before = self.state(*wish[:2])
            answer = self.send(*wish)
            if answer.code == 503:
                struck += 1
                assert "disk is full" in answer.message or "failed" in answer.message, answer.message
                self.repeat(wish, before)
            else:
                assert answer.code in {200, 201}, (wish, answer.text)
        return struck

    def repeat(self, wish: Wish, before: tuple[str, int] | None) -> None:
        """It was done, or it was not; what had begun is finished by the repetition, which may then come too late."""
        found = self.state(*wish[:2])
        if found == before:
            answer = self.send(*wish)
            assert answer.code in {200, 201, 404, 409}, answer.text
            found = self.state(*wish[:2])
        target = None if wish[2] is None else wish[2] if isinstance(wish[2], str) else "Draft"
        assert (found[0] if found else None) == target


STRIKES = {
    "planned": (3, 12),
    "intent-recorded": (2, 4, 14),
    "pushed": (2, 3, 4, 12, 14),
    "indexed": (3, 12, 14),
    "ref-moved": (4, 5, 6, 8, 24, 28),
    "committing": (30, 33, 36, 42, 51),
}
"""The point, and at which passing there the disk is full."""


@pytest.mark.parametrize("fault", [f"{point}:{number}" for point, numbers in STRIKES.items() for number in numbers])
def test_a_full_disk_stops_one_operation_and_no_other(make: Make, fault: str) -> None:
    porch = make()
    register(porch.launch(f"{fault}:full"), "work", "hosted:///work")
    assert Life(porch.api).live() == 1
    is_as_it_should_be(porch)


def is_as_it_should_be(porch: Porch) -> None:
    truth = porch.hosted("default", "work")
    before = porch.api.names()
    assert before == ["work.base.main", "work.base.v1", "work.base.v2", "work.web.main"]
    assert set(git("for-each-ref", "--format=%(refname)", cwd=truth).split()) == REFS
    assert git("rev-list", "--count", "--merges", "main", cwd=truth) == "3", "each was published once"
    assert porch.again().names() == before
    git("fsck", "--full", "--strict", cwd=truth)


@pytest.mark.parametrize("point", ["planned:3", "intent-recorded:4", "pushed:11", "pushed:14", "indexed:14"])
def test_a_full_disk_beside_a_remote(make: Make, remote: GitHttp, point: str) -> None:
    porch = make("--sync-interval", "3600")
    register(porch.launch(f"{point}:full"), "work", remote.create("work"))
    assert Life(porch.api).live() == 1
    synchronise(porch.api, "work")
    assert porch.api.names() == ["work.base.main", "work.base.v1", "work.base.v2", "work.web.main"]
    assert set(git("for-each-ref", "--format=%(refname)", cwd=remote.path("work")).split()) == REFS


@pytest.mark.parametrize("passing", [24, 27, 28])
def test_a_repository_that_is_registered_while_the_disk_is_full_is_ready_soon_after(make: Make, passing: int) -> None:
    """These transactions are the Repository's own, and those that read it for the first time."""
    porch = make()
    started = time.monotonic()
    register(porch.launch(f"committing:{passing}:full"), "work", "hosted:///work")
    assert porch.api.send("POST", REVISIONS, revision("work", "web")).code == 201
    assert time.monotonic() - started < SOON_SECONDS
