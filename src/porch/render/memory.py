"""What a worker process remembers between renders: parsed files, and what functions gave for an input.

Nodes are kept packed, because whoever gets them changes them.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Protocol

_PARSED_BYTES = 24 * 1024 * 1024
_TEXT_BYTES = 8 * 1024 * 1024
_STEP_BYTES = 16 * 1024 * 1024
_DIGEST = 32


class StepCache(Protocol):
    """Bytes by key. May forget anything at any time."""

    def get(self, key: str) -> bytes | None: ...

    def put(self, key: str, value: bytes) -> None: ...


class MemoryCache:
    """The values used last, up to so many bytes together. Safe to use from any thread."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._size = 0
        self._values: OrderedDict[str, bytes] = OrderedDict()

    def get(self, key: str) -> bytes | None:
        with self._lock:
            value = self._values.get(key)
            if value is not None:
                self._values.move_to_end(key)
            return value

    def put(self, key: str, value: bytes) -> None:
        if len(value) > self._most // 4:
            return
        with self._lock:
            self._size += len(value) - len(self._values.pop(key, b""))
            self._values[key] = value
            while self._size > self._most:
                self._size -= len(self._values.popitem(last=False)[1])


class DirectoryCache:
    """The values used last in the files of a directory, for processes that come and go. A torn or foreign file is a
    value that is not known.
    """

    def __init__(self, directory: Path, most: int) -> None:
        self._directory = directory
        self._most = most
        directory.mkdir(parents=True, exist_ok=True)

    def get(self, key: str) -> bytes | None:
        path = self._directory / key
        with contextlib.suppress(OSError):
            data = path.read_bytes()
            if data[:_DIGEST] == hashlib.sha256(data[_DIGEST:]).digest():
                os.utime(path)
                return data[_DIGEST:]
        return None

    def put(self, key: str, value: bytes) -> None:
        """A full disk loses the value, no more."""
        with contextlib.suppress(OSError):
            with tempfile.NamedTemporaryFile(dir=self._directory, prefix=".", delete=False) as file:
                file.write(hashlib.sha256(value).digest() + value)
            Path(file.name).replace(self._directory / key)
            self._make_room()

    def _make_room(self) -> None:
        found = sorted(
            (entry.stat().st_mtime, entry.stat().st_size, entry.path) for entry in os.scandir(self._directory)
        )
        size = sum(size for _, size, _ in found)
        for _, part, path in found:
            if size <= self._most:
                return
            Path(path).unlink(missing_ok=True)
            size -= part


def content_key(*parts: bytes) -> str:
    """One name for all parts in this order."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return digest.hexdigest()


PARSED = MemoryCache(_PARSED_BYTES)
TEXTS = MemoryCache(_TEXT_BYTES)
STEPS = MemoryCache(_STEP_BYTES)
