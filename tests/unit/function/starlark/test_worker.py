"""A script that never ends or that takes all memory ends with its worker, and the next one is not hurt."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from porch.errors import Timeout
from porch.workers import Job, OutOfMemory, WorkerPool
from tests.unit.function.starlark.scripts import shown, values

_MEMORY = 256 * 1024 * 1024


def run_script(script: str) -> None:
    values(script)


@pytest.fixture
def pool() -> Iterator[WorkerPool]:
    made = WorkerPool(1, timeout=30, memory=_MEMORY)
    yield made
    made.close()


def test_a_script_that_never_ends_is_stopped(pool: WorkerPool) -> None:
    pool.run(run_script, "x = 1")
    with pytest.raises(Timeout):
        pool.work(Job(timeout=0.5), run_script, "while True: pass")
    assert pool.run(shown, "1 + 1") == "2"


def test_a_script_that_takes_all_memory_is_stopped(pool: WorkerPool) -> None:
    with pytest.raises(OutOfMemory):
        pool.run(run_script, "l = []\nwhile True: l.append('a' * (1 << 20))")
    assert pool.run(shown, "1 + 1") == "2"
