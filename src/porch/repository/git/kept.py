"""Small objects that were read or written last, by the repository's path and their name.

A name stands for its content for ever, so nothing kept is ever wrong; an edit, a copy or an upgrade reads what the
request before it has written, and finds it here instead of in a file for each object.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

_OBJECT_BYTES = 8 * 1024
_LIMIT_BYTES = 4 * 1024 * 1024
_OVERHEAD = 300  # what Python needs around the content


class KeptObjects:
    """Bounded by bytes, shared by all threads of a process."""

    def __init__(self, limit: int = _LIMIT_BYTES) -> None:
        self._limit, self._bytes = limit, 0
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[str, str], tuple[str, bytes]] = OrderedDict()

    def get(self, path: str, name: str) -> tuple[str, bytes] | None:
        """Kind and content."""
        return self._kept.get((path, name))

    def keep(self, path: str, name: str, kind: str, data: bytes) -> None:
        key = (path, name)
        if len(data) > _OBJECT_BYTES or key in self._kept:
            return
        with self._lock:
            self._kept[key] = (kind, data)
            self._bytes += len(data) + _OVERHEAD
            while self._bytes > self._limit:
                _, (_, dropped) = self._kept.popitem(last=False)
                self._bytes -= len(dropped) + _OVERHEAD

    def forget(self, path: str) -> None:
        """All objects of this repository."""
        with self._lock:
            for key in [key for key in self._kept if key[0] == path]:
                _, dropped = self._kept.pop(key)
                self._bytes -= len(dropped) + _OVERHEAD
