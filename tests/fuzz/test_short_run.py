"""A short run of the fuzzer in every test run; `make fuzz` is the long one."""

from __future__ import annotations

from pathlib import Path

from tests.fuzz.report import problems
from tests.fuzz.run import running

CASES = 1500


def test_no_seeded_request_is_answered_by_a_fault_or_late(tmp_path: Path) -> None:
    with running(tmp_path, seed=1) as run:
        notes = run.go(CASES)
    assert problems(notes) == []
    assert notes.cases == CASES
    # A run in which everything is refused at the door would prove nothing.
    assert notes.statuses["200"] + notes.statuses["201"] > CASES // 10
