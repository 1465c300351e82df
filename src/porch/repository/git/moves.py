"""Compare-and-swap of several refs of a local repository.

Every ref is locked with git's own lock files, so that `git receive-pack` beside us waits or is refused; all old values
are checked before the first ref moves. Branches move first, then tags, deletions come last: whoever looks in between
sees a revision twice rather than never.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence

from porch.errors import BadRequest, Conflict, exhausted
from porch.observe.faults import reach
from porch.repository.git import refs
from porch.repository.git.mirror import Mirror
from porch.repository.git.refnames import HEADS, name_problem
from porch.store import RefMove

_PATIENCE = 2.0  # seconds; git holds a lock for milliseconds
_PAUSE = 0.002


def in_order(moves: Sequence[RefMove]) -> list[RefMove]:
    """Branches, tags, deletions."""
    return sorted(moves, key=lambda move: (not move.new, not move.ref.startswith(HEADS)))


def check_fast_forward(mirror: Mirror, move: RefMove) -> None:
    """Git accepts a rewind from whoever knows the old id, so it is on us never to ask for one."""
    if move.old and move.new and move.ref.startswith(HEADS) and not mirror.descends(move.new, move.old):
        raise Conflict(f"failed to push to remote: non-fast-forward update: {move.ref}")


def move_refs(mirror: Mirror, moves: Sequence[RefMove]) -> bool:
    """True when all refs moved, False when some may have. None moved when it raises: Conflict when one had another
    value, ServiceUnavailable when the disk is full.
    """
    ordered = in_order(moves)
    deadline = time.monotonic() + _PATIENCE
    locked: list[RefMove] = []
    try:
        for move in ordered:
            _lock(mirror, move, deadline)
            locked.append(move)
            _check(mirror, move)
        for moved, move in enumerate(ordered):
            if not _carry_out(mirror.path, move, deadline, first=not moved):
                if not moved:
                    raise Conflict(f"failed to push to remote: cannot lock ref {move.ref!r}; try again")
                return False
            locked.remove(move)
            reach("ref-moved")
        return True
    finally:
        for move in locked:
            refs.unlock(mirror.path, move.ref)


def _lock(mirror: Mirror, move: RefMove, deadline: float) -> None:
    if problem := name_problem(move.ref):
        raise BadRequest(f"{move.ref!r} cannot be a ref: {problem}")
    while True:
        try:
            os.close(refs.lock(mirror.path, move.ref))
        except OSError as error:
            if clash := refs.clashing_ref(mirror.path, move.ref):
                raise _clash(move.ref, clash) from error
            if denied := exhausted(error):
                raise denied from error
            if time.monotonic() > deadline:
                why = f"cannot lock ref {move.ref!r}: {error.strerror}; try again"
                raise Conflict(f"failed to push to remote: {why}") from error
            time.sleep(_PAUSE)
        else:
            return


def _check(mirror: Mirror, move: RefMove) -> None:
    """Under the lock: the old value, and that git can have the ref beside the others."""
    found = mirror.ref(move.ref) or ""
    if found != move.old:
        raise Conflict(
            f"failed to push to remote: ref {move.ref!r} has moved: "
            f"expected {move.old or 'none'}, found {found or 'none'}"
        )
    clash = refs.clashing_ref(mirror.path, move.ref) if move.new and not move.old else None
    if clash:
        raise _clash(move.ref, clash)
    check_fast_forward(mirror, move)


def _clash(ref: str, other: str) -> Conflict:
    return Conflict(f"failed to push to remote: cannot create ref {ref!r} beside ref {other!r}")


def _carry_out(path: str, move: RefMove, deadline: float, *, first: bool) -> bool:
    """Deleting also rewrites the packed refs, whose lock somebody else may hold for a moment."""
    while True:
        try:
            if move.new:
                refs.write_locked(path, move.ref, move.new)
            else:
                refs.delete_locked(path, move.ref)
        except FileExistsError:
            if time.monotonic() > deadline:
                return False
            time.sleep(_PAUSE)
        except OSError as error:
            if first and (denied := exhausted(error)):
                raise denied from error
            return False
        else:
            return True
