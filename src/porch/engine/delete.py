"""Use case: delete a package revision. Finalizers make it wait.

What is published goes only when it was proposed for deletion, and nothing of the namespace has it as its upstream. Its
tag goes, the content on the branch stays; a package on the branch is deleted by a commit.
"""

from __future__ import annotations

from dataclasses import replace

from porch.cache import UserMetadata
from porch.engine.engine import Engine, Revision, author, load, object_key
from porch.errors import Conflict, Forbidden
from porch.keys import PACKAGE_REVISIONS
from porch.objects import Call, Caller, Deleted, DeleteOptions
from porch.objects.deletion import Fate, condemn
from porch.objects.identity import require_preconditions
from porch.observe import step
from porch.store import Query, StoredVersion, Transaction
from porch.strategy.packagerevision import UPSTREAM_FIELD
from porch.types.packagerevision import PACKAGE_REVISION, PUBLISHED
from porch.types.selectors import Requirement, Selector

_GROUP, _RESOURCE = PACKAGE_REVISIONS.group, PACKAGE_REVISIONS.resource
BUSY = 'another request is already in progress on package revision "{}/{}"'


def delete_package_revision(engine: Engine, call: Call, namespace: str, name: str, options: DeleteOptions) -> Deleted:
    revision = load(engine, namespace, name)
    _require_deletable(engine, revision, options)
    with engine.locks.hold(PACKAGE_REVISIONS, namespace, name, BUSY.format(namespace, name)):
        revision = load(engine, namespace, name)
        _require_deletable(engine, revision, options)
        obj = revision.object()
        fate = condemn(obj.metadata, options.propagation)
        if fate is Fate.REMOVED:
            done = revision.stored if call.dry_run else finish_deletion(engine, call.caller, revision)
            return Deleted(done, finished=True)
        if fate is Fate.WAITING:
            return Deleted(revision.stored, finished=False)
        if call.dry_run:
            return Deleted(replace(revision.stored, tail=PACKAGE_REVISION.encode_tail(obj)), finished=False)
        return Deleted(_mark(engine, revision, UserMetadata.of(obj.metadata)), finished=False)


def finish_deletion(engine: Engine, caller: Caller, revision: Revision) -> StoredVersion:
    """Takes the revision out of git. Returns its tombstone. Whoever asks for it, what is published and not proposed for
    deletion stays: a draft may have become so while finalizers held its deletion.
    """
    _require_unused(engine, revision)
    repository = engine.cache.open_repository(revision.repository)
    with step("engine.delete"):
        return repository.delete_package_revision(revision.row, author(caller), lambda tx: still(tx, revision))


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


def _require_deletable(engine: Engine, revision: Revision, options: DeleteOptions) -> None:
    row, stored = revision.row, revision.stored
    wanted, found = (options.uid, options.resource_version), (stored.uid, str(stored.version))
    require_preconditions(PACKAGE_REVISION, row.name, wanted, found)
    _require_unused(engine, revision)


def _require_unused(engine: Engine, revision: Revision) -> None:
    row = revision.row
    if row.lifecycle == PUBLISHED:
        why = (
            "published PackageRevisions must be proposed for deletion by setting spec.lifecycle to 'DeletionProposed' "
            "prior to deletion"
        )
        raise Forbidden.of(_GROUP, _RESOURCE, row.name, why)
    if user := _downstream(engine, revision):
        why = f"cannot delete package revision, it is referenced as upstream by: {user}"
        raise Forbidden.of(_GROUP, _RESOURCE, row.name, why)


def _downstream(engine: Engine, revision: Revision) -> str:
    """The name of a package revision of the namespace that was cloned from this one, or upgraded to it."""
    names = tuple({revision.row.name, revision.stored.alias} - {""})
    using = Selector((Requirement(UPSTREAM_FIELD, "in", names),))
    with engine.store.read() as reads:
        page = reads.versions.list(Query(str(PACKAGE_REVISIONS), revision.row.namespace, fields=using, limit=1))
    return page.items[0].key.name if page.items else ""
