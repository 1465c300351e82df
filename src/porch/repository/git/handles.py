"""Opened libgit2 repositories: each is lent to one thread at a time, and only a few wait for the next one.

A handle holds file descriptors and mapped packs, so there must not be one for each of hundreds of repositories in each
of many threads. There are as many as there are readers at one time, and beyond that the ones that were used last.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from pathlib import Path

import pygit2

from porch.errors import InternalError

_IDLE = 24
_TRIES, _PAUSE_SECONDS = 10, 0.01
_CACHED_BYTES = 16 * 1024 * 1024
"""Of objects that libgit2 keeps for all handles together; by itself it would take 256 MiB."""
pygit2.settings.cache_max_size(_CACHED_BYTES)


class Handles:
    """Shared by all threads of a process."""

    def __init__(self, idle: int = _IDLE) -> None:
        """`idle` is how many may wait to be used again."""
        self._most = idle
        self._lock = threading.Lock()
        self._idle: OrderedDict[str, list[pygit2.Repository]] = OrderedDict()
        self._count = 0

    def take(self, path: str) -> pygit2.Repository:
        """An idle one, or one that is opened now. Raises InternalError."""
        with self._lock:
            if waiting := self._idle.get(path):
                self._count -= 1
                return waiting.pop()
        return self.open(path)

    @staticmethod
    def open(path: str) -> pygit2.Repository:
        """One that knows what lies on disk now. Raises InternalError."""
        for _ in range(_TRIES):  # a copy that is being replaced by a sound one is away for a moment
            if Path(path).is_dir():
                break
            time.sleep(_PAUSE_SECONDS)
        try:
            return pygit2.Repository(path)
        except pygit2.GitError as error:
            raise InternalError(f"cannot open the local copy of the repository: {error}") from error

    def give_back(self, path: str, handle: pygit2.Repository) -> None:
        """Whoever is in doubt about a handle frees it instead."""
        with self._lock:
            self._idle.setdefault(path, []).append(handle)
            self._idle.move_to_end(path)
            self._count += 1
            while self._count > self._most:
                self._let_go_of_oldest()

    def forget(self, path: str) -> None:
        """Lets go of all that wait for this repository."""
        with self._lock:
            waiting = self._idle.pop(path, [])
            self._count -= len(waiting)
        for handle in waiting:
            handle.free()

    def _let_go_of_oldest(self) -> None:
        oldest = next(iter(self._idle))
        if self._idle[oldest]:
            self._idle[oldest].pop().free()  # its object goes with the next garbage collection, its files now
            self._count -= 1
        if not self._idle[oldest]:
            del self._idle[oldest]
