"""Watches: how soon the last of a thousand hears of an event, whether 200 a second arrive, what dropping leaves."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import time
from pathlib import Path

from bench.measure import Figure, percentile
from bench.server import API, Client, Server
from bench.stored import Stored
from bench.watchers import Crowd

_NAMES = [f"repo-000.area-{number}.package-{number:04d}.ws-1" for number in range(10)]
_WRITERS = 5
_SETTLE_SECONDS = 2.0
_CYCLES_AT_ONCE = 20


def watches(stored: Stored, watchers: int = 1000, repeats: int = 40, seconds: float = 20.0) -> list[Figure]:
    import uvloop

    with (
        Server(stored.get(stored.sizes[0]).directory) as server,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        time.sleep(_SETTLE_SECONDS * 3)  # the synchronisations behind the start
        return runner.run(_watch(server, watchers, repeats, seconds))


async def _watch(server: Server, watchers: int, repeats: int, seconds: float) -> list[Figure]:
    client = server.client()
    crowd = Crowd(server.directory / "kubeconfig", _path(client))
    alone = server.memory()
    await crowd.gather(watchers)
    together = server.memory()
    found = [
        Figure(f"memory of {watchers} watches", together - alone, "MB"),
        *await _single_events(crowd, client, repeats),
        *await _many_events(crowd, server, seconds),
    ]
    await crowd.drop()
    return [*found, *await _cycles(server, watchers)]


def _path(client: Client) -> str:
    version = client.request("GET", f"{API}/packagerevisions?limit=1")["metadata"]["resourceVersion"]
    return f"{API}/packagerevisions?watch=true&resourceVersion={version}"


async def _single_events(crowd: Crowd, client: Client, repeats: int) -> list[Figure]:
    taken, loop = [], asyncio.get_running_loop()
    for number in range(repeats):
        seen = max(watch.events for watch in crowd.watches)
        started = time.perf_counter()
        await loop.run_in_executor(None, _label, client, _NAMES[0], number)
        taken.append(await crowd.until_each_has(seen + 1) - started)
    name = f"one event, from its request until the last of {len(crowd.watches)} has it"
    return [
        Figure(f"{name}, p50", percentile(taken, 0.5) * 1000, note=f"{repeats} events"),
        Figure(f"{name}, p99", percentile(taken, 0.99) * 1000, goal=300, note=f"{repeats} events"),
    ]


def _label(client: Client, name: str, number: int) -> None:
    status, answer = client.raw(
        "PATCH",
        f"{API}/packagerevisions/{name}",
        json.dumps({"metadata": {"labels": {"number": str(number)}}}).encode(),
        {"Content-Type": "application/merge-patch+json"},
    )
    assert status == 200, answer[:500]


async def _many_events(crowd: Crowd, server: Server, seconds: float, per_second: int = 200) -> list[Figure]:
    """Paced writers in processes of their own. Memory is compared once it is under way, and at the end."""
    before = max(watch.events for watch in crowd.watches)
    sent = multiprocessing.Value("i", 0)
    pause = _WRITERS / per_second
    writers = [
        multiprocessing.Process(
            target=_keep_labelling, args=(server.directory / "kubeconfig", name, pause, seconds, sent)
        )
        for name in _NAMES[:_WRITERS]
    ]
    for process in writers:
        process.start()
    await asyncio.sleep(seconds * 0.6)  # what is kept for slow watches is full by now
    under_way, most = server.memory(), 0.0
    while any(process.is_alive() for process in writers):
        most = max(most, server.memory())
        await asyncio.sleep(0.5)
    ended = time.perf_counter()
    lost = 0
    try:
        late = max(await crowd.until_each_has(before + sent.value) - ended, 0)
    except TimeoutError:
        late = time.perf_counter() - ended
        lost = sum(before + sent.value - watch.events for watch in crowd.watches)
    return [
        Figure("events written a second meanwhile", sent.value / seconds, "/s", per_second * 0.95, more_is_better=True),
        Figure("events lost", lost, "", goal=0),
        Figure("behind the last event, the last watch has it after", late * 1000),
        Figure("growth of memory under events", max(most, server.memory()) - under_way, "MB", goal=10),
    ]


def _keep_labelling(kubeconfig: Path, name: str, pause: float, seconds: float, sent: object) -> None:
    client = Client(kubeconfig)
    started = time.perf_counter()
    for number in range(int(seconds / pause)):
        time.sleep(max(started + number * pause - time.perf_counter(), 0))
        _label(client, name, number)
        with sent.get_lock():  # type: ignore[attr-defined]
            sent.value += 1  # type: ignore[attr-defined]


async def _cycles(server: Server, count: int) -> list[Figure]:
    """A watch that begins and is dropped, many times. The first quarter fills whatever stays filled."""
    crowd = Crowd(server.directory / "kubeconfig", _path(server.client()))

    async def cycle(times: int) -> float:
        for _ in range(times // _CYCLES_AT_ONCE):
            await crowd.gather(_CYCLES_AT_ONCE)
            await crowd.drop()
        await asyncio.sleep(_SETTLE_SECONDS)
        return server.memory()

    before = await cycle(count // 4)
    growth = await cycle(count) - before
    return [Figure(f"growth of memory by {count} watches that connected and dropped", growth, "MB", goal=5)]
