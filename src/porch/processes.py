"""Processes of ours that must not outlive whom they work for, whatever happens to that."""

from __future__ import annotations

import fcntl
import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress

_F_SETSIG = 10
_ROUNDS, _PAUSE = 1000, 0.001
"""A killed process is gone a moment later, unless a device does not answer; then there is nothing to wait for."""


def die_with(descriptor: int) -> None:
    """Kills this process when the last writer of a pipe is gone, even while C code holds the interpreter.

    Nobody may ever write to that pipe. multiprocessing gives its processes such a one, the parent's sentinel.
    """
    fcntl.fcntl(descriptor, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(descriptor, _F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(descriptor, fcntl.F_SETFL, fcntl.fcntl(descriptor, fcntl.F_GETFL) | os.O_ASYNC)


def kill_session(leader: int) -> None:
    """Kills all processes that `leader` and its children have started and that made no session of their own."""
    for _ in range(_ROUNDS):
        members = list(_members(leader))
        if not members:
            return
        for process in members:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        time.sleep(_PAUSE)


def _members(leader: int) -> Iterator[int]:
    for entry in os.scandir("/proc"):
        if entry.name.isdigit() and _session(entry.name) == leader:
            yield int(entry.name)


def _session(process: str) -> int:
    """Its session, 0 when it has ended: a zombie waits only for its parent to take note."""
    try:
        with open(f"/proc/{process}/stat", "rb") as file:  # noqa: PTH123 - a third of pathlib's time
            state, _, _, session = file.read().rpartition(b")")[2].split()[:4]
    except OSError:
        return 0
    return 0 if state in b"ZX" else int(session)
