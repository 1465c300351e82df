"""A thousand watches on one server: how soon the last one hears, whether all hear everything, and what they cost.

The watchers are one process with asyncio over TLS, which only counts lines: it shares the machine with the server.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from bench.measure import Figure, percentile
from bench.server import Access, Server, access

MAPS = "/api/v1/namespaces/default/configmaps"
_WATCHERS = 1000
_ROUNDS = 30
_RATE, _SECONDS = 200, 10
_CYCLES = 1000
_MARK = b'{"type":"'


def watches(server: Server) -> list[Figure]:
    """One event to all, a stream of events to all, and watches that come and go."""
    parent, child = multiprocessing.Pipe()
    process = multiprocessing.Process(target=_watch, args=(server.directory / "kubeconfig", child), daemon=True)
    process.start()
    assert parent.recv() == "watching"
    client = server.client()
    last: list[float] = []
    for number in range(_ROUNDS):
        started = time.monotonic()
        client.request("POST", MAPS, _config_map(f"one-{number}"))
        parent.send(1)
        last.append(parent.recv() - started)
    before = server.memory()
    started = time.monotonic()
    total = _RATE * _SECONDS
    for number in range(total):
        client.request("POST", MAPS, _config_map(f"many-{number}"))
        time.sleep(max(0.0, started + (number + 1) / _RATE - time.monotonic()))
    rate = total / (time.monotonic() - started)
    sent = time.monotonic()
    parent.send(total)
    behind = parent.recv() - sent
    growth = server.memory() - before
    parent.send(0)
    process.join(60)
    return [
        Figure(f"{_WATCHERS} watchers, one event, to the last, p50", percentile(last, 0.5) * 1000),
        Figure(f"{_WATCHERS} watchers, one event, to the last, p99", percentile(last, 0.99) * 1000, goal=300),
        Figure(f"{_WATCHERS} watchers, events per second, none lost", rate, "/s", more_is_better=True),
        Figure(f"{_WATCHERS} watchers, the last one behind after {_SECONDS} s of that", behind * 1000),
        Figure(f"{_WATCHERS} watchers, memory growth meanwhile", growth, "MB"),
        *_cycles(server),
    ]


def _config_map(name: str) -> dict[str, object]:
    return {"metadata": {"name": name}, "data": {"key": "value " * 40}}


def _cycles(server: Server) -> list[Figure]:
    asyncio.run(_come_and_go(server.directory / "kubeconfig", 200))  # what a first round leaves is no growth
    before = server.memory()
    asyncio.run(_come_and_go(server.directory / "kubeconfig", _CYCLES))
    return [Figure(f"{_CYCLES} watches that came and went, memory growth", server.memory() - before, "MB", goal=5)]


async def _come_and_go(kubeconfig: Path, count: int) -> None:
    to = access(kubeconfig)
    for _ in range(count // 20):
        opened = await asyncio.gather(*(_open(to, "") for _ in range(20)))
        for reader, writer in opened:
            await reader.readline()
            writer.transport.abort()


def _watch(kubeconfig: Path, pipe: Connection) -> None:
    asyncio.run(_watch_all(kubeconfig, pipe))


async def _watch_all(kubeconfig: Path, pipe: Connection) -> None:
    to = access(kubeconfig)
    counts = [0] * _WATCHERS
    tasks, writers = [], []  # a writer that nobody holds closes its connection
    for place in range(0, _WATCHERS, 50):
        opened = await asyncio.gather(*(_open(to, "&resourceVersion=0") for _ in range(50)))
        writers += [writer for _, writer in opened]
        tasks += [asyncio.create_task(_count(reader, counts, place + n)) for n, (reader, _) in enumerate(opened)]
    await asyncio.sleep(2)
    counts[:] = [0] * _WATCHERS
    pipe.send("watching")
    expected = 0
    while more := await asyncio.to_thread(pipe.recv):
        expected += more
        await _reached(lambda wanted=expected: min(counts) >= wanted)  # type: ignore[misc]
        pipe.send(time.monotonic())
    for task, writer in zip(tasks, writers, strict=True):
        task.cancel()
        writer.transport.abort()


async def _reached(condition: Callable[[], bool]) -> None:
    """Looks often: what it waits for is counted by other tasks, and a signal from each would cost more."""
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.002)


async def _count(reader: asyncio.StreamReader, counts: list[int], place: int) -> None:
    """A mark may come in two pieces."""
    kept = b""
    while chunk := await reader.read(262144):
        counts[place] += (kept + chunk).count(_MARK)
        kept = (kept + chunk)[1 - len(_MARK) :]


async def _open(to: Access, query: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection(to.host, to.port, ssl=to.tls, limit=1 << 20)
    writer.write(f"GET {MAPS}?watch=1{query} HTTP/1.1\r\nHost: {to.host}\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    assert b" 200 " in head, head
    return reader, writer
