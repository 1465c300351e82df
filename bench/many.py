"""Many repositories: a synchronisation in which nothing changed, and a start beside them."""

from __future__ import annotations

import multiprocessing
import os
import re
import time
from collections.abc import Callable, Mapping
from multiprocessing.connection import Connection
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tests.support.githttp import GitHttp

from bench.generate import Size, write_repository
from bench.measure import Figure, percentile, sample
from bench.server import API, CONFIG, Client, Server, repository

_SYNCED, _STARTED = 200, 115
_DEADLINE = 300.0
_PAUSE = 0.002  # seconds between two reads
_POLL = 0.05
_NICENESS = 10
_WORDS = "what the forge knows"
_LOOKS = re.compile(r'^porch_synchronisations_total\{outcome="unchanged"\} (\S+)$', re.MULTILINE)


def many(directory: Path) -> list[Figure]:
    root = directory / "remote"
    root.mkdir()
    write_repository(root / "model.git", Size(1, packages=2, revisions=5), seed=1)
    with GitHttp(root) as remote:
        found = _start(directory / "started", remote, root)
    return [*found, *_no_change(directory / "synced", root)]


def _register(
    client: Client, remote: GitHttp, root: Path, count: int, annotations: Mapping[str, str] = MappingProxyType({})
) -> None:
    for number in range(count):
        (root / f"r{number}.git").unlink(missing_ok=True)
        (root / f"r{number}.git").symlink_to("model.git")
        body = repository(f"r{number}", remote.url(f"r{number}"))
        body["metadata"]["annotations"] = dict(annotations)
        client.request("POST", f"{CONFIG}/repositories", body)
    _wait(client, lambda item: bool(_condition(item).get("status") == "True"), count)


def _condition(item: Any) -> Any:
    conditions = item.get("status", {}).get("conditions", [])
    return next((found for found in conditions if found["type"] == "Ready"), {})


def _wait(client: Client, wanted: Callable[[Any], bool], count: int) -> None:
    deadline = time.monotonic() + _DEADLINE
    while time.monotonic() < deadline:
        items = client.request("GET", f"{CONFIG}/repositories")["items"]
        if sum(map(wanted, items)) >= count:
            return
        time.sleep(0.05)
    raise RuntimeError("the repositories are not synchronised")


def _start(directory: Path, remote: GitHttp, root: Path) -> list[Figure]:
    """115 repositories of ten revisions."""
    with Server(directory, "--sync-interval", "3600") as server:
        client = server.client()
        _register(client, remote, root, _STARTED)
        total = len(client.request("GET", f"{API}/packagerevisions")["items"])
    taken = []
    for _ in range(5):
        started = time.perf_counter()
        with Server(directory, "--sync-interval", "3600") as server:
            items = server.client().request("GET", f"{API}/packagerevisions")["items"]
            taken.append(time.perf_counter() - started)
            assert len(items) == total, f"{len(items)} of {total}"
            memory = server.memory()
    name = f"{_STARTED} repositories, {total} package revisions"
    return [
        Figure(f"start to first correct list, {name}, p50", percentile(taken, 0.5), "s", goal=1),
        Figure(f"memory then, {name}", memory, "MB", goal=250),
    ]


def _no_change(directory: Path, root: Path) -> list[Figure]:
    """All 200 at once, because a forge tells of pushes that changed nothing; reads meanwhile against reads at rest.
    Remotes and forge are in a process of their own: in use they run on other machines.
    """
    with Server(directory, "--sync-interval", "3600") as server:
        reader, path = server.client(), f"{API}/packagerevisions?limit=1"
        ours, theirs = multiprocessing.Pipe()
        load = multiprocessing.Process(target=_tell_all, args=(server.directory / "kubeconfig", root, theirs))
        load.start()
        ours.recv()
        idle = sample(lambda: reader.raw("GET", path), 500)
        ours.send("go")
        reads: list[float] = []
        while not ours.poll():
            reads += sample(lambda: reader.raw("GET", path), 1)
            time.sleep(_PAUSE)
        spent, told = ours.recv()
        load.join()
    return [
        Figure(f"no-change synchronisation of {_SYNCED} repositories", spent, "s", goal=3),
        Figure("of that, telling of them one by one", told, "s"),
        Figure("reads at rest, p99", percentile(idle, 0.99) * 1000),
        Figure("reads meanwhile, p50", percentile(reads, 0.5) * 1000),
        Figure("reads meanwhile against rest, p99", percentile(reads, 0.99) / percentile(idle, 0.99), "x", goal=2),
    ]


def _tell_all(kubeconfig: Path, root: Path, pipe: Connection) -> None:
    os.nice(_NICENESS)
    client = Client(kubeconfig)
    words = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "hook"}, "stringData": {"token": _WORDS}}
    client.request("POST", "/api/v1/namespaces/default/secrets", words)
    with GitHttp(root) as remote:
        _register(client, remote, root, _SYNCED, {"porch.kpt.dev/webhook-secret": "hook"})
        before = _unchanged(client)
        pipe.send("registered")
        pipe.recv()
        started = time.perf_counter()
        for number in range(_SYNCED):
            headers = {"X-Gitlab-Event": "Push Hook", "X-Gitlab-Token": _WORDS}
            status, answer = client.raw("POST", f"/webhooks/default/r{number}", b"{}", headers)
            assert status == 202, answer
        told = time.perf_counter() - started
        while _unchanged(client) < before + _SYNCED:
            time.sleep(_POLL)
        pipe.send((time.perf_counter() - started, told))


def _unchanged(client: Client) -> float:
    """How many looks at Repositories found nothing new so far."""
    text = client.get("/metrics").decode()
    found = _LOOKS.search(text)
    return float(found[1]) if found else 0.0
