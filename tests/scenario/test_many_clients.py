"""Many clients change the lifecycles and files of the same few revisions at the same time, and somebody pushes beside.

Nobody can say how it ends; but whatever was acknowledged was so, no number is given twice, no tag moves, and what is
published is the very tree that was proposed.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.scenario.conftest import Make
from tests.scenario.running import RESOURCES, REVISIONS, Answer, Api, Json, register, revision, synchronise
from tests.scenario.test_clones import copy_of
from tests.support.githttp import GitHttp, git

CLIENTS, REQUESTS = 8, 25
PACKAGES = ("a", "b")
WORKSPACES = ("w1", "w2", "w3")
KINDS = ("make", "save", "propose", "approve", "reject", "mark", "delete")
WEIGHTS = (4, 4, 6, 5, 2, 3, 3)
TURNS = {
    "propose": ("", "Proposed"),
    "approve": ("/approval", "Published"),
    "reject": ("/approval", "Draft"),
    "mark": ("", "DeletionProposed"),
}
PROPOSED, PUBLISHED = "Proposed", "Published"


@dataclass
class Crowd:
    """`said` is every object that was in an answer that told of success."""

    api: Api
    truth: Path
    seed: int
    said: list[Json] = field(default_factory=list)
    codes: Counter[str] = field(default_factory=Counter)
    tags: dict[str, str] = field(default_factory=dict)
    ended: threading.Event = field(default_factory=threading.Event)

    def begin(self) -> None:
        """Each package is published once, and each workspace is a Draft of it."""
        for package in PACKAGES:
            self.api.do("POST", REVISIONS, revision("work", package, "w0"))
            for lifecycle, endpoint in ((PROPOSED, ""), (PUBLISHED, "/approval")):
                path = f"{REVISIONS}/work.{package}.w0{endpoint}"
                answer = self.api.patch(path, {"spec": {"lifecycle": lifecycle}})
                self.said.append(answer.json)
            for workspace in WORKSPACES:
                self.make(package, workspace)

    def make(self, package: str, workspace: str) -> Answer:
        body = revision("work", package, workspace)
        body["spec"]["tasks"] = [copy_of(f"work.{package}.w0")]
        return self.api.send("POST", REVISIONS, body)

    def work(self) -> None:
        with ThreadPoolExecutor(CLIENTS + 1) as pool:
            watching = pool.submit(self.watch_tags)
            clients = [pool.submit(self.client, number) for number in range(CLIENTS)]
            for client in clients:
                client.result()
            self.ended.set()
            watching.result()

    def client(self, number: int) -> None:
        chance = random.Random(f"{self.seed}/{number}")
        for step in range(REQUESTS):
            package, workspace = chance.choice(PACKAGES), chance.choice(WORKSPACES)
            answer = self.request(chance, package, workspace, f"{number}-{step}\n")
            self.codes[str(answer.code)] += 1
            assert answer.code in {200, 201, 403, 404, 409, 422}, answer.text
            if answer.code < 300 and answer.json["kind"] == "PackageRevision":
                self.said.append(answer.json)

    def request(self, chance: random.Random, package: str, workspace: str, text: str) -> Answer:
        path = f"{REVISIONS}/work.{package}.{workspace}"
        kind = chance.choices(KINDS, WEIGHTS)[0]
        if kind == "make":
            return self.make(package, workspace)
        if kind == "save":
            files = {"spec": {"resources": {"note.txt": text}}}
            return self.api.patch(f"{RESOURCES}/work.{package}.{workspace}", files)
        if kind == "delete":
            return self.api.send("DELETE", path)
        endpoint, lifecycle = TURNS[kind]
        return self.api.patch(path + endpoint, {"spec": {"lifecycle": lifecycle}})

    def watch_tags(self) -> None:
        """Looks at the repository all the time: no tag is ever another commit, nor a second revision's."""
        while not self.ended.is_set():
            self.look_at_tags()
        self.look_at_tags()

    def look_at_tags(self) -> None:
        lines = git("for-each-ref", "--format=%(refname) %(objectname)", "refs/tags", cwd=self.truth).splitlines()
        for ref, target in (line.split() for line in lines):
            assert self.tags.setdefault(ref, target) == target, f"{ref} has moved"

    def check(self) -> None:
        seen: dict[str, str] = {}
        on_branch = set(git("rev-list", "--first-parent", "main", cwd=self.truth).split())
        for obj in self.said:
            if obj["spec"].get("revision", 0) <= 0:
                continue
            lock = obj["status"]["selfLock"]["git"]
            assert lock["commit"] in on_branch, "it was acknowledged, and is not on the branch"
            assert seen.setdefault(lock["ref"], lock["commit"]) == lock["commit"], f"{lock['ref']} was given twice"
            assert self.tags.get(lock["ref"], lock["commit"]) == lock["commit"]
            assert lock["ref"].endswith(f"/v{obj['spec']['revision']}")
            assert self.tree(obj) == self.tree(self.last_proposal(obj)), f"{lock['ref']} is not what was proposed"
            proposal = git("rev-parse", f"{lock['commit']}^2", cwd=self.truth)
            assert git("rev-parse", f"{proposal}:{obj['spec']['packageName']}", cwd=self.truth) == self.tree(obj)
        items = {item["metadata"]["name"]: item for item in self.api.do("GET", REVISIONS)["items"]}
        synchronise(self.api, "work")
        after = self.api.do("GET", REVISIONS)["items"]
        assert {item["metadata"]["name"]: item for item in after} == items, "git shows something else"
        assert git("fsck", "--full", "--strict", "--no-dangling", cwd=self.truth) == ""

    def last_proposal(self, published: Json) -> Json:
        """The newest that was acknowledged before."""

        def version(obj: Json) -> int:
            return int(obj["metadata"]["resourceVersion"])

        name = published["metadata"]["name"]
        proposals = [
            obj for obj in self.said if obj["spec"]["lifecycle"] == PROPOSED and obj["metadata"]["name"] == name
        ]
        return max((obj for obj in proposals if version(obj) < version(published)), key=version)

    def tree(self, obj: Json) -> str:
        """The package in the commit that an answer named."""
        commit = obj["status"]["selfLock"]["git"]["commit"]
        return git("rev-parse", f"{commit}:{obj['spec']['packageName']}", cwd=self.truth)


@pytest.mark.parametrize(("kind", "seed"), [("hosted", 1), ("hosted", 2), ("remote", 3)])
def test_whatever_they_do_at_once_what_was_acknowledged_was_so(
    make: Make, remote: GitHttp, kind: str, seed: int
) -> None:
    porch = make("--sync-interval", "3600", "--remote-queue", "100")
    if kind == "hosted":
        register(porch.launch(), "work", "hosted:///work")
        truth = porch.hosted("default", "work")
    else:
        register(porch.launch(), "work", remote.create("work"))
        truth = remote.path("work")
    crowd = Crowd(porch.api, truth, seed)
    crowd.begin()
    crowd.work()
    crowd.check()
    assert len(crowd.tags) > len(PACKAGES), "nothing was published"
