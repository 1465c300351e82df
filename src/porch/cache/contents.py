"""Package content as the API shows it: the files of a tree, encoded once and kept by tree id.

A tree id names its content for ever, so nothing here is ever invalid; the cache is bounded by bytes.
"""

from __future__ import annotations

import base64
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import msgspec

from porch.cache.repository import CachedRepository
from porch.memory import need
from porch.repository import Entry

_LIMIT_BYTES = 64 * 1024 * 1024
_PIECE = 3 * 128 * 1024  # divisible by three, or base64 would pad in the middle
_SUBMODULE = 0o160000
_ROOM = 3
"""So many times the size of the files is needed to encode them: msgspec ends the process when it gets no memory."""


def is_hidden(path: str, mode: int) -> bool:
    """Submodules and names that are no UTF-8 can be neither shown to clients nor sent by them."""
    return mode == _SUBMODULE or (not path.isascii() and any("\udc80" <= character <= "\udcff" for character in path))


@dataclass(frozen=True, slots=True)
class Content:
    """`text` and `binary` are JSON objects: path to text, path to base64. `binaries` are the paths of the latter."""

    text: bytes
    binary: bytes
    binaries: frozenset[str]

    @property
    def size(self) -> int:
        return len(self.text) + len(self.binary)

    @property
    def fields(self) -> tuple[bytes, ...]:
        """The fields of a spec that hold files, as JSON without the braces."""
        more = (b',"binaryResources":', self.binary) if self.binaries else ()
        return (b'"resources":', self.text, *more)


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

    def fields(self, repository: CachedRepository, tree: str) -> Iterable[bytes]:
        """The fields of a spec that hold files, as JSON without the braces. What is too large to be kept is read while
        it is taken; its errors come then.
        """
        with self._lock:
            content = self._kept.get(tree)
        entries = repository.entries(tree) if content is None else {}
        if sum(entry.size for entry in entries.values()) > self._limit // 4:
            return _streamed(repository, entries)
        return self.of(repository, tree).fields

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
    text: dict[str, str] = {}
    binary: dict[str, str] = {}
    entries = repository.entries(tree)
    for path, data in _files(repository, entries):
        try:
            text[path] = data.decode("utf-8")
        except UnicodeDecodeError:
            binary[path] = base64.b64encode(data).decode()
    need(_ROOM * sum(entry.size for entry in entries.values()))
    return Content(msgspec.json.encode(text), msgspec.json.encode(binary), frozenset(binary))


def _files(repository: CachedRepository, entries: Mapping[str, Entry]) -> Iterator[tuple[str, bytes]]:
    """One after the other."""
    blobs = {path: entry.blob for path, entry in entries.items() if not is_hidden(path, entry.mode)}
    return zip(blobs, repository.each_blob(list(blobs.values())), strict=True)


def _streamed(repository: CachedRepository, entries: Mapping[str, Entry]) -> Iterator[bytes]:
    """The fields of a Content in pieces. Binaries, which come last, wait in a file and not in memory."""
    with tempfile.TemporaryFile() as binaries:
        yield b'"resources":{'
        comma = b""
        for path, data in _files(repository, entries):
            need(_ROOM * len(data))
            key = msgspec.json.encode(path) + b":"
            try:
                yield comma + key + msgspec.json.encode(data.decode("utf-8"))
                comma = b","
            except UnicodeDecodeError:
                binaries.write(b"," if binaries.tell() else b"")
                binaries.write(key)
                binaries.writelines(_base64(data))
        yield b"}"
        if binaries.tell():
            binaries.seek(0)
            yield b',"binaryResources":{'
            yield from iter(partial(binaries.read, _PIECE), b"")
            yield b"}"


def _base64(data: bytes) -> Iterator[bytes]:
    """As a JSON string, in pieces: encoding a large file in one go would hold the interpreter."""
    yield b'"'
    for start in range(0, len(data), _PIECE):
        yield base64.b64encode(data[start : start + _PIECE])
    yield b'"'
