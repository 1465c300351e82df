"""Keeping a repository fast as it grows, and making it durable.

Loose objects and small packs are joined, refs are packed: by git itself, in a process of low priority, beside readers
and writers. Nothing unreachable is thrown away here, a draft may be about to need it; see collect for that.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from porch.repository.git.executable import GitFailed, run_git
from porch.repository.git.refs import clear_stale_locks

_SAMPLE_FOLDER = "17"  # objects are spread evenly over 256 folders; one tells of all
_LOOSE_IN_SAMPLE, _PACKS, _LOOSE_REFS = 8, 20, 500
_DEADLINE = 600.0
_LAST_SECONDS = 60.0  # all that is older was synced, or written by the kernel, before the power went
_NAME = 38


def upkeep(path: str, *, force: bool = False) -> bool:
    """Tidies the repository when it needs it, or when forced; whether it did. Failures leave it as it was, but for
    objects that cannot be read: the next time may succeed without them.
    """
    clear_stale_locks(path)
    packing_refs = force or _more_than(_LOOSE_REFS, _files(Path(path, "refs")))
    repacking = force or _needs_repack(path)
    clear_stale_locks(path)
    try:
        if packing_refs:
            _git(path, "pack-refs", "--all")
        if repacking:
            _git(path, "repack", "-d", "-l", "-q", "--geometric=2", "--write-midx")
    except GitFailed:
        _drop_torn(Path(path, "objects").glob("??/*"))
        return False
    return packing_refs or repacking


def _git(path: str, *arguments: str) -> None:
    command = ["-c", "pack.threads=1", "-c", "core.fsync=pack,pack-metadata,reference", *arguments]
    run_git(command, cwd=path, deadline=_DEADLINE, nice=True)


def drop_newest_torn(paths: Sequence[str]) -> None:
    """Drops what a power cut tore, among the objects that were written last in these repositories: git would take them
    for whole when somebody pushes the same again.
    """
    folders = [entry for path in paths for entry in os.scandir(f"{path}/objects") if len(entry.name) == 2]
    times = {folder.path: folder.stat().st_mtime for folder in folders}
    since = max(times.values(), default=0.0) - _LAST_SECONDS
    for path, time in times.items():
        if time >= since:
            _drop_torn(file for file in Path(path).iterdir() if file.stat().st_mtime >= since)


def _drop_torn(objects: Iterable[Path]) -> None:
    """Loose objects that are empty or torn: git joins nothing beside them. Each is put away under a name that git
    ignores before it is deleted, for somebody may write it again just now.
    """
    for file in objects:
        if len(file.name) != _NAME:
            continue
        name = file.parent.name + file.name
        if _is_torn(file, name):
            aside = file.with_name(f"tmp_obj_{file.name}")
            file.rename(aside)
            if _is_torn(aside, name):
                aside.unlink()
            else:
                aside.rename(file)


def _is_torn(file: Path, name: str) -> bool:
    try:
        content = zlib.decompress(file.read_bytes())
    except zlib.error:
        return True
    except FileNotFoundError:
        return False
    return hashlib.sha1(content, usedforsecurity=False).hexdigest() != name


def is_crowded(path: str) -> bool:
    """Whether there are thousands of loose objects. One listing of a folder tells."""
    return _more_than(_LOOSE_IN_SAMPLE, _files(Path(path, "objects", _SAMPLE_FOLDER)))


def _needs_repack(path: str) -> bool:
    return is_crowded(path) or _more_than(_PACKS, Path(path, "objects", "pack").glob("*.pack"))


def _files(folder: Path) -> Iterator[Path]:
    return (Path(parent, name) for parent, _, names in os.walk(folder) for name in names)


def _more_than(limit: int, found: Iterator[Path]) -> bool:
    return any(index >= limit for index, _ in enumerate(found))


def sync_to_disk(path: str) -> None:
    """Everything written so far in this repository survives a power cut when this returns."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        syncfs = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
        if syncfs is None:
            os.sync()
        elif syncfs(descriptor):
            raise OSError(ctypes.get_errno(), "syncfs failed", path)
    finally:
        os.close(descriptor)
