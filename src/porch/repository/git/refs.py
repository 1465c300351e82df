"""Reading and writing the refs of a local repository, as git's files: loose ones and `packed-refs`.

libgit2 keeps a copy of `packed-refs` and reads it before the loose refs. Beside a `git pack-refs` it misses refs and
brings deleted ones back. So this follows git's own order: loose before packed when reading, the packed value goes first
when deleting, everything under git's lock files. One ref is found in `packed-refs` by halving, as git does: asking for
it costs the same beside a hundred refs and beside a million.
"""

from __future__ import annotations

import mmap
import os
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from prometheus_client import Counter

LISTED = Counter("porch_git_refs_listed_total", "Refs that were read because all of a repository were listed.")
_ID = re.compile(rb"[0-9a-f]{40}")
_FAMILIES = ("refs/heads", "refs/tags")
LOCK = ".lock"
_PACKED = "packed-refs"
_STALE_SECONDS = 60.0  # git holds a lock for milliseconds


def read_ref(path: str, name: str) -> str | None:
    """The id that a ref holds. Symbolic and broken refs count as absent."""
    try:
        content = Path(path, name).read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return _packed_ref(path, name)
    return content[:40].decode() if _ID.match(content) else None


def all_refs(path: str) -> dict[str, str]:
    """Branches and tags. Bytes of names that are not UTF-8 become surrogates."""
    loose = dict(_loose_refs(path))
    refs = {name: target for name, target in _packed_refs(path) if name.startswith(_FAMILIES)}
    for name, content in loose.items():
        if _ID.match(content):
            refs[name] = content[:40].decode()
        else:
            refs.pop(name, None)
    LISTED.inc(len(refs))
    return refs


def _loose_refs(path: str) -> Iterator[tuple[str, bytes]]:
    for family in _FAMILIES:
        for folder, _, files in os.walk(f"{path}/{family}"):
            for file in files:
                full = f"{folder}/{file}"
                if not file.endswith(LOCK):
                    try:
                        yield full[len(path) + 1 :], Path(full).read_bytes()
                    except FileNotFoundError:
                        continue  # packed or deleted a moment ago


def _packed_refs(path: str) -> Iterator[tuple[str, str]]:
    for line in packed_text(path).split(b"\n"):
        if _ID.match(line):
            yield line[41:].decode("utf-8", "surrogateescape"), line[:40].decode()


def packed_text(path: str) -> bytes:
    try:
        return Path(path, _PACKED).read_bytes()
    except FileNotFoundError:
        return b""


def _packed_ref(path: str, name: str) -> str | None:
    found = _find_packed(path, _encoded(name))
    return found[:40].decode() if found and found[41:] == _encoded(name) else None


def _find_packed(path: str, name: bytes) -> bytes | None:
    """The line of `packed-refs` with the first name that is not below this one in order, unless the file ends first."""
    try:
        with Path(path, _PACKED).open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
            start = _place(text, name)
            return text[start : _behind(text, start)].rstrip(b"\n") or None
    except (FileNotFoundError, ValueError):  # ValueError: the file is empty
        return None


def _place(text: mmap.mmap | bytes, name: bytes) -> int:
    """Where the line of this name is, or would be. A file that is not sorted, as old versions of git wrote it, is
    searched from end to end.
    """
    low = _behind(text, 0) if text[:1] == b"#" else 0
    if b" sorted" not in text[:low]:
        space = text.find(b" " + name + b"\n")
        space = space if space >= 40 else text.find(b" " + name)
        return space - 40 if space >= 40 else len(text)
    high = len(text)
    while low < high:
        start = _line_before((low + high) // 2, text, low)
        end = _behind(text, start)
        if text[start + 41 : end].rstrip(b"\n") >= name:
            high = start
        else:
            low = _behind(text, end) if text[end : end + 1] == b"^" else end
    return low


def _behind(text: mmap.mmap | bytes, start: int) -> int:
    """Where the line that starts here has ended."""
    return text.find(b"\n", start) + 1 or len(text)


def _line_before(position: int, text: mmap.mmap | bytes, low: int) -> int:
    """Where the ref's line begins in which `position` lies, or which the peeled id there belongs to."""
    start = max(text.rfind(b"\n", low, position) + 1, low)
    return start if text[start : start + 1] != b"^" else max(text.rfind(b"\n", low, start - 1) + 1, low)


def _encoded(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")


def clashing_ref(path: str, name: str) -> str | None:
    """A ref that git cannot have beside `name`: one above it or one below it."""
    segments = name.split("/")
    above = ("/".join(segments[:count]) for count in range(3, len(segments)))
    clash = next((parent for parent in above if read_ref(path, parent)), None)
    return clash or _loose_below(path, name) or _packed_below(path, name)


def _loose_below(path: str, name: str) -> str | None:
    for folder, _, files in os.walk(f"{path}/{name}"):
        for file in files:
            if not file.endswith(LOCK):
                return f"{folder}/{file}"[len(path) + 1 :]
    return None


def _packed_below(path: str, name: str) -> str | None:
    below = _encoded(name) + b"/"
    found = _find_packed(path, below)
    return found[41:].decode("utf-8", "replace") if found and found[41:].startswith(below) else None


def lock(path: str, name: str) -> int:
    """Takes git's lock on a ref, or on `packed-refs`: a descriptor to write the new value to.

    Raises FileExistsError when somebody has it, another OSError when a file or directory is in the way.
    """
    full = f"{path}/{name}{LOCK}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    try:
        return os.open(full, flags, 0o644)
    except FileNotFoundError:
        Path(full).parent.mkdir(parents=True, exist_ok=True)
        return os.open(full, flags, 0o644)


def unlock(path: str, name: str) -> None:
    Path(path, name + LOCK).unlink(missing_ok=True)


def write_locked(path: str, name: str, target: str) -> None:
    """Gives a locked ref its value, which also unlocks it."""
    Path(path, name + LOCK).write_bytes(target.encode() + b"\n")
    try:
        os.rename(f"{path}/{name}{LOCK}", f"{path}/{name}")  # noqa: PTH104 - this is on the path of every create
    except IsADirectoryError:
        _remove_empty(Path(path, name))
        Path(path, name + LOCK).rename(Path(path, name))


def _remove_empty(folder: Path) -> None:
    """Directories that deleted refs left behind; raises OSError when there is anything else."""
    for inner, _, _ in os.walk(folder, topdown=False):
        Path(inner).rmdir()


def delete_locked(path: str, name: str) -> None:
    """Deletes a locked ref and unlocks it. Raises FileExistsError when somebody has locked `packed-refs`.

    Its lock is held until the loose file is gone, else a `git pack-refs` that has read that would bring it back.
    """
    os.close(lock(path, _PACKED))
    try:
        if _packed_ref(path, name):
            _unpack(path, name)
        Path(path, name).unlink(missing_ok=True)
    finally:
        unlock(path, _PACKED)
    unlock(path, name)
    for parent in Path(name).parents[:-3]:
        try:
            Path(path, parent).rmdir()
        except OSError:
            return  # not empty


def _unpack(path: str, name: str) -> None:
    """Takes a ref, and the peeled id that may follow it, out of `packed-refs`."""
    text = packed_text(path)
    start = _place(text, _encoded(name))
    end = _behind(text, start)
    if text[end : end + 1] == b"^":
        end = _behind(text, end)
    LISTED.inc(text.count(b"\n"))
    fresh = Path(path, f"{_PACKED}.new")  # the name that git uses, too
    fresh.write_bytes(text[:start] + text[end:])
    fresh.rename(Path(path, _PACKED))


def clear_torn_refs(path: str) -> None:
    """Takes away refs of a mirror that a power cut left empty or torn, over which git stumbles; a fetch brings them."""
    for name, content in list(_loose_refs(path)):
        if not _ID.match(content) and not content.startswith(b"ref:"):
            Path(path, name).unlink(missing_ok=True)


def _locks(path: str) -> Iterator[Path]:
    """Directories may go while one looks: the last ref of a package takes its own along."""
    for folder, _, files in os.walk(f"{path}/refs"):
        yield from (Path(folder, file) for file in files if file.endswith(LOCK))


def clear_stale_locks(path: str, *, before: float = 0.0) -> None:
    """Takes away locks that processes left when they died: those that are older than any that git holds, or than the
    time `before`.
    """
    stale = max(time.time() - _STALE_SECONDS, before)
    for file in (Path(path, _PACKED + LOCK), *_locks(path)):
        with suppress(FileNotFoundError):
            if file.stat().st_mtime < stale:
                file.unlink()
