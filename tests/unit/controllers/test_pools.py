"""Remotes that do not answer hold up each other, and neither those that do nor the work."""

from __future__ import annotations

import asyncio
import threading
from functools import partial

from porch.controllers.pools import Pools

_SECONDS = 20.0


def test_those_in_doubt_leave_the_steady_and_the_work_alone() -> None:
    async def scene() -> list[str]:
        pools, silent = Pools(working=1, steady=1, doubtful=2), threading.Event()
        try:
            waiting = [asyncio.ensure_future(pools.ask(lambda: silent.wait(_SECONDS), doubtful=True)) for _ in range(5)]
            done = [
                await asyncio.wait_for(pools.ask(lambda: "asked", doubtful=False), _SECONDS),
                await asyncio.wait_for(pools.work(lambda: "worked"), _SECONDS),
                await asyncio.wait_for(pools.settle(lambda: "settled"), _SECONDS),
            ]
            assert not any(task.done() for task in waiting)
            silent.set()
            await asyncio.gather(*waiting)
            return done
        finally:
            silent.set()
            pools.close()

    assert asyncio.run(scene()) == ["asked", "worked", "settled"]


def test_work_is_bounded_and_done_in_order() -> None:
    busy, most, order = 0, 0, []
    guard = threading.Lock()

    def work(number: int) -> None:
        nonlocal busy, most
        with guard:
            busy += 1
            most = max(most, busy)
            order.append(number)
        with guard:
            busy -= 1

    async def scene() -> None:
        pools = Pools(working=2)
        try:
            await asyncio.gather(*(pools.work(partial(work, number)) for number in range(200)))
        finally:
            pools.close()

    asyncio.run(scene())
    assert most <= 2
    assert sorted(order) == list(range(200))


def test_what_waits_at_the_end_does_not_begin() -> None:
    begun: list[int] = []

    async def scene() -> None:
        pools, gate = Pools(working=1), threading.Event()
        loop, started = asyncio.get_running_loop(), asyncio.Event()

        def hold() -> None:
            loop.call_soon_threadsafe(started.set)
            gate.wait(_SECONDS)

        first = asyncio.ensure_future(pools.work(hold))
        await started.wait()
        later = [asyncio.ensure_future(pools.work(partial(begun.append, number))) for number in range(5)]
        await asyncio.sleep(0)
        pools.close()
        gate.set()
        await first
        await asyncio.gather(*later, return_exceptions=True)
        assert all(task.cancelled() for task in later)

    asyncio.run(scene())
    assert begun == []
