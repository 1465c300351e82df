"""How this process treats its threads and its memory. Called once, before the server is built."""

from __future__ import annotations

import ctypes
import gc
import os
import resource
import sys

_SWITCH_SECONDS = 0.0005
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
_BIG = 4 * 1024 * 1024


def tune() -> None:
    """Everything the server writes is private to its user, and a request waits for another thread half a millisecond,
    not five.
    """
    os.umask(0o077)
    _allow_many_files()
    sys.setswitchinterval(_SWITCH_SECONDS)
    # Few arenas, because each of the many threads would else keep its own leftovers of big packages; blocks of a usual
    # package from memory that stays, because the kernel clears fresh pages while the interpreter is held.
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for parameter, value in ((_M_ARENA_MAX, 2), (_M_MMAP_THRESHOLD, _BIG), (_M_TRIM_THRESHOLD, 2 * _BIG)):
            mallopt(parameter, value)


def _allow_many_files() -> None:
    """As many open files as the system lets us have: each connection, watch and repository needs some."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def settle() -> None:
    """Called when the server is built: what is there now stays, so the garbage collector need not look at it again."""
    gc.collect()
    gc.freeze()
