"""Creating package revisions in a hosted repository: latency, rate, and where the processor's time goes."""

from __future__ import annotations

import json
import multiprocessing
import re
import time
from collections import Counter
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

from bench.measure import Figure, figures, sample
from bench.server import API, Client, Server, numbers, register, revision

_CPU = re.compile(r'^porch_step_cpu_seconds_total\{step="([^"]+)"\} (\S+)$', re.MULTILINE)
_PROCESS = re.compile(r"^process_cpu_seconds_total (\S+)$", re.MULTILINE)
_CLIENTS = 8
_WARM = 20


def creates(server: Server, count: int = 400) -> list[Figure]:
    """Init, each create durable before it is answered; first one client, then eight."""
    client = server.client()
    register(client, "hosted", "hosted:///hosted")
    for _ in range(_WARM):
        create(client, "hosted")
    before = server.cpu()
    taken = sample(lambda: create(client, "hosted"), count)
    spent = (server.cpu() - before) / count
    return [
        *figures("create, hosted", taken, p50=10, p99=40),
        Figure("processor time of a create", spent * 1000),
        Figure(f"creates, {_CLIENTS} clients", rate(server, _keep_creating), "/s", 150, more_is_better=True),
    ]


def rooms(directory: Path, count: int = 200) -> list[Figure]:
    """Where a create's processor time goes. On a server of its own, because counting takes time, too."""
    with Server(directory, environment={"PORCH_COUNT_CPU": "1"}) as server:
        client = server.client()
        register(client, "hosted", "hosted:///hosted")
        for _ in range(_WARM):
            create(client, "hosted")
        before = _cpu(client)
        for _ in range(count):
            create(client, "hosted")
        spent = _cpu(client) - before
    ordered = sorted(spent.items(), key=lambda item: -item[1])
    return [Figure(f"processor time of a create, {room}", seconds / count * 1000) for room, seconds in ordered]


def create(client: Client, repository: str) -> str:
    """Returns its name."""
    made = client.request("POST", f"{API}/packagerevisions", revision(repository, f"bench-{next(numbers)}"))
    return str(made["metadata"]["name"])


def _cpu(client: Client) -> Counter[str]:
    """Seconds by room so far. What happens outside of steps (HTTP, TLS, the store's writer) is `the rest`."""
    text = client.raw("GET", "/metrics")[1].decode()
    spent: Counter[str] = Counter()
    for step, seconds in _CPU.findall(text):
        spent[step.partition(".")[0]] += float(seconds)  # type: ignore[assignment]
    process = _PROCESS.search(text)
    assert process is not None, "the process collector is part of the metrics"
    spent["the rest"] = float(process[1]) - sum(spent.values())  # type: ignore[assignment]
    return spent


def rate(server: Server, work: object, seconds: float = 10.0) -> float:
    """How often a second eight client processes do something together."""
    stop, done = multiprocessing.Event(), multiprocessing.Value("q", 0)
    kubeconfig = server.directory / "kubeconfig"
    clients = [
        multiprocessing.Process(target=work, args=(kubeconfig, number, stop, done))  # type: ignore[arg-type]
        for number in range(_CLIENTS)
    ]
    for process in clients:
        process.start()
    while done.value < _CLIENTS:
        time.sleep(0.01)
    first, started = done.value, time.perf_counter()
    time.sleep(seconds)
    found = float(done.value - first) / (time.perf_counter() - started)
    stop.set()
    for process in clients:
        process.join(60)
    return found


def _keep_creating(
    kubeconfig: Path, number: int, stop: multiprocessing.synchronize.Event, done: Synchronized[int]
) -> None:
    client = Client(kubeconfig)
    body = json.dumps(revision("hosted", f"rate-{number}-@")).encode()
    index = 0
    while not stop.is_set():
        status, answer = client.raw("POST", f"{API}/packagerevisions", body.replace(b"@", b"%d" % index))
        assert status == 201, answer
        index += 1
        with done.get_lock():
            done.value += 1
