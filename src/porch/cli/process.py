"""How this process treats its threads and its memory. Called once, before the server is built."""

from __future__ import annotations

import ctypes
import os
import sys

_SWITCH_SECONDS = 0.0005
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
_BIG = 1024 * 1024


def tune() -> None:
    """Everything the server writes is private to its user; a request waits for another thread half a millisecond, not
    five; the memory of a big package goes back to the system when the request is over.
    """
    os.umask(0o077)
    sys.setswitchinterval(_SWITCH_SECONDS)
    # glibc raises its threshold for separate mappings as it sees big blocks come and go, and then keeps them; a fixed
    # one does not move. Few arenas, because each of the many threads would else keep its own leftovers.
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        for parameter, value in ((_M_ARENA_MAX, 2), (_M_MMAP_THRESHOLD, _BIG), (_M_TRIM_THRESHOLD, 4 * _BIG)):
            mallopt(parameter, value)
