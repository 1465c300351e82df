"""What is measured. Each case gets a running server and returns figures with the goals of the project."""

from __future__ import annotations

import itertools
import json
import multiprocessing
import os
import time
from pathlib import Path

from bench.measure import Figure, figures, percentile, sample
from bench.server import API, Client, Server, register, revision

_numbers = itertools.count()
_BIG = 10 * 1000 * 1000
_NICENESS = 10
"""Of the load's processes: in use they run on other machines; here they should not take the server's cores."""


def starts(directory: Path) -> list[Figure]:
    """A first start makes certificates and the store; later ones only open them."""
    with Server(directory) as server:
        first = server.ready_after
        time.sleep(2)  # idle means that the start is over
        idle = server.memory()
    later = []
    for _ in range(5):
        with Server(directory) as server:
            later.append(server.ready_after)
    return [
        Figure("first start to ready", first * 1000, goal=2500),
        Figure("start to ready, p50", percentile(later, 0.5) * 1000, goal=1500, note="5 starts"),
        Figure("idle memory", idle, "MB", goal=120),
    ]


def creates(server: Server, count: int = 400) -> list[Figure]:
    """Init on a hosted repository, one client, each create durable before it is answered."""
    client = server.client()
    taken = sample(lambda: _create(client, "hosted"), count)
    return figures("create, hosted", taken, p50=10)


def _create(client: Client, repository: str) -> None:
    client.request("POST", f"{API}/packagerevisions", revision(repository, f"bench-{next(_numbers)}"))


def reads(server: Server, count: int = 2000) -> list[Figure]:
    client = server.client()
    path = f"{API}/packagerevisions/hosted.bench-0.v1"
    files = f"{API}/packagerevisionresources/hosted.bench-0.v1"
    page = f"{API}/packagerevisions?limit=500"
    client.raw("GET", path)
    return [
        *figures("GET packagerevision", sample(lambda: client.raw("GET", path), count), p50=1.5),
        *figures("GET packagerevisionresources", sample(lambda: client.raw("GET", files), count), p50=3),
        *figures("LIST page of 500", sample(lambda: client.raw("GET", page), 100), p50=15),
    ]


def loaded_reads(server: Server, seconds: float = 15.0) -> list[Figure]:
    """GET while four clients create and one saves a 10 MB package."""
    stop = multiprocessing.Event()
    kubeconfig = server.directory / "kubeconfig"
    created, saved = multiprocessing.Value("i", 0), multiprocessing.Value("i", 0)
    load = [multiprocessing.Process(target=_keep_creating, args=(kubeconfig, n, stop, created)) for n in range(4)]
    load.append(multiprocessing.Process(target=_keep_saving, args=(kubeconfig, stop, saved)))
    for process in load:
        process.start()
    client = server.client()
    path = f"{API}/packagerevisions/hosted.bench-0.v1"
    taken: list[float] = []
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        taken += sample(lambda: client.raw("GET", path), 10)
        time.sleep(0.01)
    stop.set()
    for process in load:
        process.join(60)
    return [
        *figures("GET beside 4 creating clients and a 10 MB save", taken, p99=10),
        Figure("creates meanwhile, 4 clients", created.value / seconds, "/s", more_is_better=True),
        Figure("10 MB saves meanwhile", saved.value / seconds, "/s", more_is_better=True),
    ]


def _keep_creating(kubeconfig: Path, number: int, stop: multiprocessing.synchronize.Event, count: object) -> None:
    os.nice(_NICENESS)
    client = Client(kubeconfig)
    body = json.dumps(revision("hosted", f"load-{number}-@")).encode()
    for index in itertools.count():
        if stop.is_set():
            return
        status, answer = client.raw("POST", f"{API}/packagerevisions", body.replace(b"@", b"%d" % index))
        assert status == 201, answer
        with count.get_lock():  # type: ignore[attr-defined]
            count.value += 1  # type: ignore[attr-defined]


def _keep_saving(kubeconfig: Path, stop: multiprocessing.synchronize.Event, count: object) -> None:
    os.nice(_NICENESS)
    client = Client(kubeconfig)
    client.request("POST", f"{API}/packagerevisions", revision("hosted", "big"))
    files = f"{API}/packagerevisionresources/hosted.big.v1"
    obj = client.request("GET", files)
    version, obj["metadata"]["resourceVersion"] = obj["metadata"]["resourceVersion"], "@version"
    obj["spec"]["resources"]["data.txt"] = "@number\n" + "line of text\n" * (_BIG // 13)
    body = json.dumps(obj).encode()  # once: the load must not be the client's own work
    for index in itertools.count():
        if stop.is_set():
            return
        sent = body.replace(b"@version", version.encode()).replace(b"@number", b"%d" % index)
        status, answer = client.raw("PUT", files, sent)
        assert status == 200, answer[:500]
        version = answer[:300].partition(b'"resourceVersion":"')[2].partition(b'"')[0].decode()
        with count.get_lock():  # type: ignore[attr-defined]
            count.value += 1  # type: ignore[attr-defined]


def prepare(server: Server) -> None:
    register(server.client(), "hosted", "hosted:///hosted")
