"""Programs within limits: whatever they do, what they started is gone afterwards."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from porch.function.runtimes.program import Finished, Limits, run_program

_MB = 1024 * 1024


def _python(code: str, data: bytes = b"", limits: Limits | None = None) -> Finished:
    return run_program([sys.executable, "-c", code], data, limits or Limits(seconds=20))


def _lives(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except OSError:
        return False


def _dies(process: int) -> bool:
    """A process that was killed ends when the kernel gets to it."""
    until = time.monotonic() + 20
    while _lives(process):
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def test_bytes_go_in_and_come_out() -> None:
    data = bytes(range(256)) * 40_000
    done = _python("import sys; sys.stdout.buffer.write(sys.stdin.buffer.read()); sys.exit('told')", data)
    assert (done.stdout == data, done.stderr, done.exit_code, done.stopped) == (True, b"told\n", 1, "")


def test_a_program_need_not_read() -> None:
    done = _python("print('done')", b"x" * 10 * _MB)
    assert (done.stdout, done.exit_code, done.stopped) == (b"done\n", 0, "")


def test_a_signal_is_a_negative_exit_code() -> None:
    assert _python("import os; os.kill(os.getpid(), 11)").exit_code == -11


@pytest.mark.parametrize("code", ["while True: pass", "import os, time; os.close(1); os.close(2); time.sleep(600)"])
def test_one_that_hangs_is_stopped(code: str) -> None:
    done = _python(code, limits=Limits(seconds=0.5))
    assert (done.stopped, done.exit_code) == ("it took longer than 0.5 s", -9)


def test_one_that_floods_its_output_is_stopped() -> None:
    done = _python("while True: print('x' * 65536)", limits=Limits(seconds=20, stdout=_MB))
    assert done.stopped == "it wrote more than 1048576 bytes"
    assert len(done.stdout) < 2 * _MB


def test_of_much_on_stderr_the_end_is_kept() -> None:
    done = _python("import sys; sys.stderr.write('x' * 300_000 + 'the end')", limits=Limits(stderr=1000))
    assert (len(done.stderr), done.stderr[-7:], done.stopped) == (1000, b"the end", "")


def test_memory_is_bounded() -> None:
    done = _python("x = bytearray(512 * 1024 * 1024)", limits=Limits(seconds=20, memory=128 * _MB))
    assert done.exit_code == 1
    assert b"MemoryError" in done.stderr


@pytest.mark.parametrize("ending", ["time.sleep(600)", "pass"])
def test_what_it_started_is_killed_with_it(ending: str) -> None:
    code = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen(['sleep', '600'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)\n"
        f"print(child.pid, flush=True)\n{ending}"
    )
    done = _python(code, limits=Limits(seconds=2))
    assert _dies(int(done.stdout))


def test_what_holds_its_output_open_does_not_hold_us() -> None:
    done = _python("import subprocess; print(subprocess.Popen(['sleep', '600']).pid)", limits=Limits(seconds=2))
    assert done.stopped == "it took longer than 2 s"
    assert _dies(int(done.stdout))


def test_a_program_that_is_not_there() -> None:
    done = run_program(["/no/such/program"], b"", Limits())
    assert done.exit_code == 127
