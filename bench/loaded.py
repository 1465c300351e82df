"""Reads while others write: GET beside four clients that create and one that saves 10 MB."""

from __future__ import annotations

import itertools
import json
import multiprocessing
import os
import time
from pathlib import Path

from bench.measure import Figure, figures, sample
from bench.server import API, Client, Server, register, revision
from bench.writes import create

_BIG = 10 * 1000 * 1000
_NICENESS = 10
"""Of the load's processes: in use they run on other machines; here they should not take the server's cores."""


def loaded_reads(server: Server, seconds: float = 15.0) -> list[Figure]:
    client = server.client()
    register(client, "hosted", "hosted:///hosted")
    path = f"{API}/packagerevisions/{create(client, 'hosted')}"
    stop = multiprocessing.Event()
    kubeconfig = server.directory / "kubeconfig"
    created, saved = multiprocessing.Value("i", 0), multiprocessing.Value("i", 0)
    load = [multiprocessing.Process(target=_keep_creating, args=(kubeconfig, n, stop, created)) for n in range(4)]
    load.append(multiprocessing.Process(target=_keep_saving, args=(kubeconfig, stop, saved)))
    for process in load:
        process.start()
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
        Figure("memory after that", server.memory(), "MB"),
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
