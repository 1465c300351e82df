"""The life of a package: edit, propose, approve, clone and upgrade a package of 20 files, hosted and over HTTP.

Over HTTP each step is compared with the bare push that it cannot do without: the very request that the server sent is
sent again, to a second repository that is in the same state, by a client that does nothing else.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from tests.support.githttp import GitHttp, git

from bench.measure import Figure, figures, percentile
from bench.server import API, Client, Server, numbers, register, revision

_FILES = 20
_ROUNDS, _PUSHED_ROUNDS, _CYCLES = 100, 30, 1000
_GOALS = {"update": 15.0, "propose": 8.0, "approve": 15.0, "copy": None, "clone": 20.0, "upgrade": 80.0}
_REVISIONS, _RESOURCES = f"{API}/packagerevisions", f"{API}/packagerevisionresources"


@dataclass
class Life:
    """One package after the other through all of its life in one repository; `taken` has the seconds of each step."""

    client: Client
    blueprints: str
    deployments: str
    after: Callable[[str], None] = lambda _: None
    taken: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def round(self) -> None:
        package = f"life-{next(numbers)}"
        first = self._fill(package)
        self.publish(first)
        task = {"type": "edit", "edit": {"sourceRef": {"name": first}}}
        second = self._make("copy", self.blueprints, package, "v2", task)
        self._edit(second, "1")
        self.publish(second)
        clone = {"type": "clone", "clone": {"upstreamRef": {"upstreamRef": {"name": first}}}}
        instance = self._make("clone", self.deployments, package, "v1", clone)
        self._edit(instance, "2")
        self.publish(instance)
        refs = {"oldUpstreamRef": first, "newUpstreamRef": second, "localPackageRevisionRef": instance}
        upgrade: dict[str, Any] = {key: {"name": name} for key, name in refs.items()}
        self._make("upgrade", self.deployments, package, "v2", {"type": "upgrade", "upgrade": upgrade})

    def _fill(self, package: str) -> str:
        name = self.create(revision(self.blueprints, package))
        current = self.client.request("GET", f"{_RESOURCES}/{name}")
        current["spec"]["resources"] |= dict(_contents())
        self.put(f"{_RESOURCES}/{name}", current)
        self.after("")
        return name

    def create(self, body: dict[str, Any]) -> str:
        name = str(self.client.request("POST", _REVISIONS, body)["metadata"]["name"])
        self.after("")
        return name

    def _make(self, step: str, repository: str, package: str, workspace: str, task: dict[str, Any]) -> str:
        body = revision(repository, package, workspace)
        body["spec"]["tasks"] = [task]
        made = self._timed(step, lambda: self.client.request("POST", _REVISIONS, body))
        return str(made["metadata"]["name"])

    def _edit(self, name: str, mark: str) -> None:
        """One of the files changes; all are sent."""
        current = self.client.request("GET", f"{_RESOURCES}/{name}")
        path = f"config-{mark}.yaml"
        current["spec"]["resources"][path] += f'  edited: "{mark}"\n'
        self._timed("update", lambda: self.put(f"{_RESOURCES}/{name}", current))

    def put(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        done: dict[str, Any] = self.client.request("PUT", path, body)
        return done

    def publish(self, name: str) -> None:
        for step, path, lifecycle in (
            ("propose", f"{_REVISIONS}/{name}", "Proposed"),
            ("approve", f"{_REVISIONS}/{name}/approval", "Published"),
        ):
            current = self.client.request("GET", f"{_REVISIONS}/{name}")
            current["spec"]["lifecycle"] = lifecycle
            self._timed(step, lambda path=path, body=current: self.put(path, body))  # type: ignore[misc]

    def _timed(self, step: str, work: Callable[[], Any]) -> Any:
        started = time.perf_counter()
        done = work()
        self.taken[step].append(time.perf_counter() - started)
        self.after(step)
        return done


def _contents() -> Iterator[tuple[str, str]]:
    for number in range(_FILES - 3):
        body = "".join(f"  key-{line}: value {line} of {number}\n" for line in range(20))
        yield (
            f"config-{number}.yaml",
            f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: config-{number}\ndata:\n{body}",
        )


def hosted(server: Server) -> list[Figure]:
    client = server.client()
    register(client, "blueprints", "hosted:///blueprints")
    register(client, "deployments", "hosted:///deployments")
    life = Life(client, "blueprints", "deployments")
    for _ in range(5):
        life.round()
    life.taken.clear()
    for _ in range(_ROUNDS):
        life.round()
    return [item for step, goal in _GOALS.items() for item in figures(f"{step}, hosted", life.taken[step], p50=goal)]


def cycles(server: Server) -> list[Figure]:
    """Create, edit, propose, approve, a thousand times; memory behind a hundred, and at the end."""
    client = server.client()
    register(client, "cycles", "hosted:///cycles")
    life = Life(client, "cycles", "cycles")
    taken = [_cycle(life) for _ in range(100)]
    before = server.memory()
    taken += [_cycle(life) for _ in range(_CYCLES)]
    return [
        *figures("cycle of create, edit, propose, approve", taken[100:], p50=60),
        Figure("the last 100 cycles against the first, medians", _drift(taken), "x", goal=1.5),
        Figure(f"growth of memory over {_CYCLES} cycles", server.memory() - before, "MB", goal=20),
    ]


def _cycle(life: Life) -> float:
    started = time.perf_counter()
    name = life.create(revision("cycles", f"cycle-{next(numbers)}"))
    current = life.client.request("GET", f"{_RESOURCES}/{name}")
    current["spec"]["resources"]["config.yaml"] = dict(_contents())["config-1.yaml"]
    life.put(f"{_RESOURCES}/{name}", current)
    life.publish(name)
    return time.perf_counter() - started


def _drift(taken: list[float]) -> float:
    return percentile(taken[-100:], 0.5) / percentile(taken[:100], 0.5)


def pushed(directory: Path) -> list[Figure]:
    """Each step over HTTP, and the same push again by a client that does nothing else."""
    root = directory / "remote"
    root.mkdir()
    with GitHttp(root) as remote, Server(directory / "data") as server:
        client = server.client()
        for name in ("blueprints", "deployments"):
            register(client, name, remote.create(name))
        twin = Twin(remote, ["blueprints", "deployments"])
        life = Life(client, "blueprints", "deployments", after=twin.repeat)
        for _ in range(_PUSHED_ROUNDS):
            life.round()
        twin.close()
    found = []
    for step in _GOALS:
        ratio = percentile(life.taken[step], 0.5) / percentile(twin.taken[step], 0.5)
        found += [
            *figures(f"{step}, over HTTP", life.taken[step]),
            Figure(f"{step} over the bare push, medians", ratio, "x", goal=1.5),
        ]
    return found


class Twin:
    """Does what the server's last push did, in repositories that are in the same state."""

    def __init__(self, remote: GitHttp, names: Sequence[str]) -> None:
        """The repositories `names` of the remote get a twin each, served alike."""
        for name in names:
            remote.create(f"twin-{name}")
            git("push", "--quiet", "--mirror", remote.url(f"twin-{name}"), cwd=remote.path(name))
        self._remote, self._http = remote, httpx2.Client(trust_env=False)
        self.taken: dict[str, list[float]] = defaultdict(list)

    def repeat(self, step: str) -> None:
        body = self._remote.last_push
        where = next(path for path in reversed(self._remote.requests) if path.endswith("/git-receive-pack"))
        url = self._remote.url(f"twin-{where.split('/')[1].removesuffix('.git')}") + "/git-receive-pack"
        headers = {"Content-Type": "application/x-git-receive-pack-request"}
        started = time.perf_counter()
        answer = self._http.post(url, content=body, headers=headers)
        self.taken[step].append(time.perf_counter() - started)
        assert b"unpack ok" in answer.content, answer.content

    def close(self) -> None:
        self._http.close()
