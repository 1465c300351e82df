"""Big contents, written by a worker process: one pack with its index, made by `git index-pack` inside the mirror.

The pack is durable when this returns, so a redo record need not hold it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from porch.durable import sync_folder
from porch.errors import InternalError
from porch.repository.git.executable import GitFailed, run_git
from porch.repository.git.objects import BLOB, object_id
from porch.repository.git.pack import build_pack


def store_blobs(path: str, contents: Sequence[bytes]) -> list[str]:
    """Ids of the contents, in order. Runs in a worker process."""
    pack = build_pack((BLOB, content) for content in dict.fromkeys(contents))
    try:
        run_git(["-c", "core.fsync=pack,pack-metadata", "index-pack", "--stdin", "--fix-thin"], cwd=path, stdin=pack)
    except GitFailed as error:
        raise InternalError(f"cannot store the package's content: {error}") from error
    sync_folder(Path(path, "objects", "pack"))  # git syncs its files, and not their names
    return [object_id(BLOB, content) for content in contents]
