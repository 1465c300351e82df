"""What a client works on, and what it may expect to find: the states that its object can be in.

One state while every write was answered; two after a write whose answer was lost, the one before and the one after.
Anything else is half a write, or a lost one. A state of None means that there is no such object.
"""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace

from tests.scenario.running import REPOSITORIES, RESOURCES, REVISIONS, Answer, Api, Json, repository, revision

MAPS = "/api/v1/namespaces/default/configmaps"


@dataclass(frozen=True)
class State:
    """`label` and `gate` change together in some writes, by one request. `lifecycle` is that of a package revision,
    `upstream` the blueprint that it is made from.
    """

    label: str = ""
    gate: str = ""
    file: str = ""
    lifecycle: str = ""
    upstream: str = ""


class Subject(ABC):
    def __init__(self, path: str) -> None:
        self.path = path
        self.states: list[State | None] = [None]

    @property
    def state(self) -> State | None:
        return self.states[-1]

    @abstractmethod
    def write(self, api: Api, chance: random.Random, mark: str) -> tuple[str, State | None, Answer]:
        """One write that leaves `mark`: what it was, the state behind it, the answer. Raises Lost, but first notes
        the state behind it in `states`.
        """

    @abstractmethod
    def observe(self, api: Api) -> State | None:
        """What the server says that it is."""

    def _send(
        self, api: Api, method: str, path: str, body: Json, becomes: State | None
    ) -> tuple[str, State | None, Answer]:
        self.states = [self.state, becomes]
        answer = api.patch(path, body) if method == "PATCH" else api.send(method, path, body)
        if answer.code < 300:
            self.states = [becomes]
        elif answer.code < 500:
            self.states = [self.states[0]]
        return f"{method} {path}", becomes, answer


_MOVES = {
    "Draft": ("save", "save", "edit", "label", "delete", "Proposed"),
    "Proposed": ("label", "delete", "Draft", "Published", "Published"),
    "Published": ("label", "DeletionProposed"),
    "DeletionProposed": ("label", "delete", "Published"),
}
"""What may be done to a package revision in each lifecycle: kinds of writes, and lifecycles that may follow."""


@dataclass
class Revision(Subject):
    """A package revision, hosted or remote. Once it was published its package stays: the next one has a new name."""

    where: str
    package: str
    states: list[State | None] = field(default_factory=lambda: [None])
    published: int = 0

    def __post_init__(self) -> None:
        self._name(self.package)

    def _name(self, package: str) -> None:
        self.current = package
        self.name = f"{self.where}.{package}.v1"
        self.path = f"{REVISIONS}/{self.name}"

    def write(self, api: Api, chance: random.Random, mark: str) -> tuple[str, State | None, Answer]:
        state = self.state
        if state is None:
            if self.published:
                self._name(f"{self.package}-{self.published}")
            body = revision(self.where, self.current, labels={"mark": mark})
            return self._send(api, "POST", REVISIONS, body, State(label=mark, lifecycle="Draft"))
        kind = chance.choice(_MOVES[state.lifecycle])
        if kind in _MOVES:
            return self._move(api, state, kind)
        if kind == "save":
            files = {"mark.txt": f"{mark}\n", "noise.txt": _noise(mark)}
            path = f"{RESOURCES}/{self.name}"
            return self._send(api, "PATCH", path, {"spec": {"resources": files}}, replace(state, file=mark))
        if kind == "delete":
            return self._send(api, "DELETE", self.path, None, None)
        body = {"metadata": {"labels": {"mark": mark}}}
        if kind == "edit":
            body["spec"] = {"readinessGates": [{"conditionType": mark}]}
            return self._send(api, "PATCH", self.path, body, replace(state, label=mark, gate=mark))
        return self._send(api, "PATCH", self.path, body, replace(state, label=mark))

    def _move(self, api: Api, state: State, lifecycle: str) -> tuple[str, State | None, Answer]:
        """A gate that is not met refuses the approval: then nothing changes."""
        approving = state.lifecycle == "Proposed"
        self.published += approving and lifecycle == "Published"
        path = f"{self.path}/approval" if approving else self.path
        return self._send(api, "PATCH", path, {"spec": {"lifecycle": lifecycle}}, replace(state, lifecycle=lifecycle))

    def observe(self, api: Api) -> State | None:
        found, files = api.send("GET", self.path), api.send("GET", f"{RESOURCES}/{self.name}")
        assert found.code == files.code, (self.path, found.code, files.code)
        if found.code == 404:
            return None
        assert found.code == 200, found.text
        gates = found.json["spec"].get("readinessGates") or [{"conditionType": ""}]
        contents = files.json["spec"]["resources"]
        file = contents.get("mark.txt", "").strip()
        assert contents.get("noise.txt", "") == (_noise(file) if file else ""), f"{self.path} mixes two saves"
        mark = found.json["metadata"].get("labels", {}).get("mark", "")
        return State(mark, gates[0]["conditionType"], file, found.json["spec"]["lifecycle"])


def _noise(mark: str) -> str:
    """A content that takes several sectors of a disk, so that it can be torn."""
    return random.Random(mark).randbytes(2000).hex() + "\n"


@dataclass
class Map(Subject):
    """An object that is stored as it is."""

    name: str
    states: list[State | None] = field(default_factory=lambda: [None])

    def __post_init__(self) -> None:
        self.path = f"{MAPS}/{self.name}"

    def write(self, api: Api, chance: random.Random, mark: str) -> tuple[str, State | None, Answer]:
        if self.state is None:
            return self._send(
                api, "POST", MAPS, {"metadata": {"name": self.name}, "data": {"mark": mark}}, State(label=mark)
            )
        if chance.random() < 0.3:
            return self._send(api, "DELETE", self.path, None, None)
        return self._send(api, "PATCH", self.path, {"data": {"mark": mark}}, State(label=mark))

    def observe(self, api: Api) -> State | None:
        found = api.send("GET", self.path)
        assert found.code in {200, 404}, found.text
        return State(label=found.json["data"]["mark"]) if found.code == 200 else None


@dataclass
class Registration(Subject):
    """A hosted Repository that is registered and unregistered. One that is on its way out counts as gone."""

    name: str
    states: list[State | None] = field(default_factory=lambda: [None])

    def __post_init__(self) -> None:
        self.path = f"{REPOSITORIES}/{self.name}"

    def write(self, api: Api, chance: random.Random, mark: str) -> tuple[str, State | None, Answer]:
        if self.state is None:
            return self._send(api, "POST", REPOSITORIES, repository(self.name, f"hosted:///{self.name}"), State())
        return self._send(api, "DELETE", self.path, None, None)

    def observe(self, api: Api) -> State | None:
        found = api.send("GET", self.path)
        assert found.code in {200, 404}, found.text
        return None if found.code == 404 or found.json["metadata"].get("deletionTimestamp") else State()
