"""Tasks turn a request into package content. Content goes in and out as values; no task reads or writes anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from porch.merge import Conflict
from porch.repository import Entry
from porch.types.packagerevision import GitLock
from porch.types.task import Task

Content: TypeAlias = "Mapping[str, bytes | Entry]"
"""A package as tasks see it: the files that they read, and entries for those that they only pass on."""


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
    deployment: bool = False
    """Whether it is in a repository of packages that are to be deployed."""
    on_conflict: str = ""
    """Whose edit stays when an upgrade cannot keep both: ours, theirs, or fail; empty for ours."""


@dataclass(frozen=True, slots=True)
class Source:
    """A package that a task starts from, and the lock that says where it is."""

    files: Content = field(default_factory=dict)
    lock: GitLock = field(default_factory=GitLock)


@dataclass(frozen=True, slots=True)
class Applied:
    """The package after a task. `conflicts` are edits that an upgrade could not keep side by side."""

    files: Content
    conflicts: tuple[Conflict, ...] = ()


class TaskHandler(Protocol):
    def apply_task(self, task: Task, package: PackageConfig, sources: Sequence[Source]) -> Applied:
        """`sources` are what the task names, in its order: none for init, one for clone and edit, and for upgrade the
        old upstream, the new one and the local package. Raises Invalid, its message begins `failed to apply <type>
        task: `.
        """
        ...


def is_read(path: str, entry: Entry) -> bool:
    """Whether tasks read this file: it may hold resources."""
    base = path.rpartition("/")[2]
    return entry.mode & 0o170000 == 0o100000 and (base == "Kptfile" or base.endswith((".yaml", ".yml")))
