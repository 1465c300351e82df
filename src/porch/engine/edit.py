"""Use case: update a package revision. What users put on it is stored; what the Kptfile keeps is committed and pushed.

Metadata of the Kubernetes object (labels, annotations, finalizers, owners) may change in every lifecycle. Kptfile
metadata, readiness gates and conditions change only in a Draft, and make one commit. Proposing a Draft renders it once
more; every other change of lifecycle moves refs alone (see `lifecycle`). At the approval endpoint only the lifecycle
changes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import msgspec

from porch.cache import CachedRepository, UserMetadata
from porch.engine.content import RenderJob, rendering_into
from porch.engine.delete import BUSY, finish_deletion, still
from porch.engine.engine import Engine, Revision, author, dry_version, load
from porch.engine.lifecycle import change_lifecycle
from porch.engine.operations import CANCEL_ANNOTATION, RENDERING
from porch.engine.rollback import rollback
from porch.errors import Conflict, Invalid, invalid
from porch.keys import PACKAGE_REVISIONS
from porch.krm.errors import YamlError
from porch.krm.kptfile import Kptfile
from porch.objects import Call, metadata
from porch.objects.deletion import is_released
from porch.objects.identity import require_same
from porch.observe import step
from porch.repository import Files, PackageRevisionDraft
from porch.store import StoredVersion, Transaction
from porch.strategy.packagerevision import PackageRevisionStrategy
from porch.types.packagerevision import (
    DRAFT,
    PACKAGE_REVISION,
    PROPOSED,
    PUSH_ON_RENDER_FAILURE,
    PackageCondition,
    PackageRevision,
)
from porch.types.task import Task

Change = Callable[[PackageRevision], PackageRevision]
_strategy = PackageRevisionStrategy(PACKAGE_REVISION)
_ATTEMPTS = 20


def update_package_revision(
    engine: Engine, call: Call, namespace: str, name: str, change: Change, *, approval: bool = False
) -> StoredVersion:
    """Returns the stored object; the current one when nothing changed. A change that lost a race is made again.
    `approval` says that it came to the approval endpoint.
    """
    for _ in range(_ATTEMPTS):
        revision = load(engine, namespace, name)
        old, new = revision.object(), change(revision.object())
        with step("engine.validate"):
            new = _validate_approval(new, old) if approval else _validate(call, new, old)
        _cancel_if_asked(engine, call, new)
        if new == old:
            return revision.stored
        if is_released(new.metadata, old.metadata):
            return _finish_deletion(engine, call, revision, new)
        lifecycle = old.spec.lifecycle, new.spec.lifecycle
        if lifecycle[0] != lifecycle[1] and lifecycle != (DRAFT, PROPOSED):
            return change_lifecycle(engine, call, revision, new)
        if lifecycle == (DRAFT, PROPOSED) or _content(new) != _content(old):
            return _edit_content(engine, call, revision, new)
        stored = _put_metadata(engine, call, revision, new)
        if stored is not None:
            return stored
    raise Conflict.modified(PACKAGE_REVISIONS.group, PACKAGE_REVISIONS.resource, name)


def _cancel_if_asked(engine: Engine, call: Call, new: PackageRevision) -> None:
    """The annotation is a wish, done at once and not kept."""
    wanted = new.metadata.annotations.pop(CANCEL_ANNOTATION, None)
    if wanted is not None and not call.dry_run:
        call.warnings.append(engine.operations.cancel(new.metadata.namespace, new.metadata.name, wanted))


def _validate_approval(new: PackageRevision, old: PackageRevision) -> PackageRevision:
    """The object as it is, with the lifecycle that was asked for."""
    _strategy.normalise(new)
    require_same(PACKAGE_REVISION, new.metadata, old.metadata, must_name_version=True)
    if errors := _strategy.validate_approval(new, old):
        raise Invalid.of(PACKAGE_REVISION.group, PACKAGE_REVISION.name, old.metadata.name, errors)
    return msgspec.structs.replace(old, spec=msgspec.structs.replace(old.spec, lifecycle=new.spec.lifecycle))


def _validate(call: Call, new: PackageRevision, old: PackageRevision) -> PackageRevision:
    """Checks the change and puts back, in `new`, whatever this endpoint may not change."""
    _strategy.normalise(new)
    require_same(PACKAGE_REVISION, new.metadata, old.metadata, must_name_version=True)
    metadata.carry_over(new.metadata, old.metadata)
    call.warnings += metadata.drop_repeated_owners(new.metadata)
    errors = [
        *metadata.metadata_errors(new.metadata, lambda _: []),
        *metadata.update_errors(new.metadata, old.metadata),
    ]
    errors += _strategy.validate_update(new, old)
    if errors:
        raise Invalid.of(PACKAGE_REVISION.group, PACKAGE_REVISION.name, old.metadata.name, errors)
    _strategy.prepare_for_update(new, old, "")
    new.kind, new.api_version = old.kind, old.api_version
    new.metadata.resource_version = old.metadata.resource_version
    return new


def _content(obj: PackageRevision) -> tuple[object, ...]:
    """What of a PackageRevision is kept in the Kptfile."""
    return obj.spec.package_metadata, obj.spec.readiness_gates, _kept_conditions(obj)


def _finish_deletion(engine: Engine, call: Call, revision: Revision, new: PackageRevision) -> StoredVersion:
    """Watchers see the last stored state, still with its finalizers; the client sees what it wrote."""
    namespace, name = revision.row.namespace, revision.row.name
    with engine.locks.hold(PACKAGE_REVISIONS, namespace, name, BUSY.format(namespace, name)):
        if not call.dry_run:
            finish_deletion(engine, call.caller, revision)
        return replace(revision.stored, tail=PACKAGE_REVISION.encode_tail(new))


def _put_metadata(engine: Engine, call: Call, revision: Revision, new: PackageRevision) -> StoredVersion | None:
    """Stores what users put on the object; no git. None when the object moved meanwhile."""
    if call.dry_run:
        return replace(revision.stored, tail=PACKAGE_REVISION.encode_tail(new))
    user = UserMetadata.of(new.metadata)
    repository = engine.cache.open_repository(revision.repository)
    return engine.store.commit(lambda tx: repository.put_metadata(tx, revision.stored, user))


def _edit_content(engine: Engine, call: Call, revision: Revision, new: PackageRevision) -> StoredVersion:
    row = revision.row
    with engine.locks.hold(PACKAGE_REVISIONS, row.namespace, row.name, BUSY.format(row.namespace, row.name)):
        repository = engine.cache.open_repository(revision.repository)
        with rollback(row.name), step("engine.edit"):
            draft = repository.open_package_revision_draft(row, author(call.caller))
            files = _with_kptfile(repository, draft, new)
            push_on_failure = new.metadata.annotations.get(PUSH_ON_RENDER_FAILURE) == "true"
            job = RenderJob(repository, draft, row.namespace, row.name, push_on_failure, call.dry_run)
            with rendering_into(engine, job, files, Task(type="render")) as rendered:
                draft.update_lifecycle(new.spec.lifecycle)
                user = UserMetadata.of(new.metadata)
                if call.dry_run:
                    return dry_version(repository, repository.planned(draft), user, revision.stored)

                def check(tx: Transaction) -> None:
                    still(tx, rendered.followed(revision))
                    engine.verdicts.note(tx, rendered.verdict)

                return repository.close_package_revision_draft(draft, row.name, user, check)


def _with_kptfile(repository: CachedRepository, draft: PackageRevisionDraft, new: PackageRevision) -> Files:
    """The draft's files with what `new` has for the Kptfile. Absent means unchanged; what is there replaces what the
    Kptfile has.
    """
    entry = draft.entries.get("Kptfile")
    try:
        kptfile = Kptfile.parse(repository.read_blobs([entry.blob])[0] if entry and entry.is_file else b"")
    except YamlError as error:
        problem = invalid("spec.resources[Kptfile]", "", f"{error.message}; mend it through PackageRevisionResources")
        raise Invalid.of(PACKAGE_REVISION.group, PACKAGE_REVISION.name, new.metadata.name, [problem]) from error
    spec = new.spec
    if spec.package_metadata is not None:
        kptfile = kptfile.with_metadata(spec.package_metadata.labels, spec.package_metadata.annotations, merge=False)
    if spec.readiness_gates is not None:
        kptfile = kptfile.with_readiness_gates([gate.condition_type for gate in spec.readiness_gates])
    if new.status.conditions is not None:
        kptfile = kptfile.with_conditions(_kept_conditions(new))
    return {**draft.entries, "Kptfile": repository.kept_or_new(entry, kptfile.data)}


def _kept_conditions(obj: PackageRevision) -> list[PackageCondition]:
    """Those of the Kptfile."""
    return [item for item in obj.status.conditions or () if item.type != RENDERING]
