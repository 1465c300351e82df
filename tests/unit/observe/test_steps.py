"""Processor time is counted where it was spent: once, by the innermost step."""

from __future__ import annotations

import time

import pytest
from prometheus_client import REGISTRY

from porch.observe import step, steps


def _spent(name: str) -> float:
    return REGISTRY.get_sample_value("porch_step_cpu_seconds_total", {"step": name}) or 0.0


def _work() -> int:
    return sum(range(200_000))


def test_the_time_of_an_inner_step_is_not_counted_again_by_the_outer_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "counting", True)
    began = time.thread_time()
    with step("test.outer"):
        _work()
        for _ in range(3):
            with step("test.inner"):
                _work()
    whole = time.thread_time() - began
    assert _spent("test.outer") > 0
    assert _spent("test.inner") > 0
    assert _spent("test.outer") + _spent("test.inner") <= whole


def test_nothing_is_counted_unless_it_is_asked_for() -> None:
    with step("test.uncounted"):
        _work()
    assert _spent("test.uncounted") == 0
