"""Asking for memory before a library in C does, since some of them do not survive it when the system refuses; and
giving back what a huge request has left.

Python's own allocator is asked, which also has what was freed before. What it gives is not touched, so it costs
microseconds and no memory; small requests do not ask.
"""

from __future__ import annotations

import ctypes

HUGE = 16 * 1024 * 1024
"""Bytes of a body or an answer behind which it is worth a few milliseconds to `trim`."""
_LARGE = 1024 * 1024
_take, _give_back = ctypes.pythonapi.PyMem_RawMalloc, ctypes.pythonapi.PyMem_RawFree
_take.argtypes, _take.restype = [ctypes.c_size_t], ctypes.c_void_p
_give_back.argtypes, _give_back.restype = [ctypes.c_void_p], None
_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)


def need(size: int) -> None:
    """Raises MemoryError when there are no `size` bytes to be had now. They are not kept: others may be faster."""
    if size < _LARGE:
        return
    found = _take(size)
    if found is None:
        raise MemoryError(f"{size} bytes")
    _give_back(found)


def trim() -> None:
    """Has the allocator give back what it keeps. Any thread; leaves the interpreter to others meanwhile."""
    if _trim is not None:
        _trim(0)
