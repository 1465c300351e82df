"""Samples to figures: p50, p99, and whether the goal is met."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the report. `value` and `goal` are in `unit`; a missed goal is reported as missed."""

    name: str
    value: float
    unit: str = "ms"
    goal: float | None = None
    more_is_better: bool = False
    note: str = ""

    @property
    def met(self) -> bool | None:
        if self.goal is None:
            return None
        return self.value >= self.goal if self.more_is_better else self.value <= self.goal


def percentile(samples: list[float], share: float) -> float:
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def sample(work: Callable[[], object], count: int) -> list[float]:
    """Seconds of each of `count` runs."""
    taken = []
    for _ in range(count):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return taken


def figures(name: str, samples: list[float], *, p50: float | None = None, p99: float | None = None) -> list[Figure]:
    """Both percentiles in milliseconds, with their goals."""
    note = f"{len(samples)} samples"
    return [
        Figure(f"{name}, p50", percentile(samples, 0.5) * 1000, goal=p50, note=note),
        Figure(f"{name}, p99", percentile(samples, 0.99) * 1000, goal=p99, note=note),
    ]
