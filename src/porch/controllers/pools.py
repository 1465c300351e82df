"""The threads that Repositories are worked on with: bounded pools, so that waiting and working do not mix.

Asking a remote for its refs is waiting. Those that answered last time ask in one pool, those in doubt (new ones, and
those that failed) in another: however many of these are dead, they wait for each other only. So it is with fetching: a
remote may answer, and then be slow. Indexing is work for the processor; it happens in a pool of its own. Each
Repository has one thing to do at a time, and queues again for the next: a busy one is behind all others that wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from porch.workers import Threads

T = TypeVar("T")
_WORKING, _STEADY, _DOUBTFUL, _FETCHING = 4, 8, 16, 4


class Pools:
    def __init__(self, working: int = _WORKING, steady: int = _STEADY, doubtful: int = _DOUBTFUL) -> None:
        """How many threads each has; they are started when they are needed."""
        self._working = Threads(working, "sync")
        self._steady = Threads(steady, "ask")
        self._doubtful = Threads(doubtful, "ask-doubtful")
        self._fetching = Threads(_FETCHING, "fetch")
        self._slow = Threads(_FETCHING, "fetch-doubtful")
        self._settling = Threads(1, "settle")

    async def work(self, work: Callable[[], T]) -> T:
        return await _run(self._working, work)

    async def ask(self, work: Callable[[], T], *, doubtful: bool) -> T:
        return await _run(self._doubtful if doubtful else self._steady, work)

    async def fetch(self, work: Callable[[], T], *, doubtful: bool) -> T:
        return await _run(self._slow if doubtful else self._fetching, work)

    async def settle(self, work: Callable[[], T]) -> T:
        """One thing after the other: intents wait for their remotes, and nobody waits for them."""
        return await _run(self._settling, work)

    def close(self) -> None:
        """What has not begun does not begin any more; what has is not waited for."""
        for pool in (self._working, self._steady, self._doubtful, self._fetching, self._slow, self._settling):
            pool.shutdown(wait=False, cancel_futures=True)


async def _run(pool: Threads, work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(pool, work)
