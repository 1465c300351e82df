"""Asking for memory before a library does that would not survive a refusal."""

from __future__ import annotations

import pytest

from porch.memory import need


def test_memory_that_cannot_be_had_is_refused_in_time() -> None:
    with pytest.raises(MemoryError):
        need(1 << 62)


def test_usual_sizes_are_there() -> None:
    for size in (0, 1, 1 << 20, 64 << 20):
        need(size)
