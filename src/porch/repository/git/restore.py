"""Replays an intent of a hosted repository after a crash: its objects, then its refs.

After a power cut any object or ref that was not yet synced may be missing, empty or torn, so the intent's objects are
written again over whatever is there. Runs at start, before anything else uses the repository.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from porch.errors import Conflict, InternalError
from porch.repository.git.mirror import Mirror, write_loose
from porch.repository.git.moves import move_refs
from porch.repository.git.objects import object_id
from porch.repository.git.pack import read_pack
from porch.repository.git.refs import read_ref, unlock
from porch.repository.git.upkeep import sync_to_disk
from porch.store import RefMove


def restore(path: str, pack: bytes, moves: Sequence[RefMove]) -> None:
    """Moves each ref that still has its old value, or none that can be read, to its new one; others stay. Durable when
    this returns. Raises InternalError when the pack is damaged.
    """
    try:
        for kind, data in read_pack(pack) if pack else ():
            name = object_id(kind, data)
            write_loose(f"{path}/objects/{name[:2]}/{name[2:]}", kind, data)
    except ValueError as error:
        raise InternalError(f"the redo record of {path} is damaged: {error}") from error
    unlock(path, "packed-refs")  # held by a process that died
    mirror = Mirror(path)
    for move in moves:
        unlock(path, move.ref)
        _move(mirror, move)
    mirror.close()
    sync_to_disk(path)


def discard(path: str, moves: Sequence[RefMove]) -> None:
    """For an intent whose refs have not moved: what is no ref may have the name of one, and git stumbles over it."""
    for move in moves:
        if not read_ref(path, move.ref):
            _remove_torn(Path(path, move.ref))


def _move(mirror: Mirror, move: RefMove) -> None:
    found = mirror.ref(move.ref) or ""
    if not found and _remove_torn(Path(mirror.path, move.ref)):
        found = mirror.ref(move.ref) or ""  # older than what the torn file held
    elif found not in {"", move.old}:
        return
    if found == move.new:
        return
    try:
        move_refs(mirror, [RefMove(move.ref, found, move.new)])
    except Conflict as error:
        raise InternalError(f"cannot restore {move.ref} in {mirror.path}: {error.message}") from error


def _remove_torn(ref: Path) -> bool:
    """Whether there was an empty or garbled file; a packed value shows again."""
    if not ref.is_file():
        return False
    ref.unlink()
    return True
