"""Use case: change the lifecycle of a package revision without changing its content.

Reject takes a proposal back to Draft. Approve publishes it, exactly the commit that was proposed, as the next revision
of its package. What is published may be proposed for deletion and back. Each is one push that moves refs by
compare-and-swap; a proposal that somebody changed meanwhile is not published.
"""

from __future__ import annotations

from dataclasses import replace

from porch.cache import CachedRepository, UserMetadata
from porch.engine.content import required_rendered
from porch.engine.delete import BUSY, still
from porch.engine.engine import Engine, Revision, author, dry_version
from porch.engine.rollback import rollback
from porch.errors import Invalid
from porch.keys import PACKAGE_REVISIONS
from porch.objects import Call
from porch.observe import step
from porch.store import StoredVersion, Transaction
from porch.strategy import readiness
from porch.types.packagerevision import DRAFT, PACKAGE_REVISION, PUBLISHED, PackageRevision
from porch.types.repository import READINESS_GATES_ANNOTATION


def change_lifecycle(engine: Engine, call: Call, revision: Revision, new: PackageRevision) -> StoredVersion:
    """From the stored lifecycle to that of `new`, which the strategy has allowed. Returns the stored object."""
    row, target = revision.row, new.spec.lifecycle
    with engine.locks.hold(PACKAGE_REVISIONS, row.namespace, row.name, BUSY.format(row.namespace, row.name)):
        repository = engine.cache.open_repository(revision.repository)
        with rollback(row.name):
            if target == DRAFT:
                return _reject(call, repository, revision, new)
            if row.revision == 0:
                return _publish(engine, call, repository, revision)
            return _mark(call, repository, revision, new)


def _reject(call: Call, repository: CachedRepository, revision: Revision, new: PackageRevision) -> StoredVersion:
    draft = repository.open_package_revision_draft(revision.row, author(call.caller))
    draft.update_lifecycle(DRAFT)
    user = UserMetadata.of(new.metadata)
    if call.dry_run:
        return dry_version(repository, repository.planned(draft), user, revision.stored)
    with step("engine.reject"):
        return repository.close_package_revision_draft(draft, revision.row.name, user, lambda tx: still(tx, revision))


def _publish(engine: Engine, call: Call, repository: CachedRepository, revision: Revision) -> StoredVersion:
    obj = revision.object()
    if unmet := readiness.unmet(obj):
        annotations = engine.cache.repository_object(revision.repository).metadata.annotations
        if annotations.get(READINESS_GATES_ANNOTATION) != "false":
            raise Invalid.of(PACKAGE_REVISION.group, PACKAGE_REVISION.name, revision.row.name, unmet)
    with required_rendered(engine, repository, revision, dry_run=call.dry_run) as rendered:
        if call.dry_run:
            found = replace(repository.discovered(revision.row), lifecycle=PUBLISHED)
            return dry_version(repository, found, UserMetadata.of(obj.metadata), revision.stored)

        def check(tx: Transaction) -> None:
            still(tx, rendered.followed(revision))
            engine.verdicts.note(tx, rendered.verdict)

        with step("engine.publish"):
            return repository.publish(revision.row, author(call.caller), check)


def _mark(call: Call, repository: CachedRepository, revision: Revision, new: PackageRevision) -> StoredVersion:
    user, target = UserMetadata.of(new.metadata), new.spec.lifecycle
    if call.dry_run:
        found = replace(repository.discovered(revision.row), lifecycle=target)
        return dry_version(repository, found, user, revision.stored)
    with step("engine.mark"):
        return repository.mark(revision.row, target, user, lambda tx: still(tx, revision))
