"""Giving memory back: what the allocator keeps of a huge request would else stay this process's for good."""

from __future__ import annotations

import ctypes

HUGE = 16 * 1024 * 1024
"""Bytes of a body or an answer behind which it is worth a few milliseconds."""
_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)


def give_back() -> None:
    """Any thread. Leaves the interpreter to others meanwhile."""
    if _trim is not None:
        _trim(0)
