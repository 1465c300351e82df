"""Each step of a request is a span, a metric and a line of that request's record.

`with step("engine.validate"):` anywhere below the HTTP edge. The edge opens a Record for the request; the steps find it
through a context variable, also on the worker thread that runs the request. Outside a request only span and metric
remain.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field

from opentelemetry import trace
from prometheus_client import Counter, Histogram

_tracer = trace.get_tracer("porch")
_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
STEP_SECONDS = Histogram("porch_step_duration_seconds", "Time of one step of a request.", ["step"], buckets=_BUCKETS)
CPU_SECONDS = Counter(
    "porch_step_cpu_seconds",
    "Processor time of a step on its own thread, without the steps inside it. Counted when PORCH_COUNT_CPU is set.",
    ["step"],
)


counting = bool(os.environ.get("PORCH_COUNT_CPU"))
"""Asking for a thread's processor time is a system call: for the steps of a create it makes a tenth of its time."""


class _Inside(threading.local):
    """Processor time of the steps that have ended inside the one that this thread is in."""

    seconds = 0.0


_inside = _Inside()


@dataclass(slots=True)
class Record:
    """What one request did: its steps in order of ending, each with its seconds."""

    steps: list[tuple[str, float]] = field(default_factory=list)
    goes_on: Callable[[], str] | None = None
    """While there is work that outlives an answer that came too early: a sentence that tells the client of it."""


current: ContextVar[Record | None] = ContextVar("porch_record", default=None)


@contextmanager
def step(name: str) -> Iterator[None]:
    started = time.perf_counter()
    with _counted(name) if counting else nullcontext(), _tracer.start_as_current_span(name):
        try:
            yield
        finally:
            seconds = time.perf_counter() - started
            STEP_SECONDS.labels(name).observe(seconds)
            if (record := current.get()) is not None:
                record.steps.append((name, seconds))


@contextmanager
def _counted(name: str) -> Iterator[None]:
    beside, _inside.seconds, began = _inside.seconds, 0.0, time.thread_time()
    try:
        yield
    finally:
        busy = time.thread_time() - began
        CPU_SECONDS.labels(name).inc(max(busy - _inside.seconds, 0.0))
        _inside.seconds = beside + busy
