"""Merges seeded triples in several processes and collects what is wrong with them."""

from __future__ import annotations

import os
import platform
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from random import Random

from porch.merge import merge
from tests.merge.check import violations
from tests.merge.generate import triple

_CHUNK = 100


@dataclass
class Notes:
    triples: int = 0
    merged: int = 0
    """Triples where both sides changed something."""
    conflicts: dict[str, int] = field(default_factory=dict)
    """By reason, with the choice `ours`."""
    with_conflicts: int = 0
    violations: list[str] = field(default_factory=list)

    def add(self, other: Notes) -> None:
        self.triples += other.triples
        self.merged += other.merged
        self.with_conflicts += other.with_conflicts
        self.violations += other.violations
        for reason, count in other.conflicts.items():
            self.conflicts[reason] = self.conflicts.get(reason, 0) + count


def chunk(seed: int, first: int, count: int = _CHUNK) -> Notes:
    """Triple number n of a seed is always the same one."""
    notes = Notes(count)
    for number in range(first, first + count):
        name = seed * 1_000_000 + number
        original, local, upstream = triple(name)
        notes.violations += [f"{name}: {text}" for text in violations(original, local, upstream, Random(name))]
        sides = [{path: file.data for path, file in side.items()} for side in (original, local, upstream)]
        notes.merged += sides[0] not in sides[1:]
        conflicts = merge(*sides).conflicts
        notes.with_conflicts += bool(conflicts)
        for conflict in conflicts:
            reason = conflict.reason.partition(":")[0] if conflict.reason[0] != "'" else "a file and a directory"
            notes.conflicts[reason] = notes.conflicts.get(reason, 0) + 1
    return notes


def run(seed: int, triples: int) -> Notes:
    notes = Notes()
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for part in pool.map(partial(chunk, seed), range(0, triples, _CHUNK)):
            notes.add(part)
    return notes


def markdown(notes: Notes, seed: int, seconds: float, speeds: dict[str, float]) -> str:
    lines = [
        "# The last run of the merges",
        "",
        f"* seed: {seed}",
        f"* date: {datetime.now(UTC):%Y-%m-%d}",
        f"* machine: {os.cpu_count()} {platform.machine()} cores, shared; load {os.getloadavg()[0]:.1f}",
        f"* python: {platform.python_version()}",
        f"* triples: {notes.triples} in {seconds:.0f} s, each merged 12 times",
        f"* both sides changed something: {notes.merged}",
        f"* with conflicts: {notes.with_conflicts}",
        f"* violations: {len(notes.violations)}",
        "",
        "| conflict | times |",
        "|---|---|",
        *(f"| {reason} | {count} |" for reason, count in sorted(notes.conflicts.items(), key=lambda item: -item[1])),
        "",
        "Merging 20 files of 5 Deployments, best of 5:",
        "",
        "| edits | ms |",
        "|---|---|",
        *(f"| {name} | {milliseconds:.1f} |" for name, milliseconds in speeds.items()),
    ]
    return "".join(f"{line}\n" for line in lines)


# --- speed

_DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: d{number}
  labels:
    app: web
spec:
  replicas: {replicas}
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
      - name: main
        image: web:{image}
        args: [a, b]
        env:
        - name: A
          value: "{value}"
        - name: B
          value: "2"
        ports:
        - containerPort: 80
      volumes:
      - name: v1
        emptyDir: {{}}
"""


def speeds() -> dict[str, float]:
    original, local, upstream = _package(), _package(replicas=2), _package(image=2)
    return {
        "a field of every resource on both sides": _best(original, local, upstream),
        "the same, in every fifth resource": _best(original, _package(5, replicas=2), _package(5, image=2)),
        "the same field of every resource, 100 conflicts": _best(original, _package(image=3), upstream),
        "an item of every list on both sides": _best(original, _package(value=2), upstream),
        "none upstream": _best(original, local, original),
    }


def _package(every: int = 1, **changed: int) -> dict[str, bytes]:
    files = {}
    for file in range(20):
        numbers = range(file * 5, file * 5 + 5)
        values = {"replicas": 1, "image": 1, "value": 1}
        texts = [
            _DEPLOYMENT.format(number=number, **{**values, **(changed if number % every == 0 else {})})
            for number in numbers
        ]
        files[f"f{file}.yaml"] = "---\n".join(texts).encode()
    return files


def _best(original: dict[str, bytes], local: dict[str, bytes], upstream: dict[str, bytes]) -> float:
    times = []
    for _ in range(5):
        start = time.perf_counter()
        merge(original, local, upstream)
        times.append(time.perf_counter() - start)
    return min(times) * 1000
