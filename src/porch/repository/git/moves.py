"""Compare-and-swap of several refs of a local repository.

Every ref is locked with git's own lock files, so that `git receive-pack` beside us waits or is refused; all old values
are checked before the first ref moves. Branches move first, then tags, deletions come last: whoever looks in between
sees a revision twice rather than never.
"""

from __future__ import annotations

import mmap
import time
from collections.abc import Sequence
from pathlib import Path

import pygit2

from porch.errors import Conflict
from porch.observe.faults import reach
from porch.repository.git.mirror import Mirror
from porch.repository.git.refnames import HEADS
from porch.store import RefMove

_PATIENCE = 2.0  # seconds; git holds a lock for milliseconds
_PAUSE = 0.002


def move_refs(mirror: Mirror, moves: Sequence[RefMove]) -> bool:
    """True when all refs moved, False when some may have. Raises Conflict when one had another value and none moved."""
    ordered = sorted(moves, key=_rank)
    deadline = time.monotonic() + _PATIENCE
    locks = []
    try:
        for move in ordered:
            locks.append(_lock(mirror, move, deadline))
            _check(mirror, move)
        for index, move in enumerate(ordered):
            if not _commit(mirror, move, locks[index], deadline):
                if index == 0 and mirror.ref(move.ref) != (move.new or None):
                    raise Conflict(f"failed to push to remote: cannot lock ref {move.ref!r}; try again")
                return False
            reach("ref-moved")
        return True
    finally:
        del locks  # frees what is still locked


def _rank(move: RefMove) -> tuple[bool, bool]:
    return (not move.new, not move.ref.startswith(HEADS))


def _lock(mirror: Mirror, move: RefMove, deadline: float) -> pygit2.ReferenceTransaction:
    while True:
        transaction = pygit2.ReferenceTransaction(mirror.handle())
        try:
            transaction.lock_ref(move.ref)
        except (pygit2.GitError, ValueError, OSError) as error:
            clash = clashing_ref(mirror, move.ref)
            if clash:
                raise _clash(move.ref, clash) from error
            if time.monotonic() > deadline:
                raise Conflict(f"failed to push to remote: cannot lock ref {move.ref!r}: {error}") from error
            time.sleep(_PAUSE)
        else:
            return transaction


def _check(mirror: Mirror, move: RefMove) -> None:
    """Under the lock: the old value, and that git can have the ref beside the others."""
    found = mirror.ref(move.ref) or ""
    if found != move.old:
        raise Conflict(
            f"failed to push to remote: ref {move.ref!r} has moved: "
            f"expected {move.old or 'none'}, found {found or 'none'}"
        )
    clash = clashing_ref(mirror, move.ref) if move.new and not move.old else None
    if clash:
        raise _clash(move.ref, clash)
    if move.old and move.new and move.ref.startswith(HEADS) and not mirror.descends(move.new, move.old):
        raise Conflict(f"failed to push to remote: non-fast-forward update: {move.ref}")


def _clash(ref: str, other: str) -> Conflict:
    return Conflict(f"failed to push to remote: cannot create ref {ref!r} beside ref {other!r}")


def _commit(mirror: Mirror, move: RefMove, transaction: pygit2.ReferenceTransaction, deadline: float) -> bool:
    """Deleting also rewrites the packed refs, whose lock somebody else may hold for a moment."""
    while True:
        try:
            if move.new:
                transaction.set_target(move.ref, pygit2.Oid(hex=move.new))
            else:
                transaction.remove(move.ref)
            transaction.commit()
        except (pygit2.GitError, KeyError, ValueError, OSError):
            if mirror.ref(move.ref) == (move.new or None):
                return True
            if time.monotonic() > deadline or mirror.ref(move.ref) != (move.old or None):
                return False
        else:
            return True
        time.sleep(_PAUSE)
        try:
            transaction = _lock(mirror, move, deadline)
        except Conflict:
            return False


def clashing_ref(mirror: Mirror, ref: str) -> str | None:
    """A ref that git cannot have beside `ref`: one above it or one below it."""
    segments = ref.split("/")
    above = ("/".join(segments[:count]) for count in range(3, len(segments)))
    clash = next((name for name in above if mirror.ref(name)), None)
    return clash or _loose_below(mirror.path, ref) or _packed_below(mirror.path, ref)


def _loose_below(path: str, ref: str) -> str | None:
    folder = Path(path, ref)
    if not folder.is_dir():
        return None
    files = (file for file in folder.rglob("*") if file.is_file() and file.suffix != ".lock")
    return next((str(file.relative_to(path)) for file in files), None)


def _packed_below(path: str, ref: str) -> str | None:
    try:
        with Path(path, "packed-refs").open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
            start = text.find(f" {ref}/".encode("utf-8", "surrogateescape"))
            if start < 0:
                return None
            end = text.find(b"\n", start)
            return text[start + 1 : end].decode("utf-8", "replace")
    except (FileNotFoundError, ValueError):  # ValueError: the file is empty
        return None
