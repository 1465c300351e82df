"""A lane is the way to one git remote: so many at a time, so many waiting, the rest turned away.

A remote that hangs fills its own lane and nothing else: whoever comes then is told to come back (429), and for a few
seconds after a failure to connect is told so at once instead of waiting for it again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakValueDictionary

from porch.errors import ServiceUnavailable, TooManyRequests

_REMEMBER_FAILURE_SECONDS = 3.0
_SLOW_SECONDS = 1.0


class Lane:
    def __init__(self, running: int, waiting: int) -> None:
        """`running` operations at a time, `waiting` more may queue."""
        self._running = threading.BoundedSemaphore(running)
        self._places = threading.BoundedSemaphore(running + waiting)
        self._failed: tuple[float, str] | None = None

    @contextmanager
    def enter(self, *, patient: bool = False) -> Iterator[None]:
        """Takes a place and runs one network operation. `patient` work (synchronisation) tries although it just failed.

        Raises TooManyRequests when the queue is full, ServiceUnavailable when somebody has just waited in vain. A
        remote that refuses at once costs nobody time, so it is asked again.
        """
        if not patient:
            self._refuse_while_down()
        with self.place(), self.run(patient=True):
            yield

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place in the queue, for whoever may wait for others before anything is sent. Raises TooManyRequests."""
        if not self._places.acquire(blocking=False):
            raise TooManyRequests("too many operations wait for this git remote", retry_after=5)
        try:
            yield
        finally:
            self._places.release()

    @contextmanager
    def run(self, *, patient: bool = False) -> Iterator[None]:
        """One network operation of somebody who has a place. Raises ServiceUnavailable as `enter` does."""
        if not patient:
            self._refuse_while_down()
        with self._running:
            started = time.monotonic()
            try:
                yield
            except ServiceUnavailable as error:
                if time.monotonic() - started > _SLOW_SECONDS:
                    self._failed = time.monotonic(), error.message
                raise
        self._failed = None

    def _refuse_while_down(self) -> None:
        failed = self._failed
        if failed is not None and time.monotonic() - failed[0] < _REMEMBER_FAILURE_SECONDS:
            raise ServiceUnavailable(failed[1])


class Lanes:
    """One lane for each location, as long as somebody needs it."""

    def __init__(self, running: int, waiting: int) -> None:
        self._sizes = running, waiting
        self._lock = threading.Lock()
        self._lanes: WeakValueDictionary[str, Lane] = WeakValueDictionary()

    def of(self, location: str) -> Lane:
        with self._lock:
            return self._lanes.setdefault(location, Lane(*self._sizes))
