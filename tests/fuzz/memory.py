"""Resident memory of a process and all below it, and its slope over the cases."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")
_MEGABYTE = 1024 * 1024

Sample = tuple[int, float]
"""After so many cases so many megabytes."""


def resident(pid: int) -> float:
    """Megabytes of the process and its descendants."""
    parents = dict(_parents())
    family = {pid}
    # Children are younger than their parents but their ids may have wrapped, so this goes on until nothing is added.
    while more := {child for child, parent in parents.items() if parent in family} - family:
        family |= more
    return sum(map(_pages, family)) * _PAGE / _MEGABYTE


def _parents() -> list[tuple[int, int]]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            stat = _read(entry / "stat")
            if stat:
                found.append((int(entry.name), int(stat.rpartition(")")[2].split()[1])))
    return found


def _pages(pid: int) -> int:
    statm = _read(Path("/proc", str(pid), "statm"))
    return int(statm.split()[1]) if statm else 0


def _read(path: Path) -> str:
    """Empty when the process has ended meanwhile."""
    try:
        return path.read_text()
    except OSError:
        return ""


def slope(samples: Sequence[Sample]) -> float:
    """Megabytes per 1 000 cases: the straight line through the samples, by least squares."""
    count = len(samples)
    if count < 2:
        return 0.0
    mean_x = sum(x for x, _ in samples) / count
    mean_y = sum(y for _, y in samples) / count
    spread = sum((x - mean_x) ** 2 for x, _ in samples)
    return 1000 * sum((x - mean_x) * (y - mean_y) for x, y in samples) / spread
