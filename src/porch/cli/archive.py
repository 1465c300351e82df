"""The file that `porch backup` writes: a tar archive whose last member lists all others with size and SHA-256.

Written and read as a stream, in little memory. What is read is believed only when the list is there and all of it is
right; names that would lead out of the directory are refused.
"""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

import msgspec

from porch.errors import BadRequest

_MANIFEST = "manifest.json"
_FORMAT = 1
_CHUNK = 1024 * 1024
_MOST_MANIFEST = 256 * 1024 * 1024


class Member(msgspec.Struct, frozen=True):
    size: int
    sha256: str


class Manifest(msgspec.Struct):
    """`version` is the newest resourceVersion in it."""

    format: int
    porch: str
    created: str
    version: int
    files: dict[str, Member]


class _Hashing(io.RawIOBase):
    """Reads from a file and hashes what passes."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.hash, self.size = file, hashlib.sha256(), 0

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(_CHUNK if size < 0 else size)
        self.hash.update(data)
        self.size += len(data)
        return data

    @property
    def member(self) -> Member:
        return Member(self.size, self.hash.hexdigest())


@dataclass(slots=True)
class ArchiveWriter:
    """Adds files to a tar archive."""

    tar: tarfile.TarFile
    files: dict[str, Member] = field(default_factory=dict)

    def add(self, name: str, path: Path) -> None:
        """Streams a file that nobody writes to."""
        with path.open("rb") as file:
            self._add(name, file, os.fstat(file.fileno()).st_size)

    def add_bytes(self, name: str, data: bytes) -> None:
        self._add(name, io.BytesIO(data), len(data))

    def _add(self, name: str, file: IO[bytes], size: int) -> None:
        info = tarfile.TarInfo(name)
        info.size, info.mode = size, 0o600
        hashing = _Hashing(file)
        self.tar.addfile(info, hashing)
        self.files[name] = hashing.member

    def finish(self, *, porch: str, created: str, version: int) -> None:
        manifest = Manifest(_FORMAT, porch, created, version, self.files)
        self.add_bytes(_MANIFEST, msgspec.json.format(msgspec.json.encode(manifest)))


def unpack(source: Path, directory: Path) -> Manifest:
    """Writes all files of an archive below `directory` and compares them with the list. Raises BadRequest."""
    found: dict[str, Member] = {}
    try:
        with tarfile.open(source, "r|") as tar:
            for info in tar:
                if info.name == _MANIFEST:
                    return _checked(source, tar.extractfile(info), found)
                found[info.name] = _extract(tar, info, directory)
    except (tarfile.TarError, EOFError) as error:
        raise BadRequest(f"{source} is no whole backup: {error}") from error
    except OSError as error:
        raise BadRequest(f"cannot restore {source}: {error.strerror or error}") from error
    raise BadRequest(f"{source} is no whole backup: its list of files is missing")


def _extract(tar: tarfile.TarFile, info: tarfile.TarInfo, directory: Path) -> Member:
    path = PurePosixPath(info.name)
    if not info.isfile() or path.is_absolute() or ".." in path.parts:
        raise BadRequest(f"{info.name!r} has no place in a backup")
    file = tar.extractfile(info)
    assert file is not None, "a regular file has content"
    target = directory / path
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    hashing = _Hashing(file)
    with open(target, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as out:
        while data := hashing.read():
            out.write(data)
    return hashing.member


def _checked(source: Path, file: IO[bytes] | None, found: dict[str, Member]) -> Manifest:
    try:
        manifest = msgspec.json.decode(file.read(_MOST_MANIFEST) if file else b"", type=Manifest)
    except msgspec.MsgspecError as error:
        raise BadRequest(f"{source} is no backup: its list of files cannot be read: {error}") from error
    if manifest.format != _FORMAT:
        raise BadRequest(f"{source} was made by another version of Porch ({manifest.porch}): restore it with that")
    for name in sorted(manifest.files.keys() | found.keys()):
        if manifest.files.get(name) != found.get(name):
            raise BadRequest(f"{source} is damaged: {name} is not what was backed up; take another backup")
    return manifest
