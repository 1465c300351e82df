"""Heavy work in other processes: whatever would hold the interpreter for longer than a request may wait.

`run(function, *args)` calls a module-level function in one of a few worker processes and returns its result or raises
its PorchError. A worker that exceeds its time is killed and replaced; one that idles for a minute, or has grown too
large, ends. Workers are started on first use (not forked: the server has threads) and hand back plain values.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import ParamSpec, TypeVar

from porch.errors import InternalError, PorchError, ServiceUnavailable, Timeout

P = ParamSpec("P")
T = TypeVar("T")

_IDLE_SECONDS = 60.0
_MARGIN_SECONDS = 10.0
"""A worker ends by itself; one that may be about to is not given work."""
_NICENESS = 5
_LARGE_BYTES = 80 * 1024 * 1024
_FEW = 8
"""Starting a worker is not free, so one that has done no more than this stays, however large it is."""


class Threads(ThreadPoolExecutor):
    """A pool that always has a thread. When the system gives it no more, work waits for those that it has."""

    def __init__(self, most: int, name: str) -> None:
        super().__init__(most, name)
        self.submit(int)

    def _adjust_thread_count(self) -> None:
        try:
            super()._adjust_thread_count()
        except RuntimeError:
            if not self._threads:
                raise


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    pipe: Connection
    done: int = 0
    resident: int = 0

    @property
    def has_grown(self) -> bool:
        return self.done > _FEW and self.resident > _LARGE_BYTES

    def stop(self) -> None:
        self.pipe.close()
        self.process.kill()
        self.process.join()


class WorkerPool:
    """At most `size` processes; further work waits its turn. Safe to call from any thread."""

    def __init__(self, size: int, timeout: float) -> None:
        """`timeout` is in seconds, for one piece of work."""
        self._slots = threading.BoundedSemaphore(size)
        self._timeout = timeout
        self._lock = threading.Lock()
        self._idle: list[tuple[float, _Worker]] = []
        self._context = multiprocessing.get_context("spawn")
        self._closed = False

    def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Raises what `function` raises if it is a PorchError, Timeout when it took too long, InternalError else."""
        with self._slots:
            worker = self._take()
            try:
                worker.pipe.send((function, args, kwargs))
                if not worker.pipe.poll(self._timeout):
                    raise Timeout(f"{function.__name__} took longer than {self._timeout:g} s and was stopped")
                succeeded, value, worker.resident = worker.pipe.recv()
                worker.done += 1
            except (EOFError, OSError) as error:
                worker.stop()
                raise InternalError(f"the worker process of {function.__name__} died") from error
            except BaseException:
                worker.stop()
                raise
            self._give_back(worker)
        if succeeded:
            return value  # type: ignore[no-any-return]
        if isinstance(value, PorchError):
            raise value
        raise InternalError(f"{function.__name__} failed: {value}")

    def _take(self) -> _Worker:
        with self._lock:
            if self._closed:
                raise ServiceUnavailable("the server is shutting down")
            self._drop_idle()
            if self._idle:
                return self._idle.pop()[1]
        ours, theirs = self._context.Pipe()
        process = self._context.Process(target=_serve, args=(theirs,), daemon=True, name="porch-worker")
        process.start()
        theirs.close()
        return _Worker(process, ours)

    def _give_back(self, worker: _Worker) -> None:
        with self._lock:
            if self._closed or worker.has_grown:
                worker.stop()
            else:
                self._idle.append((time.monotonic(), worker))

    def _drop_idle(self) -> None:
        fresh = time.monotonic() - _IDLE_SECONDS + _MARGIN_SECONDS
        for since, worker in self._idle:
            if since < fresh:
                worker.stop()
        self._idle = [item for item in self._idle if item[0] >= fresh]

    def close(self) -> None:
        with self._lock:
            self._closed = True
            for _, worker in self._idle:
                worker.stop()
            self._idle.clear()


def _serve(pipe: Connection) -> None:
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(_NICENESS)  # the server answers first, then comes the heavy work
    while pipe.poll(_IDLE_SECONDS):
        try:
            function, args, kwargs = pipe.recv()
        except EOFError:
            return
        try:
            answer = True, function(*args, **kwargs)
        except PorchError as error:
            answer = False, error
        except Exception as error:  # noqa: BLE001 - whatever it is, the server must hear of it
            answer = False, f"{type(error).__name__}: {error}"
        pipe.send((*answer, _resident()))


def _resident() -> int:
    """Bytes of memory that this process has."""
    with open("/proc/self/statm", "rb") as file:  # noqa: PTH123 - a third of pathlib's time
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
