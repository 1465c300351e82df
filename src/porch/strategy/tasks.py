"""Rules for spec.tasks: at most one task, of a known type, with the payload that its type names and no other."""

from __future__ import annotations

from collections.abc import Sequence

from porch.errors import FieldError, forbidden, invalid, not_supported, required
from porch.types.task import InitTask, Task

TYPES = ("init", "clone", "edit", "upgrade")


def normalise(tasks: Sequence[Task]) -> None:
    """Task types in the right letter case; unknown ones stay as they are."""
    for task in tasks:
        if task.type.lower() in TYPES:
            task.type = task.type.lower()


def default(package_name: str) -> list[Task]:
    """What a revision is made with when the request names no task. `package_name` is as the client wrote it."""
    return [Task(type="init", init=InitTask(description=f"{package_name} description"))]


def errors(tasks: Sequence[Task]) -> list[FieldError]:
    if not tasks:
        return []
    if len(tasks) > 1:
        return [invalid("spec.tasks", len(tasks), "task list must not contain more than one task")]
    task, path = tasks[0], "spec.tasks[0]"
    if task.type not in TYPES:
        return [not_supported(f"{path}.type", task.type, TYPES)]
    found = [
        forbidden(f"{path}.{other}", f'not allowed for a task of type "{task.type}"')
        for other in TYPES
        if other != task.type and getattr(task, other) is not None
    ]
    if getattr(task, task.type) is None:
        return [*found, required(f"{path}.{task.type}", f'{task.type} not set for task of type "{task.type}"')]
    return found + _source_errors(task, path)


def upstream_of(tasks: Sequence[Task]) -> str:
    """The name of the package revision that the package follows since this task; empty when it follows none."""
    for task in tasks:
        if task.clone is not None and task.clone.upstream_ref.upstream_ref is not None:
            return task.clone.upstream_ref.upstream_ref.name
        if task.upgrade is not None:
            return task.upgrade.new_upstream_ref.name
    return ""


def _source_errors(task: Task, path: str) -> list[FieldError]:
    if (
        task.type == "edit"
        and task.edit is not None
        and (task.edit.source_ref is None or not task.edit.source_ref.name)
    ):
        return [required(f"{path}.edit.sourceRef", "name the package revision to copy")]
    if task.type == "clone" and task.clone is not None:
        source = task.clone.upstream_ref
        if source.upstream_ref is None and source.git is None and source.oci is None:
            text = "invalid clone source (neither of git, oci, nor upstream were specified)"
            return [required(f"{path}.clone.upstreamRef", text)]
    return []
