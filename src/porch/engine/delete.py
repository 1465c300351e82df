"""Use case: delete a package revision. Drafts and proposals go at once; finalizers make it wait; published ones stay.

Deleting what is published first needs it to be proposed for deletion, which is not built yet.
"""

from __future__ import annotations

from dataclasses import replace

from porch.cache import UserMetadata
from porch.engine.engine import Engine, Revision, load, object_key
from porch.errors import Conflict, Forbidden, Invalid, invalid
from porch.keys import PACKAGE_REVISIONS
from porch.objects import Call, Deleted, DeleteOptions
from porch.objects.deletion import Fate, condemn
from porch.objects.identity import require_preconditions
from porch.observe import step
from porch.store import StoredVersion, Transaction
from porch.types.packagerevision import DELETION_PROPOSED, PACKAGE_REVISION, PUBLISHED

_GROUP, _RESOURCE = PACKAGE_REVISIONS.group, PACKAGE_REVISIONS.resource
BUSY = 'another request is already in progress on package revision "{}/{}"'


def delete_package_revision(engine: Engine, call: Call, namespace: str, name: str, options: DeleteOptions) -> Deleted:
    revision = load(engine, namespace, name)
    _require_deletable(revision, options)
    with engine.locks.hold(PACKAGE_REVISIONS, namespace, name, BUSY.format(namespace, name)):
        revision = load(engine, namespace, name)
        _require_deletable(revision, options)
        obj = revision.object()
        fate = condemn(obj.metadata, options.propagation)
        if fate is Fate.REMOVED:
            return Deleted(revision.stored if call.dry_run else finish_deletion(engine, revision), finished=True)
        if fate is Fate.WAITING:
            return Deleted(revision.stored, finished=False)
        if call.dry_run:
            return Deleted(replace(revision.stored, tail=PACKAGE_REVISION.encode_tail(obj)), finished=False)
        return Deleted(_mark(engine, revision, UserMetadata.of(obj.metadata)), finished=False)


def finish_deletion(engine: Engine, revision: Revision) -> StoredVersion:
    """Takes the revision's branch away, and with it the revision. Returns its tombstone. Whoever asks for it, what is
    published stays: a draft may have become so, in git, while finalizers held its deletion.
    """
    _require_unpublished(revision)
    repository = engine.cache.open_repository(revision.repository)
    with step("engine.delete"):
        return repository.delete_package_revision(revision.row, lambda tx: still(tx, revision))


def still(tx: Transaction, revision: Revision) -> None:
    """The last look before anything moves: nobody changed the object meanwhile. Raises Conflict."""
    current = tx.versions.get(object_key(revision.row.namespace, revision.row.name))
    if current is None or current.version != revision.stored.version:
        raise Conflict.modified(_GROUP, _RESOURCE, revision.row.name)


def _mark(engine: Engine, revision: Revision, metadata: UserMetadata) -> StoredVersion:
    repository = engine.cache.open_repository(revision.repository)
    marked = engine.store.commit(lambda tx: repository.put_metadata(tx, revision.stored, metadata))
    if marked is None:
        raise Conflict.modified(_GROUP, _RESOURCE, revision.row.name)
    return marked


def _require_deletable(revision: Revision, options: DeleteOptions) -> None:
    row, stored = revision.row, revision.stored
    wanted, found = (options.uid, options.resource_version), (stored.uid, str(stored.version))
    require_preconditions(PACKAGE_REVISION, row.name, wanted, found)
    _require_unpublished(revision)


def _require_unpublished(revision: Revision) -> None:
    row = revision.row
    if row.lifecycle == PUBLISHED:
        why = (
            "published PackageRevisions must be proposed for deletion by setting spec.lifecycle to 'DeletionProposed' "
            "prior to deletion"
        )
        raise Forbidden.of(_GROUP, _RESOURCE, row.name, why)
    if row.lifecycle == DELETION_PROPOSED:
        problem = invalid("spec.lifecycle", DELETION_PROPOSED, "deleting published revisions is not built yet")
        raise Invalid.of(_GROUP, PACKAGE_REVISION.name, row.name, [problem])
