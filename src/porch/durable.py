"""Names that survive a power cut: a file's own fsync does not promise that its directory knows it."""

from __future__ import annotations

import os
from pathlib import Path


def sync_folder(path: Path) -> None:
    """What was created, renamed or deleted in the directory stays so. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(path: Path) -> None:
    """A directory that is private to the user, and those above it that are missing. Raises OSError."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    for folder in missing:
        sync_folder(folder.parent)
