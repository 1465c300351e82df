"""Chooses the task by its type, applies it, then writes the request's package metadata into the Kptfile.

Called by the engine with a request that the strategy has validated; what fails here is a task that cannot be done.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from porch.errors import Details, FieldError, Invalid, invalid
from porch.krm import kptfile
from porch.krm.errors import YamlError
from porch.krm.kptfile import Kptfile
from porch.repository import Entry
from porch.task import clone, init, upgrade
from porch.task.errors import TaskFailed
from porch.task.interface import Applied, PackageConfig, Source
from porch.types.packagerevision import PACKAGE_REVISION
from porch.types.task import Task, UpgradeTask

_FIELD = "spec.tasks[0]"


class Tasks:
    """The TaskHandler of this server. It has no state, so that a worker process can have one too."""

    def apply_task(self, task: Task, package: PackageConfig, sources: Sequence[Source]) -> Applied:
        try:
            applied = _applied(task, package, sources)
            return replace(applied, files=_with_metadata(applied.files, package))
        except TaskFailed as error:
            raise failed(task, package.name, [invalid(_FIELD, task.type, str(error))]) from error


def _applied(task: Task, package: PackageConfig, sources: Sequence[Source]) -> Applied:
    if task.init is not None:
        if problems := init.problems(task.init):
            raise failed(task, package.name, [replace(item, field=f"{_FIELD}.init.{item.field}") for item in problems])
        return Applied(init.apply(task.init, package.path))
    if task.clone is not None:
        return Applied(clone.apply(sources[0], package))
    if task.edit is not None:
        return Applied(sources[0].files)
    assert task.upgrade is not None, "the strategy lets no other task pass"
    return _upgraded(task, task.upgrade, package, sources)


def _upgraded(task: Task, payload: UpgradeTask, package: PackageConfig, sources: Sequence[Source]) -> Applied:
    try:
        return upgrade.apply(payload, package, sources)
    except Invalid as error:
        new = payload.new_upstream_ref.name
        sentence = f'error updating the package "{package.path}" to revision "{new}": '
        raise refused(task, package.name, error, sentence) from error


def _with_metadata(files: Mapping[str, bytes | Entry], package: PackageConfig) -> dict[str, bytes | Entry]:
    """Labels and annotations are added to those in the Kptfile, the request's win; readiness gates replace."""
    data = files.get(kptfile.NAME)
    if not isinstance(data, bytes):
        raise TaskFailed('failed to parse Kptfile: file "Kptfile" is missing from the package')
    try:
        root = Kptfile.parse(data)
    except YamlError as error:
        raise TaskFailed(f"failed to parse Kptfile: {error.message}") from error
    root = root.with_metadata(package.labels, package.annotations, merge=True)
    if package.readiness_gates is not None:
        root = root.with_readiness_gates(package.readiness_gates)
    return {**files, kptfile.NAME: root.data}


def failed(task: Task, name: str, errors: Sequence[FieldError]) -> Invalid:
    """The sentence is in the message, and in the causes too: they are all that kubectl shows of a 422. `name` is the
    revision's.
    """
    shown = str(errors[0]) if len(errors) == 1 else f"[{', '.join(map(str, errors))}]"
    return refused(task, name, Invalid(shown, details=Details(causes=tuple(errors))))


def refused(task: Task, name: str, error: Invalid, sentence: str = "") -> Invalid:
    """An error of the task's content as one of the task."""
    begin, kind = f"failed to apply {task.type} task: {sentence}", PACKAGE_REVISION
    causes = tuple(replace(cause, text=begin + cause.text) for cause in (error.details.causes if error.details else ()))
    details = Details(name=name, group=kind.group, kind=kind.name, causes=causes)
    return Invalid(begin + error.message, details=details)
