"""Tasks turn a request into package content. Content goes in and out as values; no task reads or writes anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from porch.types.task import Task


@dataclass(frozen=True, slots=True)
class PackageConfig:
    """What a task needs to know of the package revision that it fills. None leaves that part of the Kptfile alone."""

    name: str
    """The revision's object name, for errors."""
    path: str
    """The package path, which the Kptfile carries as its name."""
    labels: Mapping[str, str] | None = None
    annotations: Mapping[str, str] | None = None
    readiness_gates: Sequence[str] | None = None


class TaskHandler(Protocol):
    def apply_task(self, task: Task, package: PackageConfig, current: Mapping[str, bytes]) -> dict[str, bytes]:
        """The package's files after `task`. Raises Invalid, its message begins `failed to apply <type> task: `."""
        ...
