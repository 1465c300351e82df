"""What is kept of a request besides its answer: one log line, metrics, and headers that let a client find both.

The log line names who did what to which object, with what result, how long it took and in which steps. Bodies, queries
and headers are never in it: they can hold secrets.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field

import structlog
from prometheus_client import Counter, Gauge, Histogram

from porch.observe import Record

REQUESTS = Counter(
    "porch_requests_total", "Requests that were answered, without watches.", ["verb", "resource", "code"]
)
REQUEST_SECONDS = Histogram(
    "porch_request_duration_seconds",
    "Time of one request, without watches. Not by code: what clients do wrong would make a series of each bucket.",
    ["verb", "resource"],
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
IN_FLIGHT = Gauge("porch_requests_in_flight", "Requests being answered: reads, writes and watches.", ["kind"])

_MAX_ID, _LOGGED_ID = 256, 64
_log = structlog.get_logger("porch.request")


@dataclass(slots=True)
class Entry:
    """One request's line, filled in while it is handled. `name` is the canonical one."""

    audit_id: str
    method: str
    path: str
    user: str = ""
    verb: str = ""
    resource: str = ""
    namespace: str = ""
    name: str = ""
    code: int = 0
    size: int = 0
    record: Record = field(default_factory=Record)
    _started: float = field(default_factory=time.perf_counter)

    def elapsed(self) -> float:
        return time.perf_counter() - self._started

    def server_timing(self) -> str:
        """The Server-Timing header: the steps of the request in milliseconds."""
        steps = [*self.record.steps, ("total", self.elapsed())]
        return ", ".join(f"{name};dur={seconds * 1000:.2f}" for name, seconds in steps)

    def finish(self) -> None:
        seconds = self.elapsed()
        if self.verb != "watch":
            REQUESTS.labels(self.verb, self.resource, self.code).inc()
            REQUEST_SECONDS.labels(self.verb, self.resource).observe(seconds)
        told = {
            key: value for key in ("verb", "resource", "namespace", "name", "user") if (value := getattr(self, key))
        }
        _log.info(
            "request",
            audit_id=self.audit_id[:_LOGGED_ID],
            method=self.method,
            path=self.path,
            **told,
            code=self.code,
            bytes=self.size,
            seconds=round(seconds, 6),
            steps={name: round(took, 6) for name, took in self.record.steps},
        )

    def failed(self, error: BaseException) -> None:
        """A fault of ours: the traceback is in the log and nowhere else."""
        _log.error("unexpected error", audit_id=self.audit_id[:_LOGGED_ID], path=self.path, exc_info=error)


def audit_id(sent: str) -> str:
    """The client's own id, if it is usable, else a new one. Answers have it whole, the log its beginning."""
    if sent and len(sent) <= _MAX_ID and sent.isascii() and sent.isprintable():
        return sent
    return str(uuid.uuid4())
