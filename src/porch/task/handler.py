"""Chooses the task by its type, applies it, then writes the request's package metadata into the Kptfile.

Called by the engine with a request that the strategy has validated; what fails here is a task that cannot be done.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from porch.errors import Details, FieldError, Invalid, invalid
from porch.krm import kptfile
from porch.krm.errors import YamlError
from porch.krm.kptfile import Kptfile
from porch.task import init
from porch.task.interface import PackageConfig
from porch.types.packagerevision import PACKAGE_REVISION
from porch.types.task import Task

_FIELD = "spec.tasks[0]"


class Tasks:
    """The TaskHandler of this server."""

    def apply_task(self, task: Task, package: PackageConfig, current: Mapping[str, bytes]) -> dict[str, bytes]:
        if task.type != "init" or task.init is None:
            text = f'task of type "{task.type}" not supported yet'
            raise _failed(task, package, [invalid(f"{_FIELD}.type", task.type, text)])
        if problems := init.problems(task.init):
            raise _failed(task, package, [replace(item, field=f"{_FIELD}.init.{item.field}") for item in problems])
        return _with_metadata(init.apply(task.init, package.path, current), task, package)


def _with_metadata(files: dict[str, bytes], task: Task, package: PackageConfig) -> dict[str, bytes]:
    """Labels and annotations are added to those in the Kptfile, the request's win; readiness gates replace."""
    try:
        root = Kptfile.parse(files[kptfile.NAME])
    except YamlError as error:
        problem = invalid(_FIELD, task.type, f"failed to parse Kptfile: {error.message}")
        raise _failed(task, package, [problem]) from error
    root = root.with_metadata(package.labels, package.annotations, merge=True)
    if package.readiness_gates is not None:
        root = root.with_readiness_gates(package.readiness_gates)
    return {**files, kptfile.NAME: root.data}


def _failed(task: Task, package: PackageConfig, errors: list[FieldError]) -> Invalid:
    """The sentence is in the message, and in the causes too: they are all that kubectl shows of a 422."""
    shown = str(errors[0]) if len(errors) == 1 else f"[{', '.join(map(str, errors))}]"
    sentence, kind = f"failed to apply {task.type} task: ", PACKAGE_REVISION
    causes = tuple(replace(error, text=sentence + error.text) for error in errors)
    details = Details(name=package.name, group=kind.group, kind=kind.name, causes=causes)
    return Invalid(sentence + shown, details=details)
