"""Runs one program with bytes in and bytes out, within limits: time, memory, and how much it may write.

It has a process group of its own, which is killed as a whole at the end, so nothing that it started stays. Where the
system has `setpriv`, it also dies with this process and can gain no privileges. A program that writes too much is
killed at once rather than read on.
"""

from __future__ import annotations

import os
import resource
import selectors
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import IO

_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Limits:
    """`seconds` and bytes; `memory` is private memory that may be written (0: any)."""

    seconds: float = 60.0
    memory: int = 0
    stdout: int = 64 * 1024 * 1024
    stderr: int = 64 * 1024


@dataclass(frozen=True, slots=True)
class Finished:
    """`stopped` says why it was killed; empty when it ended by itself."""

    stdout: bytes
    stderr: bytes
    exit_code: int
    seconds: float
    stopped: str = ""


def run_program(
    command: Sequence[str], data: bytes, limits: Limits, environment: Mapping[str, str] | None = None
) -> Finished:
    """Raises OSError when it cannot be started."""
    began = time.monotonic()
    with subprocess.Popen(
        [*_confined(), *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        process_group=0,
        env=environment,
    ) as process:
        try:
            _bound(process.pid, limits.memory)
            exchange = _Exchange(process, data, limits)
            stopped = exchange.run(began + limits.seconds)
        finally:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
        code = process.wait()
    return Finished(bytes(exchange.stdout), bytes(exchange.stderr), code, time.monotonic() - began, stopped)


@cache
def _confined() -> tuple[str, ...]:
    found = shutil.which("setpriv")
    return (found, "--pdeathsig", "KILL", "--no-new-privs", "--") if found else ()


def _bound(process: int, memory: int) -> None:
    """From outside, because code between fork and exec does not get on with threads."""
    with suppress(ProcessLookupError):
        resource.prlimit(process, resource.RLIMIT_CORE, (0, 0))
        if memory:
            resource.prlimit(process, resource.RLIMIT_DATA, (memory, memory))


class _Exchange:
    """Feeds and reads a program until its output has ended."""

    def __init__(self, process: subprocess.Popen[bytes], data: bytes, limits: Limits) -> None:
        self.stdout, self.stderr = bytearray(), bytearray()
        self._process, self._limits = process, limits
        self._todo = memoryview(data)
        assert process.stdin
        assert process.stdout
        assert process.stderr
        self._stdin, self._out, self._err = process.stdin, process.stdout, process.stderr

    def run(self, until: float) -> str:
        """Why the program must be killed; empty when it has closed its output by itself."""
        with selectors.DefaultSelector() as waiting:
            self._watch(waiting)
            while waiting.get_map():
                ready = waiting.select(max(0.0, until - time.monotonic()))
                if time.monotonic() >= until:
                    return f"it took longer than {self._limits.seconds:g} s"
                for key, _ in ready:
                    if not self._move(key.fileobj):  # type: ignore[arg-type]
                        waiting.unregister(key.fileobj)
                if len(self.stdout) > self._limits.stdout:
                    return f"it wrote more than {self._limits.stdout} bytes"
        return self._wait(until)

    def _wait(self, until: float) -> str:
        """Its output has ended; it may still run."""
        try:
            self._process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            return f"it took longer than {self._limits.seconds:g} s"
        return ""

    def _watch(self, waiting: selectors.BaseSelector) -> None:
        for file, event in (
            (self._stdin, selectors.EVENT_WRITE),
            (self._out, selectors.EVENT_READ),
            (self._err, selectors.EVENT_READ),
        ):
            os.set_blocking(file.fileno(), False)
            waiting.register(file, event)

    def _move(self, file: IO[bytes]) -> bool:
        """False when there is nothing more to come or to send."""
        if file is self._stdin:
            return self._feed()
        chunk = os.read(file.fileno(), _CHUNK)
        if file is self._out:
            self.stdout += chunk
        else:  # the end of it is what tells why
            self.stderr += chunk
            del self.stderr[: -self._limits.stderr]
        return bool(chunk)

    def _feed(self) -> bool:
        try:
            self._todo = self._todo[os.write(self._stdin.fileno(), self._todo) :]
        except BrokenPipeError:  # it does not want to read more
            self._todo = self._todo[:0]
        if not self._todo:
            with suppress(BrokenPipeError):
                self._stdin.close()
        return bool(self._todo)
