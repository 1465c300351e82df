"""Many repositories: a synchronisation in which nothing changed, and a start beside them."""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from tests.support.githttp import GitHttp

from bench.generate import Size, write_repository
from bench.measure import Figure, percentile, sample
from bench.server import API, CONFIG, Client, Server, repository

_SYNCED, _STARTED = 200, 115
_DEADLINE = 300.0
_PAUSE = 0.002  # seconds between two reads
_NICENESS = 10


def many(directory: Path) -> list[Figure]:
    root = directory / "remote"
    root.mkdir()
    write_repository(root / "model.git", Size(1, packages=2, revisions=5), seed=1)
    with GitHttp(root) as remote:
        found = _start(directory / "started", remote, root)
    return [*found, *_no_change(directory / "synced", root)]


def _register(client: Client, remote: GitHttp, root: Path, count: int) -> None:
    for number in range(count):
        (root / f"r{number}.git").unlink(missing_ok=True)
        (root / f"r{number}.git").symlink_to("model.git")
        client.request("POST", f"{CONFIG}/repositories", repository(f"r{number}", remote.url(f"r{number}")))
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
    """All 200 at once, because their specs were touched; reads meanwhile against reads at rest. The remote and the
    client that touches are in a process of their own: in use they run on other machines.
    """
    with Server(directory, "--sync-interval", "3600") as server:
        reader, path = server.client(), f"{API}/packagerevisions?limit=1"
        ours, theirs = multiprocessing.Pipe()
        load = multiprocessing.Process(target=_touch_all, args=(server.directory / "kubeconfig", root, theirs))
        load.start()
        ours.recv()
        idle = sample(lambda: reader.raw("GET", path), 500)
        ours.send("go")
        reads: list[float] = []
        while not ours.poll():
            reads += sample(lambda: reader.raw("GET", path), 1)
            time.sleep(_PAUSE)
        spent, touched = ours.recv()
        load.join()
    return [
        Figure(f"no-change synchronisation of {_SYNCED} repositories", spent, "s", goal=3),
        Figure("of that, touching their specs one by one", touched, "s"),
        Figure("reads meanwhile against idle, p99", percentile(reads, 0.99) / percentile(idle, 0.99), "x", goal=2),
    ]


def _touch_all(kubeconfig: Path, root: Path, pipe: Connection) -> None:
    os.nice(_NICENESS)
    client = Client(kubeconfig)
    with GitHttp(root) as remote:
        _register(client, remote, root, _SYNCED)
        pipe.send("registered")
        pipe.recv()
        started = time.perf_counter()
        wanted = {}
        for number in range(_SYNCED):
            body = client.request("GET", f"{CONFIG}/repositories/r{number}")
            body["spec"]["description"] = "touched"
            changed = client.request("PUT", f"{CONFIG}/repositories/r{number}", body)
            wanted[changed["metadata"]["name"]] = changed["metadata"]["generation"]
        touched = time.perf_counter() - started

        def is_synced(item: Any) -> bool:
            return bool(_condition(item).get("observedGeneration") == wanted[item["metadata"]["name"]])

        _wait(client, is_synced, _SYNCED)
        pipe.send((time.perf_counter() - started, touched))
