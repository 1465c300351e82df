"""A 50 MB package with binaries: saved, read back and compared, while somebody else does short GETs."""

from __future__ import annotations

import base64
import hashlib
import json
import multiprocessing
import os
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.measure import Figure, figures, percentile, sample
from bench.server import API, Client, Server, register, revision
from bench.writes import create

_MB = 1000 * 1000
_BINARIES, _BINARY_BYTES = 8, 5 * _MB
_TEXTS, _TEXT_BYTES = 100, 100 * 1000
_NICENESS = 10
"""Of the process that saves: in use it is another machine's."""
OPTIONS = ("--max-package-bytes", str(100 * _MB))


def big_package(server: Server, rounds: int = 4) -> list[Figure]:
    client = server.client()
    register(client, "hosted", "hosted:///hosted")
    path = f"{API}/packagerevisions/{create(client, 'hosted')}"
    client.request("POST", f"{API}/packagerevisions", revision("hosted", "big"))
    idle = server.memory()
    results: multiprocessing.Queue[list[float]] = multiprocessing.Queue()
    load = multiprocessing.Process(target=_round_trips, args=(server.directory / "kubeconfig", rounds, results))
    taken: list[float] = []
    with _most_memory(server) as peak:
        load.start()
        while load.is_alive():
            taken += sample(lambda: client.raw("GET", path), 10)
            time.sleep(0.01)
    assert load.exitcode == 0, "a round trip failed"
    seconds = results.get()
    return [
        Figure("50 MB package, extra memory of the server and its workers", peak.value - idle, "MB", goal=300),
        *figures("GET beside it", taken, p99=50),
        Figure("save of it, p50", percentile(seconds[::2], 0.5), "s"),
        Figure("GET of it, p50", percentile(seconds[1::2], 0.5), "s"),
        Figure("memory after that", server.memory(), "MB"),
    ]


def _files(number: int) -> tuple[dict[str, str], dict[str, str]]:
    """Texts and binaries; those of one number are always the same, those of another differ in every file."""
    chance = random.Random(number)
    line = "".join(chance.choices("abcdefgh \u00e4\u20ac", k=80)) + "\r\n"
    texts = {f"docs/{place}.txt": f"{number}.{place}\n" + line * (_TEXT_BYTES // 90) for place in range(_TEXTS)}
    blobs = {f"images/{place}.bin": b"\xff" + chance.randbytes(_BINARY_BYTES) for place in range(_BINARIES)}
    return texts, {path: base64.b64encode(data).decode() for path, data in blobs.items()}


def _round_trips(kubeconfig: Path, rounds: int, results: multiprocessing.Queue[list[float]]) -> None:
    """Seconds of each save and each GET behind it. Every file must come back byte for byte."""
    os.nice(_NICENESS)
    client = Client(kubeconfig)
    path = f"{API}/packagerevisionresources/hosted.big.v1"
    obj = client.request("GET", path)
    kptfile = {"Kptfile": obj["spec"]["resources"]["Kptfile"]}
    taken = []
    for number in range(rounds):
        texts, binaries = _files(number)
        obj["spec"] |= {"resources": texts | kptfile, "binaryResources": binaries}
        wanted = _digest(obj)
        body = json.dumps(obj, ensure_ascii=False).encode()
        for method, content in (("PUT", body), ("GET", None)):
            started = time.perf_counter()
            status, answer = client.raw(method, path, content)
            taken.append(time.perf_counter() - started)
            assert status == 200, answer[:500]
            obj = json.loads(answer)
            assert _digest(obj) == wanted
    results.put(taken)


def _digest(obj: dict[str, Any]) -> str:
    spec = obj["spec"]
    return hashlib.sha256(json.dumps([spec["resources"], spec["binaryResources"]], sort_keys=True).encode()).hexdigest()


@dataclass
class _Peak:
    value: float = 0.0
    over: threading.Event = field(default_factory=threading.Event)


@contextmanager
def _most_memory(server: Server) -> Iterator[_Peak]:
    peak = _Peak()

    def look() -> None:
        while not peak.over.wait(0.02):
            peak.value = max(peak.value, server.memory())

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield peak
    finally:
        peak.over.set()
        thread.join()
