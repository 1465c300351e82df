"""Heavy work in other processes: whatever would hold the interpreter for longer than a request may wait.

`run(function, *args)` calls a module-level function in one of a few worker processes and returns its result or raises
its PorchError. A worker that exceeds its time or memory, or whose `Job` is cancelled, is killed and replaced, and what
it had started dies with it; one that idles for long, or has grown too large, ends. Workers are started on first use
(not forked: the server has threads) and hand back plain values. What runs in one may `report` how far it is.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, ParamSpec, TypeVar

from porch.errors import Conflict, InternalError, PorchError, RequestTooLarge, ServiceUnavailable, Timeout
from porch.processes import die_with, kill_session

P = ParamSpec("P")
T = TypeVar("T")

_IDLE_SECONDS = 60.0
_MARGIN_SECONDS = 10.0
"""A worker ends by itself; one that may be about to is not given work."""
_TELL_SECONDS = 0.5
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


class WorkerDied(InternalError):
    """A worker process ended in the middle of its work."""


class OutOfMemory(RequestTooLarge):
    """The work needed more memory than a worker process may have."""


class Cancelled(Conflict):
    """The work was cancelled."""


class Job:
    """One piece of work as its caller sees it: told how far it is, and able to stop it from another thread."""

    def __init__(self, progress: Callable[[Any], None] | None = None, timeout: float | None = None) -> None:
        """`progress` hears what the work reports, on the thread that waits for it, and while the work goes on without
        a report hears the last one again. `timeout` is the pool's if None.
        """
        self.last: Any = None
        """What was reported last; says where the work was when it was stopped."""
        self.timeout = timeout
        self._progress = progress
        self._lock = threading.Lock()
        self._stop: Callable[[], None] | None = None
        self._cancelled = False

    @property
    def cancelled(self) -> bool:
        return self._cancelled

    def cancel(self) -> None:
        """Whether the work waits or runs: its caller gets `Cancelled`. Does nothing once it is done."""
        with self._lock:
            self._cancelled = True
            if self._stop is not None:
                self._stop()

    def told(self, value: Any) -> None:
        self.last = value
        if self._progress is not None:
            self._progress(value)

    def goes_on(self) -> None:
        """Nothing new for a while: what was reported last is told again."""
        if self.last is not None:
            self.told(self.last)

    def stopped_by(self, stop: Callable[[], None] | None) -> None:
        """How `cancel` reaches it from now on. Raises Cancelled when that has happened already."""
        with self._lock:
            self._stop = stop
            if stop is not None and self._cancelled:
                raise Cancelled


@dataclass(slots=True)
class _Worker:
    process: BaseProcess
    pipe: Connection
    done: int = 0
    resident: int = 0

    def has_grown(self, large: int) -> bool:
        return self.done > _FEW and self.resident > large

    def stop(self, *, busy: bool = False) -> None:
        """One that was `busy` may have started processes of its own."""
        self.pipe.close()
        self.process.kill()
        self.process.join()
        if busy and self.process.pid:
            kill_session(self.process.pid)
        self.process.close()


class WorkerPool:
    """At most `size` processes; further work waits its turn. Safe to call from any thread."""

    def __init__(
        self, size: int, timeout: float, *, memory: int = 0, large: int = _LARGE_BYTES, idle: float = _IDLE_SECONDS
    ) -> None:
        """`timeout` is in seconds, for one piece of work; `memory` in bytes, what a worker may have (0: any). One that
        keeps more than `large` bytes when it is done is replaced. One that has nothing to do for `idle` seconds ends.
        """
        self._size = self._free = size
        self._timeout, self._memory, self._large, self._wait = timeout, memory, large, idle
        self._lock = threading.Condition()
        self._idle: list[tuple[float, _Worker]] = []
        self._context = multiprocessing.get_context("spawn")
        self._closed = False

    def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Raises what `function` raises if it is a PorchError, Timeout when it took too long, OutOfMemory when it was
        given no more, InternalError else.
        """
        return self.work(Job(), function, *args, **kwargs)

    def warm(self, function: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> None:
        """Work may come: unless there is a worker, one is started and runs this. Does not wait for it."""
        with self._lock:
            self._drop_idle()
            if self._idle or self._free < self._size or self._closed:
                return

        def start() -> None:
            with suppress(PorchError):  # whoever has work will hear of it
                self.run(function, *args, **kwargs)

        threading.Thread(target=start, daemon=True, name="porch-warm").start()

    def work(self, job: Job, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """As `run`, and `job` hears what the work reports and may cancel it; then this raises Cancelled."""
        self._wait_for_turn(job)
        try:
            worker = self._take()
            try:
                answer = self._exchange(worker, job, function.__name__, (function, args, kwargs))
                if job.cancelled:  # the worker may be dead by now
                    raise Cancelled(f"{function.__name__} was cancelled")
            except BaseException:
                worker.stop(busy=True)
                raise
            self._give_back(worker, answer)
        finally:
            self._end_turn()
        if answer.succeeded:
            return answer.value  # type: ignore[no-any-return]
        if isinstance(answer.value, PorchError):
            raise answer.value
        raise InternalError(f"{function.__name__} failed: {answer.value}")

    def _exchange(self, worker: _Worker, job: Job, name: str, call: Any) -> _Answer:
        timeout = self._timeout if job.timeout is None else job.timeout
        until = time.monotonic() + timeout
        job.stopped_by(worker.process.kill)
        try:
            worker.pipe.send(call)
            while (left := until - time.monotonic()) > 0:
                if not worker.pipe.poll(min(left, _TELL_SECONDS)):
                    job.goes_on()
                    continue
                message = worker.pipe.recv()
                if isinstance(message, _Answer):
                    return message
                job.told(message.value)
        except (EOFError, OSError) as error:
            if job.cancelled:
                raise Cancelled(f"{name} was cancelled") from error
            raise WorkerDied(f"the worker process of {name} died{_how(worker.process)}") from error
        finally:
            job.stopped_by(None)
        raise Timeout(f"{name} took longer than {timeout:g} s and was stopped")

    def _wait_for_turn(self, job: Job) -> None:
        job.stopped_by(self._wake)
        with self._lock:
            self._lock.wait_for(lambda: self._free > 0 or job.cancelled)
            if job.cancelled:
                raise Cancelled
            self._free -= 1

    def _wake(self) -> None:
        with self._lock:
            self._lock.notify_all()

    def _end_turn(self) -> None:
        with self._lock:
            self._free += 1
            self._lock.notify()

    def _take(self) -> _Worker:
        with self._lock:
            if self._closed:
                raise ServiceUnavailable("the server is shutting down")
            self._drop_idle()
            if self._idle:
                return self._idle.pop()[1]
        ours, theirs = self._context.Pipe()
        arguments = (theirs, self._memory, self._wait)
        process = self._context.Process(target=_serve, args=arguments, daemon=True, name="porch-worker")
        process.start()
        theirs.close()
        return _Worker(process, ours)

    def _give_back(self, worker: _Worker, answer: _Answer) -> None:
        worker.resident = answer.resident
        worker.done += 1
        with self._lock:
            if self._closed or worker.has_grown(self._large) or isinstance(answer.value, OutOfMemory):
                worker.stop()
            else:
                self._idle.append((time.monotonic(), worker))

    def _drop_idle(self) -> None:
        fresh = time.monotonic() - self._wait + _MARGIN_SECONDS
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


@dataclass(frozen=True, slots=True)
class _Answer:
    """The last message of a worker about one piece of work."""

    succeeded: bool
    value: Any
    resident: int


@dataclass(frozen=True, slots=True)
class _Report:
    value: Any


_reports: Connection | None = None


def report(value: Any) -> None:
    """Tells whoever waits for this work how far it is. Does nothing outside of a worker."""
    if _reports is not None:
        _reports.send(_Report(value))


def _how(process: BaseProcess) -> str:
    process.join(1)
    code = process.exitcode
    return f" by signal {-code}" if code is not None and code < 0 else ""


def _serve(pipe: Connection, memory: int, idle: float) -> None:
    import signal

    global _reports  # noqa: PLW0603 - a worker has one caller
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(_NICENESS)  # the server answers first, then comes the heavy work
    os.setsid()  # what it starts is known by this session
    if (parent := multiprocessing.parent_process()) is not None:
        die_with(parent.sentinel)
    if memory:
        resource.setrlimit(resource.RLIMIT_DATA, (memory, memory))
    _reports = pipe
    while pipe.poll(idle):
        try:
            function, args, kwargs = pipe.recv()
            pipe.send(_do(function, args, kwargs, memory))
        except (EOFError, BrokenPipeError):  # the server is gone
            return


def _do(function: Callable[..., Any], args: Any, kwargs: Any, memory: int) -> _Answer:
    try:
        return _Answer(succeeded=True, value=function(*args, **kwargs), resident=_resident())
    except PorchError as error:
        value: Any = error
    except MemoryError:
        value = OutOfMemory(f"{function.__name__} needed more than {memory // 1024**2} MB of memory and was stopped")
    except Exception as error:  # noqa: BLE001 - whatever it is, the server must hear of it
        value = f"{type(error).__name__}: {error}"
    return _Answer(succeeded=False, value=value, resident=_resident())


def _resident() -> int:
    """Bytes of memory that this process has."""
    with open("/proc/self/statm", "rb") as file:  # noqa: PTH123 - a third of pathlib's time
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
