"""Work that is stopped: by its time, its memory or its caller. Nothing of it stays, and nobody else notices."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from porch.errors import Timeout
from porch.workers import Cancelled, Job, OutOfMemory, WorkerDied, WorkerPool, report

_KILLS = int(os.environ.get("PORCH_TEST_KILLS", "40"))


def double(number: int) -> int:
    return 2 * number


def process_id() -> int:
    return os.getpid()


def count(last: int) -> int:
    for number in range(last):
        report((number + 1, last))
    return last


def report_and_hang() -> None:
    report("hanging")
    while True:
        pass


def eat() -> int:
    held = []
    while True:
        held.append(bytes(16 * 1024 * 1024))


def start_and_hang(directory: str) -> None:
    """A child, and a grandchild that nobody waits for."""
    child = ["sh", "-c", "sleep 600 & echo $! > grandchild; exec sleep 600"]
    started = subprocess.Popen(child, cwd=directory, process_group=0)
    Path(directory, "child").write_text(str(started.pid))
    report("started")
    started.wait()


def be_killed() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


@pytest.fixture
def pool() -> Iterator[WorkerPool]:
    made = WorkerPool(1, timeout=30)
    yield made
    made.close()


def _await(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until
        threading.Event().wait(0.01)


def _lives(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except OSError:
        return False


def test_progress_is_told_while_the_work_runs(pool: WorkerPool) -> None:
    told: list[object] = []
    assert pool.work(Job(told.append), count, 3) == 3
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_work_outside_of_a_worker_may_report_too() -> None:
    assert count(2) == 2


def test_a_job_may_have_a_time_of_its_own(pool: WorkerPool) -> None:
    job = Job(timeout=0.5)
    with pytest.raises(Timeout, match=r"report_and_hang took longer than 0\.5 s"):
        pool.work(job, report_and_hang)
    assert pool.run(double, 2) == 4


def test_a_timeout_tells_where_the_work_was(pool: WorkerPool) -> None:
    pool.run(double, 1)
    job = Job(timeout=1)
    with pytest.raises(Timeout):
        pool.work(job, report_and_hang)
    assert job.last == "hanging"


def test_running_work_can_be_cancelled(pool: WorkerPool) -> None:
    job = Job(lambda _: threading.Thread(target=job.cancel).start())
    with pytest.raises(Cancelled):
        pool.work(job, report_and_hang)
    assert pool.run(double, 2) == 4


def test_waiting_work_can_be_cancelled(pool: WorkerPool) -> None:
    running, waiting = threading.Event(), Job()
    first = Job(lambda _: running.set())
    with ThreadPoolExecutor(2) as threads:
        hanging = threads.submit(pool.work, first, report_and_hang)
        assert running.wait(20)
        second = threads.submit(pool.work, waiting, double, 2)
        waiting.cancel()
        with pytest.raises(Cancelled):
            second.result(20)
        first.cancel()
        with pytest.raises(Cancelled):
            hanging.result(20)
    assert pool.run(double, 2) == 4


def test_cancelling_what_is_done_does_nothing(pool: WorkerPool) -> None:
    job = Job()
    worker = pool.work(job, process_id)
    job.cancel()
    assert pool.run(process_id) == worker


def test_what_was_cancelled_before_it_began_never_begins(pool: WorkerPool) -> None:
    job = Job()
    job.cancel()
    with pytest.raises(Cancelled):
        pool.work(job, report_and_hang)


def test_a_worker_that_needs_too_much_memory_is_replaced() -> None:
    pool = WorkerPool(1, timeout=30, memory=256 * 1024 * 1024)
    try:
        worker = pool.run(process_id)
        with pytest.raises(OutOfMemory, match="eat needed more than 256 MB of memory"):
            pool.run(eat)
        assert pool.run(process_id) != worker
    finally:
        pool.close()


def test_the_signal_that_ended_a_worker_is_told(pool: WorkerPool) -> None:
    with pytest.raises(WorkerDied, match="died by signal 11"):
        pool.run(be_killed)


def test_what_a_worker_has_started_dies_with_it(pool: WorkerPool, tmp_path: Path) -> None:
    pool.run(double, 1)
    with pytest.raises(Timeout):
        pool.work(Job(timeout=2), start_and_hang, str(tmp_path))
    assert not _lives(int((tmp_path / "child").read_text()))
    assert not _lives(int((tmp_path / "grandchild").read_text()))


def test_others_do_not_notice_that_a_worker_is_killed() -> None:
    pool = WorkerPool(2, timeout=30)
    running = threading.Event()
    job = Job(lambda _: running.set())
    try:
        with ThreadPoolExecutor(1) as threads:
            hanging = threads.submit(pool.work, job, report_and_hang)
            assert running.wait(20)
            other = pool.run(process_id)
            job.cancel()
            with pytest.raises(Cancelled):
                hanging.result(20)
            assert pool.run(process_id) == other
    finally:
        pool.close()


_SERVER = """
import sys, threading
from porch.workers import Job, WorkerPool
from tests.unit.test_worker_limits import report_and_hang_with_id
if __name__ == "__main__":
    WorkerPool(1, 600).work(Job(lambda pid: print(pid, flush=True)), report_and_hang_with_id)
"""


def report_and_hang_with_id() -> None:
    report(os.getpid())
    while True:
        pass


def test_a_worker_does_not_outlive_its_server(tmp_path: Path) -> None:
    script = tmp_path / "server.py"
    script.write_text(_SERVER)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True, env=environment) as server:
        assert server.stdout is not None
        worker = int(server.stdout.readline())
        server.kill()
    _await(lambda: not _lives(worker))


def test_many_kills_leave_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as PORCH_TEST_KILLS says."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    pool = WorkerPool(2, timeout=60)

    def kill(_: int) -> None:
        job = Job(lambda _: threading.Thread(target=job.cancel).start())
        with pytest.raises(Cancelled):
            pool.work(job, report_and_hang)

    try:
        kill(0)
        before = _descriptors(), _children()
        with ThreadPoolExecutor(2) as threads:
            list(threads.map(kill, range(_KILLS)))
        _await(lambda: (_descriptors(), _children()) == before)
        assert list(tmp_path.iterdir()) == []
    finally:
        pool.close()


def _descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def _children() -> int:
    ours = str(os.getpid())
    stats = (path / "stat" for path in Path("/proc").iterdir() if path.name.isdigit())
    return sum(_parent(stat) == ours for stat in stats)


def _parent(stat: Path) -> str:
    try:
        return stat.read_text().rpartition(")")[2].split()[1]
    except OSError:
        return ""
