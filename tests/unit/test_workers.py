"""Work in other processes: results, errors and workers that do not come back."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from porch.errors import InternalError, Invalid, ServiceUnavailable, Timeout, required
from porch.workers import WorkerPool


def double(number: int) -> int:
    return 2 * number


def process_id() -> int:
    return os.getpid()


def refuse() -> None:
    raise Invalid.of("porch.kpt.dev", "PackageRevision", "a.b.c", [required("spec.repository")])


def stumble() -> None:
    raise KeyError("a mistake of ours")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def sleep() -> None:
    time.sleep(60)


@pytest.fixture
def pool() -> Iterator[WorkerPool]:
    made = WorkerPool(1, timeout=20)
    yield made
    made.close()


def test_a_result_comes_back_from_another_process(pool: WorkerPool) -> None:
    assert pool.run(double, 21) == 42
    assert pool.run(process_id) != os.getpid()


def test_a_worker_is_used_again(pool: WorkerPool) -> None:
    assert pool.run(process_id) == pool.run(process_id)


def test_a_typed_error_comes_back_whole(pool: WorkerPool) -> None:
    with pytest.raises(Invalid) as caught:
        pool.run(refuse)
    assert caught.value.details is not None
    assert [cause.field for cause in caught.value.details.causes] == ["spec.repository"]


def test_a_mistake_of_ours_is_an_internal_error(pool: WorkerPool) -> None:
    with pytest.raises(InternalError, match="stumble failed: KeyError"):
        pool.run(stumble)
    assert pool.run(double, 1) == 2


def test_a_worker_that_dies_is_replaced(pool: WorkerPool) -> None:
    with pytest.raises(InternalError, match="the worker process of die died"):
        pool.run(die)
    assert pool.run(double, 1) == 2


def test_a_worker_that_takes_too_long_is_killed() -> None:
    pool = WorkerPool(1, timeout=5)
    worker = pool.run(process_id)
    impatient = WorkerPool(1, timeout=0.01)
    try:
        with pytest.raises(Timeout, match="sleep took longer than"):
            impatient.run(sleep)
        assert pool.run(process_id) == worker
    finally:
        pool.close()
        impatient.close()


def test_a_closed_pool_takes_nothing(pool: WorkerPool) -> None:
    pool.close()
    with pytest.raises(ServiceUnavailable):
        pool.run(double, 1)


def grow() -> int:
    """Holds on to much memory."""
    _held.append(b"x" * (100 * 1024 * 1024))
    return os.getpid()


_held: list[bytes] = []


def test_a_worker_that_has_grown_too_large_is_replaced(pool: WorkerPool) -> None:
    worker = pool.run(grow)
    assert [pool.run(process_id) for _ in range(8)] == [worker] * 8
    assert pool.run(process_id) != worker


def test_a_pool_is_warmed_once(tmp_path: Path) -> None:
    pool = WorkerPool(1, 30)
    try:
        for _ in range(3):
            pool.warm(note, tmp_path / "notes")
            pool.run(os.getpid)  # waits for its turn
        assert len((tmp_path / "notes").read_text().split()) == 1
    finally:
        pool.close()


def note(path: Path) -> None:
    with path.open("a") as file:
        file.write(f"{os.getpid()}\n")


def test_what_fails_to_warm_a_pool_is_told_to_nobody() -> None:
    pool = WorkerPool(1, 30)
    try:
        pool.warm(int, "no number")
        assert pool.run(int, "1") == 1
    finally:
        pool.close()
