"""The data directory: private to the user, and one server's at a time."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from porch.durable import make_folder
from porch.errors import BadRequest, Conflict


@contextmanager
def locked(directory: Path) -> Iterator[None]:
    """Makes the directory if need be and holds it. Raises Conflict when another process does."""
    try:
        make_folder(directory)
        descriptor = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise BadRequest(f"cannot use the data directory {directory}: {error.strerror}; set --data-dir") from error
    try:
        _take(descriptor, directory)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, directory: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = os.read(descriptor, 20).decode("ascii", "replace").strip()
        raise Conflict(
            f"the data directory {directory} is in use by another server (process {holder or 'unknown'}); "
            "stop it, or give this one another --data-dir"
        ) from error
    os.ftruncate(descriptor, 0)
    os.write(descriptor, f"{os.getpid()}\n".encode())
