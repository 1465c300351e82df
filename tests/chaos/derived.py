"""A package that is made from another one: cloned, customised, published, copied and upgraded, over and over.

Blueprints in two repositories have the same file in each of their revisions, with the number of the revision in it.
What is made from one must say the same number as its upstreamLock, and that must be a revision that was published; a
local edit in the same file must live through all upgrades; and what was published stays as it is under its name.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tests.chaos.subjects import State, Subject
from tests.scenario.running import RESOURCES, REVISIONS, Answer, Api, Json, revision

BLUEPRINTS = ("v1", "v2", "v3")
_BASE = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: base
data:
  version: "{}"
  between: lines
  another: one
  mine: nobody
"""
_VERSION, _MINE = re.compile(r'  version: "(.*)"'), re.compile("  mine: (.*)")
_REMEMBERED, _MOST = 3, 5
_MOVES = {
    "Draft": ("save", "save", "delete", "Proposed", "Proposed"),
    "Proposed": ("Draft", "Published", "Published", "Published"),
}
"""What may be done in each lifecycle; what is published is where the next one starts."""
Locks = Mapping[str, Json]
"""Of each blueprint its selfLock, by name."""


def publish_blueprints(api: Api, where: str) -> dict[str, Json]:
    """Three revisions of the package `base`; their locks."""
    locks = {}
    for number, workspace in enumerate(BLUEPRINTS):
        body = revision(where, "base", workspace)
        if number:
            body["spec"]["tasks"] = [_copy(f"{where}.base.v{number}")]
        name = api.do("POST", REVISIONS, body)["metadata"]["name"]
        files = {"base.yaml": _BASE.format(workspace)}
        assert api.patch(f"{RESOURCES}/{name}", {"spec": {"resources": files}}).code == 200
        assert api.patch(f"{REVISIONS}/{name}", {"spec": {"lifecycle": "Proposed"}}).code == 200
        done = api.patch(f"{REVISIONS}/{name}/approval", {"spec": {"lifecycle": "Published"}})
        locks[name] = done.json["status"]["selfLock"]["git"]
    return locks


def _copy(name: str) -> Json:
    return {"type": "edit", "edit": {"sourceRef": {"name": name}}}


@dataclass
class Derived(Subject):
    """`address` is the URL of the repository `there`, for clones that name no blueprint. `published` has the states of
    the newest ones of its package.
    """

    where: str
    package: str
    locks: Locks
    address: str
    states: list[State | None] = field(default_factory=lambda: [None])
    published: dict[str, State] = field(default_factory=dict)
    number: int = 0

    def __post_init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        """The next revision; the first of a new package when this one has many."""
        self.number += 1
        if self.number % _MOST == 1:
            self.current, self.published = f"{self.package}-{self.number // _MOST}", {}
        self.workspace = f"v{self.number}"
        self.name = f"{self.where}.{self.current}.{self.workspace}"
        self.path = f"{REVISIONS}/{self.name}"
        self.states = [None]

    def write(self, api: Api, chance: random.Random, mark: str) -> tuple[str, State | None, Answer]:
        if self.state is not None and self.state.lifecycle == "Published":
            self.published[self.name] = self.state
            self._begin()
        state = self.state
        if state is None:
            task, becomes = self._task(chance)
            body = revision(self.where, self.current, self.workspace, labels={"mark": mark})
            body["spec"]["tasks"] = [task]
            return self._send(api, "POST", REVISIONS, body, replace(becomes, label=mark, lifecycle="Draft"))
        kind = chance.choice(_MOVES[state.lifecycle])
        if kind == "save":
            return self._save(api, state, mark)
        if kind == "delete":
            return self._send(api, "DELETE", self.path, None, None)
        path = f"{self.path}/approval" if state.lifecycle == "Proposed" else self.path
        return self._send(api, "PATCH", path, {"spec": {"lifecycle": kind}}, replace(state, lifecycle=kind))

    def _task(self, chance: random.Random) -> tuple[Json, State]:
        """What makes the next revision, and what it has then."""
        if not self.published:
            name = chance.choice(sorted(self.locks))
            return self._clone(name, by_address=chance.random() < 0.3), State(upstream=name, file="nobody")
        last, state = next(reversed(self.published.items()))
        if chance.random() < 0.4:
            return _copy(last), state
        new = chance.choice([name for name in sorted(self.locks) if name != state.upstream])
        refs = {"oldUpstreamRef": state.upstream, "newUpstreamRef": new, "localPackageRevisionRef": last}
        named: Json = {key: {"name": name} for key, name in refs.items()}
        return {"type": "upgrade", "upgrade": named}, replace(state, upstream=new)

    def _clone(self, name: str, *, by_address: bool) -> Json:
        ref: Json = {"upstreamRef": {"name": name}}
        if by_address and name.startswith("there."):
            ref = {"type": "git", "git": {"repo": self.address, "ref": self.locks[name]["ref"], "directory": "base"}}
        return {"type": "clone", "clone": {"upstreamRef": ref}}

    def _save(self, api: Api, state: State, mark: str) -> tuple[str, State | None, Answer]:
        path = f"{RESOURCES}/{self.name}"
        read = api.send("GET", path)
        if read.code != 200:
            return f"GET {path}", state, read
        text = _MINE.sub(f"  mine: {mark}", read.json["spec"]["resources"]["base.yaml"])
        files = {"base.yaml": text, "note.txt": f"{mark}\n"}
        return self._send(api, "PATCH", path, {"spec": {"resources": files}}, replace(state, file=mark))

    def observe(self, api: Api) -> State | None:
        for name, state in [*self.published.items()][-_REMEMBERED:]:
            found = self._observe(api, name)
            assert found == state, f"{name} is {found}, was published as {state}"
        return self._observe(api, self.name)

    def _observe(self, api: Api, name: str) -> State | None:
        found, files = api.send("GET", f"{REVISIONS}/{name}"), api.send("GET", f"{RESOURCES}/{name}")
        assert found.code == files.code, (name, found.code, files.code)
        if found.code == 404:
            return None
        assert found.code == 200, found.text
        contents = files.json["spec"]["resources"]
        mine = _only(_MINE, contents["base.yaml"])
        assert contents.get("note.txt", "nobody\n").strip() == mine, f"{name} mixes two saves"
        obj = found.json
        upstream = self._upstream(obj["status"]["upstreamLock"]["git"])
        assert upstream.endswith(f".{_only(_VERSION, contents['base.yaml'])}"), f"{name} is not what its lock says"
        return State(
            label=obj["metadata"].get("labels", {}).get("mark", ""),
            file=mine,
            lifecycle=obj["spec"]["lifecycle"],
            upstream=upstream,
        )

    def _upstream(self, lock: Json) -> str:
        """Which published revision a lock names. The address of a hosted repository changes with each start."""
        where, keys = "there" if lock["repo"] == self.address else "here", ("commit", "ref", "directory")
        candidates = {name: one for name, one in self.locks.items() if name.startswith(f"{where}.")}
        found = [name for name, one in candidates.items() if all(one[key] == lock[key] for key in keys)]
        assert found, f"{self.name}: its upstreamLock {lock} is nothing that was published"
        return found[0]


def _only(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.findall(text)
    assert len(found) == 1, text
    return str(found[0])
