"""Rules of PackageRevision: canonical spelling, defaults, what a create and an update may say, columns, selectors.

A request is normalised first, so that aliases and letter case never reach the engine and a repeated apply changes
nothing. What an update may not change it either refuses or silently keeps, as upstream does, by lifecycle.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

import msgspec

from porch.errors import FieldError, forbidden, invalid, required
from porch.keys import (
    PackageKey,
    RepositoryKey,
    RevisionKey,
    directory_problems,
    label_problems,
    revision_name_problems,
)
from porch.strategy import lifecycle, tasks
from porch.strategy.interface import Column, Strategy
from porch.strategy.kptfile import condition_errors, metadata_errors, readiness_gate_errors
from porch.types.packagerevision import (
    DELETION_PROPOSED,
    DRAFT,
    LATEST_LABEL,
    LIFECYCLES,
    PUBLISHED,
    PackageRevision,
    PackageRevisionSpec,
)

UPSTREAM_FIELD = "spec.tasks.upstream"
"""For our own questions only: the package revision that this one was cloned from or upgraded to."""
_LATEST_FIELD = f"metadata.labels.{LATEST_LABEL}"
_LABEL_SELECTOR = "spec.packageMetadata.labels"
_REVISION = re.compile(r"v?(-?[0-9]{1,18})")


class PackageRevisionStrategy(Strategy):
    columns: ClassVar[tuple[Column, ...]] = (
        Column("Name"),
        Column("Package"),
        Column("WorkspaceName"),
        Column("Revision", "int"),
        Column("Latest", "boolean"),
        Column("Lifecycle"),
        Column("Repository"),
    )
    selectable: ClassVar[tuple[str, ...]] = (
        "spec.repository",
        "spec.packageName",
        "spec.workspaceName",
        "spec.revision",
        "spec.lifecycle",
    )
    must_name_version: ClassVar[bool] = True

    def normalise(self, obj: PackageRevision) -> None:
        """The one spelling of everything that may be spelled in several ways. An alias that contradicts stays, and
        fails validation.
        """
        spec = obj.spec
        if spec.repository_name and spec.repository in {"", spec.repository_name}:
            spec.repository, spec.repository_name = spec.repository_name, ""
        spec.lifecycle = lifecycle.canonical(spec.lifecycle)
        spec.package_name = spec.package_name.strip("/")
        tasks.normalise(spec.tasks)

    def prepare_for_create(self, obj: PackageRevision) -> None:
        """Normalises, fills in defaults, drops what only the server sets."""
        if not obj.spec.tasks:
            obj.spec.tasks = tasks.default(obj.spec.package_name)
        self.normalise(obj)
        obj.spec.lifecycle = obj.spec.lifecycle or DRAFT
        obj.spec.revision = 0
        obj.status = type(obj.status)()

    def prepare_for_update(self, obj: PackageRevision, old: PackageRevision, subresource: str) -> None:  # noqa: ARG002
        """Puts back what an update cannot change: identity and origin always; what the Kptfile keeps unless Draft."""
        self.normalise(obj)
        spec, kept = obj.spec, old.spec
        for name in ("package_name", "repository", "repository_name", "workspace_name", "revision", "tasks", "parent"):
            setattr(spec, name, getattr(kept, name))
        spec.lifecycle = spec.lifecycle or DRAFT
        conditions = obj.status.conditions
        obj.status = msgspec.structs.replace(old.status)
        if kept.lifecycle != DRAFT or spec.package_metadata is None:
            spec.package_metadata = kept.package_metadata
        if kept.lifecycle != DRAFT or spec.readiness_gates is None:
            spec.readiness_gates = kept.readiness_gates
        if kept.lifecycle == DRAFT and conditions is not None:
            obj.status.conditions = conditions

    def validate(self, obj: PackageRevision) -> list[FieldError]:
        """A create, after `prepare_for_create`. An update is checked by `validate_update` alone, because it must be
        possible to change the rest of a revision that somebody else made by other rules.
        """
        spec = obj.spec
        errors = []
        if LATEST_LABEL in obj.metadata.labels:
            errors.append(forbidden(_LATEST_FIELD, "label is managed by porch and cannot be set by users"))
        errors += _name_errors(spec)
        errors += lifecycle.create_errors(spec.lifecycle)
        errors += tasks.errors(spec.tasks) + tasks.conflict_errors(obj.metadata.annotations)
        if spec.parent is not None and spec.parent.name:
            errors.append(forbidden("spec.parent.name", "parent packages are not supported; leave it out"))
        errors += metadata_errors(spec.package_metadata)
        return errors + readiness_gate_errors(spec.readiness_gates)

    def validate_update(self, obj: PackageRevision, old: PackageRevision) -> list[FieldError]:
        """An update on the main endpoint, `obj` normalised, before `prepare_for_update`."""
        errors = []
        if obj.metadata.labels.get(LATEST_LABEL) != old.metadata.labels.get(LATEST_LABEL):
            errors.append(forbidden(_LATEST_FIELD, "label is managed by porch and cannot be modified by users"))
        errors += lifecycle.update_errors(old.spec.lifecycle, obj.spec.lifecycle)
        if old.spec.lifecycle not in lifecycle.UNPUBLISHED:
            return errors + ([] if errors else _fixed_spec_errors(obj.spec, old.spec))
        if old.spec.lifecycle == DRAFT:
            errors += _kptfile_errors(obj, old)
        return errors

    def validate_approval(self, obj: PackageRevision, old: PackageRevision) -> list[FieldError]:
        """An update on the approval endpoint, `obj` normalised. Only its lifecycle counts."""
        return lifecycle.approval_errors(old.spec.lifecycle, obj.spec.lifecycle)

    def fields(self, obj: PackageRevision) -> dict[str, str]:
        spec = obj.spec
        labels = (spec.package_metadata and spec.package_metadata.labels) or {}
        return {
            "spec.repository": spec.repository,
            "spec.packageName": spec.package_name,
            "spec.workspaceName": spec.workspace_name,
            "spec.revision": str(spec.revision),
            "spec.lifecycle": spec.lifecycle,
            **({UPSTREAM_FIELD: upstream} if (upstream := tasks.upstream_of(spec.tasks)) else {}),
            **{f"{_LABEL_SELECTOR}[{key}]": value for key, value in labels.items()},
        }

    def cells(self, obj: PackageRevision, age: str) -> list[Any]:  # noqa: ARG002 - upstream shows no age
        spec = obj.spec
        return [
            obj.metadata.name,
            spec.package_name,
            spec.workspace_name,
            spec.revision,
            obj.metadata.labels.get(LATEST_LABEL) == "true",
            spec.lifecycle,
            spec.repository,
        ]


def is_selectable(field: str) -> bool:
    """Whether a field selector may name `field`, besides metadata.name and metadata.namespace."""
    known = field in PackageRevisionStrategy.selectable
    return known or (field.startswith(f"{_LABEL_SELECTOR}[") and field.endswith("]"))


def selector_problem(field: str, value: str) -> str:
    """Why `field=value` cannot be asked for; empty when it can."""
    if field == f"{_LABEL_SELECTOR}[]":
        return f'label key cannot be empty in field selector "{field}"'
    if not value or (field == "spec.lifecycle" and value not in LIFECYCLES):
        return f'unsupported fieldSelector value "{value}" for field "{field}"' + (
            "" if value else ' with operator "="'
        )
    return ""


def selector_value(field: str, value: str) -> str:
    """The value as `fields` spells it: a revision without its `v`, -1 for what is no number."""
    if field != "spec.revision":
        return value
    match = _REVISION.fullmatch(value)
    return str(int(match[1])) if match else "-1"


def _name_errors(spec: PackageRevisionSpec) -> list[FieldError]:
    """Repository, package and workspace one by one; the name that they make only when each is right."""
    errors = []
    if not spec.repository:
        errors.append(required("spec.repository", "spec.repositoryName is required"))
    elif spec.repository_name:
        text = f'contradicts spec.repository "{spec.repository[:253]}"; give only spec.repository'
        errors.append(invalid("spec.repositoryName", spec.repository_name, text))
    elif len(spec.repository) > 253:
        errors.append(invalid("spec.repository", spec.repository, "must be no more than 253 characters"))
    for field, value, problems in (
        ("spec.packageName", spec.package_name, directory_problems(spec.package_name, mandatory=True)),
        ("spec.workspaceName", spec.workspace_name, label_problems(spec.workspace_name)),
    ):
        if not value:
            errors.append(required(field, ",".join(problems)))
        elif problems:
            errors.append(invalid(field, value, ",".join(problems)))
    if errors:
        return errors
    package = PackageKey(RepositoryKey("", spec.repository), spec.package_name)
    problem = revision_name_problems(RevisionKey(package, spec.workspace_name)).strip()
    return [invalid("spec.packageName", spec.package_name, problem)] if problem else []


def _kptfile_errors(obj: PackageRevision, old: PackageRevision) -> list[FieldError]:
    """Only what changes is checked: the Kptfile may have come from elsewhere, by other rules."""
    errors = []
    if obj.spec.package_metadata != old.spec.package_metadata:
        errors += metadata_errors(obj.spec.package_metadata)
    if obj.spec.readiness_gates != old.spec.readiness_gates:
        errors += readiness_gate_errors(obj.spec.readiness_gates)
    if obj.status.conditions != old.status.conditions:
        errors += condition_errors(obj.status.conditions)
    return errors


def _fixed_spec_errors(new: PackageRevisionSpec, old: PackageRevisionSpec) -> list[FieldError]:
    """A published revision's spec is fixed, but for Published and DeletionProposed taking turns."""
    wanted = msgspec.structs.replace(new)
    if new.package_metadata is None:
        wanted.package_metadata = old.package_metadata
    if new.lifecycle in {PUBLISHED, DELETION_PROPOSED}:
        wanted.lifecycle = old.lifecycle
    if _comparable(wanted) == _comparable(old):
        return []
    text = "spec can only update package with lifecycle value one of Draft,Proposed"
    return [invalid("spec", msgspec.to_builtins(new), text)]


def _comparable(spec: PackageRevisionSpec) -> Any:
    """The spec without anything empty: absent, nil and empty are the same."""
    return _pruned(msgspec.to_builtins(spec))


def _pruned(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: item for key, found in value.items() if (item := _pruned(found)) not in (None, "", 0, {}, [])}
    if isinstance(value, list):
        return [_pruned(item) for item in value]
    return value
