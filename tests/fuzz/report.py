"""The figures of a run as Markdown."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib import metadata

from tests.fuzz.client import BOUND
from tests.fuzz.run import CLIENTS, Notes
from tests.fuzz.verdict import ALLOWED

SLOPE = 1.0
"""Megabytes per 1 000 cases that a run may grow by."""
FEW = 5_000
"""In fewer cases caches still fill; their slope says nothing."""


def problems(notes: Notes) -> list[str]:
    """Everything for which the run fails."""
    found = [str(violation) for violation in notes.violations]
    found += [f"fault in the server's log: {fault}" for fault in notes.faults]
    if notes.cases >= FEW and notes.slope >= SLOPE:
        found.append(f"memory grows by {notes.slope:.2f} MB per 1 000 cases")
    return found


def markdown(notes: Notes) -> str:
    after = sorted(notes.latencies) or [0.0]
    figures = [
        ("seed", str(notes.seed)),
        ("date", datetime.now(UTC).strftime("%Y-%m-%d")),
        ("machine", f"{os.cpu_count()} {platform.machine()} cores, shared; load {os.getloadavg()[0]:.1f}"),
        ("python, porch", f"{platform.python_version()}, {metadata.version('porch')}"),
        ("clients at once", str(CLIENTS)),
        ("cases", f"{notes.cases} in {notes.seconds:.0f} s, {notes.cases / max(notes.seconds, 0.001):.0f} a second"),
        ("p50, p99, max", ", ".join(f"{_quantile(after, q) * 1000:.1f} ms" for q in (0.5, 0.99, 1))),
        ("slowest", notes.slowest[1]),
        (f"answered 5xx, beyond the {len(ALLOWED)} allowed ones", str(_count(notes, "answered 5"))),
        (
            f"answered after more than {BOUND:g} s, or not at all",
            str(len(notes.violations) - _count(notes, "answered 5")),
        ),
        ("faults in the server's log", str(len(notes.faults))),
        ("memory, at the start and after each tenth", f"{', '.join(f'{size:.0f}' for size in _tenths(notes))} MB"),
        ("memory slope after the first quarter", f"{notes.slope:.2f} MB per 1 000 cases (goal: under {SLOPE:g})"),
    ]
    lines = ["# The last run of the fuzzer", "", *(f"* {name}: {value}" for name, value in figures)]
    lines += ["", "| answer | cases |", "|---|---|"]
    lines += [f"| {status} | {count} |" for status, count in sorted(notes.statuses.items())]
    lines += ["", "Allowed, because they are right:", ""]
    lines += [f"* {allowed.code} {allowed.reason}, `{allowed.message}`: {allowed.why}" for allowed in ALLOWED]
    return "\n".join([*lines, ""])


def _tenths(notes: Notes) -> list[float]:
    last = len(notes.samples) - 1
    return [notes.samples[round(tenth * last / 10)][1] for tenth in range(11)]


def _count(notes: Notes, why: str) -> int:
    return sum(violation.why.startswith(why) and "after" not in violation.why for violation in notes.violations)


def _quantile(values: list[float], at: float) -> float:
    return values[min(len(values) - 1, int(at * len(values)))]
