"""The threads that Repositories are worked on with: three bounded pools, so that waiting and working do not mix.

Asking a remote for its refs is waiting. Those that answered last time ask in one pool, those in doubt (new ones, and
those that failed) in another: however many of these are dead, they wait for each other only. Fetching and indexing is
work for the processor; it happens in a third pool, in the order in which remotes answered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from porch.workers import Threads

T = TypeVar("T")
_WORKING, _STEADY, _DOUBTFUL = 4, 8, 16


class Pools:
    def __init__(self, working: int = _WORKING, steady: int = _STEADY, doubtful: int = _DOUBTFUL) -> None:
        """How many threads each has; they are started when they are needed."""
        self._working = Threads(working, "sync")
        self._steady = Threads(steady, "ask")
        self._doubtful = Threads(doubtful, "ask-doubtful")
        self._settling = Threads(1, "settle")

    async def work(self, work: Callable[[], T]) -> T:
        return await _run(self._working, work)

    async def ask(self, work: Callable[[], T], *, doubtful: bool) -> T:
        return await _run(self._doubtful if doubtful else self._steady, work)

    async def settle(self, work: Callable[[], T]) -> T:
        """One thing after the other: intents wait for their remotes, and nobody waits for them."""
        return await _run(self._settling, work)

    def close(self) -> None:
        """What has not begun does not begin any more; what has is not waited for."""
        for pool in (self._working, self._steady, self._doubtful, self._settling):
            pool.shutdown(wait=False, cancel_futures=True)


async def _run(pool: Threads, work: Callable[[], T]) -> T:
    return await asyncio.get_running_loop().run_in_executor(pool, work)
