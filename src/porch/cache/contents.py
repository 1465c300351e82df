"""Package content as the API shows it: the files of a tree, encoded once and kept by tree id.

A tree id names its content for ever, so nothing here is ever invalid; the cache is bounded by bytes.
"""

from __future__ import annotations

import base64
import threading
from collections import OrderedDict
from dataclasses import dataclass

import msgspec

from porch.cache.repository import CachedRepository
from porch.memory import need

_LIMIT_BYTES = 64 * 1024 * 1024
_ROOM = 3
"""So many times the size of the files is needed to encode them: msgspec ends the process when it gets no memory."""
SUBMODULE = 0o160000


@dataclass(frozen=True, slots=True)
class Content:
    """`text` and `binary` are JSON objects: path to text, path to base64. `binaries` are the paths of the latter."""

    text: bytes
    binary: bytes
    binaries: frozenset[str]

    @property
    def size(self) -> int:
        return len(self.text) + len(self.binary)


class Contents:
    """Bounded, shared by all threads."""

    def __init__(self, limit: int = _LIMIT_BYTES) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Content] = OrderedDict()
        self._bytes = 0

    def of(self, repository: CachedRepository, tree: str) -> Content:
        with self._lock:
            if (content := self._kept.get(tree)) is not None:
                self._kept.move_to_end(tree)
                return content
        content = _read(repository, tree)
        self._keep(tree, content)
        return content

    def _keep(self, tree: str, content: Content) -> None:
        with self._lock:
            if content.size > self._limit // 4 or tree in self._kept:
                return
            self._kept[tree] = content
            self._bytes += content.size
            while self._bytes > self._limit:
                _, dropped = self._kept.popitem(last=False)
                self._bytes -= dropped.size


def _read(repository: CachedRepository, tree: str) -> Content:
    entries = {path: entry for path, entry in repository.entries(tree).items() if entry.mode != SUBMODULE}
    blobs = repository.read_blobs([entry.blob for entry in entries.values()])
    text: dict[str, str] = {}
    binary: dict[str, str] = {}
    for path, data in zip(entries, blobs, strict=True):
        try:
            text[path] = data.decode("utf-8")
        except UnicodeDecodeError:
            binary[path] = base64.b64encode(data).decode()
    need(_ROOM * sum(map(len, blobs)))
    return Content(msgspec.json.encode(text), msgspec.json.encode(binary), frozenset(binary))
