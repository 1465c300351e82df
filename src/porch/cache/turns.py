"""Group commit: whoever gets the turn does the work of all who wait.

While one push is on its way, requests for the same remote queue up; the first of them then sends what all of them want
in one push. Nobody waits for a timer, so a request that comes alone is not delayed.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar


class Job(Protocol):
    @property
    def done(self) -> bool: ...

    @property
    def size(self) -> int:
        """How much of a group's limit it takes."""
        ...


J = TypeVar("J", bound=Job)


class Turns(Generic[J]):
    def __init__(self, limit: int) -> None:
        """`limit` is the largest sum of sizes in one group; a job that is larger than that goes alone."""
        self._limit = limit
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._waiting: deque[J] = deque()

    def take(self, job: J, work: Callable[[Sequence[J]], None]) -> None:
        """Returns when `job` is done, by this thread or another. `work` must leave each of its jobs done."""
        with self._lock:
            self._waiting.append(job)
        while not job.done:
            with self._turn:
                if not job.done:
                    work(self._next())

    def _next(self) -> list[J]:
        with self._lock:
            group = [self._waiting.popleft()]
            size = group[0].size
            while self._waiting and size + self._waiting[0].size <= self._limit:
                group.append(self._waiting.popleft())
                size += group[-1].size
            return group
