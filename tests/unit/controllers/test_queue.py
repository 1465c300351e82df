"""Keys are worked on one at a time each, again when it failed, and never twice for being added twice."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Coroutine

import structlog

from porch.controllers.queue import WorkQueue
from porch.errors import ServiceUnavailable

SECONDS = 10.0


def run(work: Callable[[str], None], drive: Callable[[WorkQueue[str]], Coroutine[None, None, None]]) -> None:
    async def main() -> None:
        queue = WorkQueue("test", work, 2)
        running = asyncio.create_task(queue.run())
        async with asyncio.timeout(SECONDS):
            await drive(queue)
        running.cancel()

    with structlog.testing.capture_logs():
        asyncio.run(main())


def test_a_key_that_fails_comes_again_and_others_do_not_wait() -> None:
    done: Counter[str] = Counter()
    finished = threading.Event()

    def work(key: str) -> None:
        done[key] += 1
        if key == "bad" and done[key] < 3:
            raise ServiceUnavailable if done[key] == 1 else ZeroDivisionError
        if done["bad"] == 3 and done["good"]:
            finished.set()

    async def drive(queue: WorkQueue[str]) -> None:
        queue.add("bad")
        queue.add("good")
        await asyncio.to_thread(finished.wait, SECONDS)

    run(work, drive)
    assert done == {"bad": 3, "good": 1}


def test_a_key_that_is_added_while_it_is_worked_on_is_worked_on_once_more() -> None:
    entered, leave, second = threading.Event(), threading.Event(), threading.Event()
    at_once: list[str] = []
    most, times = 0, 0

    def work(key: str) -> None:
        nonlocal most, times
        times += 1
        at_once.append(key)
        most = max(most, len(at_once))
        if times == 1:
            entered.set()
            leave.wait(SECONDS)
        at_once.remove(key)
        if times == 2:
            second.set()

    async def drive(queue: WorkQueue[str]) -> None:
        queue.add("a")
        await asyncio.to_thread(entered.wait, SECONDS)
        for _ in range(5):
            queue.add("a")
        leave.set()
        await asyncio.to_thread(second.wait, SECONDS)

    run(work, drive)
    assert (times, most) == (2, 1)
