"""Work that is named by keys, done on threads: a key that is added twice is worked on once, and never twice at a time.

What a key's work raises has it done again later, ever later while it keeps failing. Keys may be added from any thread.
A queue belongs to the event loop that it was made on.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Hashable
from functools import partial
from typing import Generic, TypeVar

import structlog

from porch.errors import Conflict, PorchError
from porch.workers import Threads

K = TypeVar("K", bound=Hashable)
_log = structlog.get_logger("porch.controllers")
_RETRY_SECONDS = 0.1
_RETRY_MOST_SECONDS = 300.0


class WorkQueue(Generic[K]):
    def __init__(self, name: str, work: Callable[[K], None], threads: int) -> None:
        self._name, self._work, self._free = name, work, threads
        self._loop = asyncio.get_running_loop()
        self._threads = Threads(threads, name)
        self._waiting: dict[K, None] = {}
        self._worked_on: set[K] = set()
        self._failures: dict[K, int] = {}
        self._wake = asyncio.Event()

    def add(self, key: K, seconds: float = 0.0) -> None:
        """Has the key worked on, after some time if need be."""
        add = partial(self._loop.call_later, seconds, self._put, key) if seconds else partial(self._put, key)
        with contextlib.suppress(RuntimeError):  # the loop has ended, and nobody works here any more
            self._loop.call_soon_threadsafe(add)

    async def run(self) -> None:
        """Works until cancelled."""
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                for key in [key for key in self._waiting if key not in self._worked_on][: self._free]:
                    self._begin(key)
        finally:
            self._threads.shutdown(wait=False, cancel_futures=True)

    def _put(self, key: K) -> None:
        self._waiting[key] = None
        self._wake.set()

    def _begin(self, key: K) -> None:
        del self._waiting[key]
        self._worked_on.add(key)
        self._free -= 1
        self._loop.run_in_executor(self._threads, self._attempt, key).add_done_callback(partial(self._end, key))

    def _attempt(self, key: K) -> PorchError | None:
        try:
            self._work(key)
        except PorchError as error:
            return error
        except Exception as error:  # noqa: BLE001 - one broken object must not end the care for the others
            _log.exception("an error of ours", queue=self._name, key=str(key))
            return PorchError(type(error).__name__)
        return None

    def _end(self, key: K, done: asyncio.Future[PorchError | None]) -> None:
        self._worked_on.discard(key)
        self._free += 1
        self._wake.set()
        error = None if done.cancelled() else done.result()
        if error is None:
            self._failures.pop(key, None)
            return
        failures = self._failures[key] = self._failures.get(key, 0) + 1
        if failures == 1 and not isinstance(error, Conflict):
            _log.warning("not done yet", queue=self._name, key=str(key), reason=error.message)
        self.add(key, min(_RETRY_SECONDS * 2 ** min(failures - 1, 20), _RETRY_MOST_SECONDS))
