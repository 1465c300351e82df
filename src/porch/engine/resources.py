"""Use case: read and save the files of a package revision.

Reading joins bytes that are kept encoded by tree id. Saving replaces the whole set of files: what the client sent back
unchanged stays the same entry in git, the rest is rendered, committed and pushed. The resourceVersion is the version at
which content or lifecycle last changed, so that a label put on the PackageRevision does not fail somebody's save.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace

import msgspec

from porch.cache import CachedRepository
from porch.engine.content import rendered, unchanged
from porch.engine.delete import BUSY
from porch.engine.engine import Engine, Revision, author, load
from porch.engine.rollback import rollback
from porch.errors import Conflict, Invalid
from porch.keys import PACKAGE_REVISION_RESOURCES as RESOURCES
from porch.keys import ObjectKey
from porch.objects import Call
from porch.objects.identity import require_same
from porch.observe import step
from porch.repository import Entry
from porch.store import StoredVersion, Transaction
from porch.strategy.resources import ResourcesStrategy
from porch.types.packagerevision import DRAFT, PUSH_ON_RENDER_FAILURE
from porch.types.resources import PACKAGE_REVISION_RESOURCES, PackageRevisionResources
from porch.types.task import Task

Change = Callable[[PackageRevisionResources], PackageRevisionResources]
_strategy = ResourcesStrategy(PACKAGE_REVISION_RESOURCES)
_encode = msgspec.json.Encoder().encode
_STATUS = b'"status":{"renderStatus":{"result":{"metadata":{},"exitCode":0},"error":""}}'


def get_resources(engine: Engine, namespace: str, name: str) -> StoredVersion:
    """Raises NotFound."""
    return shown(engine, load(engine, namespace, name, RESOURCES))


def shown(engine: Engine, revision: Revision) -> StoredVersion:
    """The PackageRevisionResources of a revision. Its JSON is put together from bytes that are kept encoded."""
    row, obj = revision.row, revision.object()
    content = engine.cache.content(engine.cache.open_repository(revision.repository), row.tree)
    meta = {"name": row.name, "namespace": row.namespace, "uid": revision.stored.uid}
    meta["creationTimestamp"] = obj.metadata.creation_timestamp or ""
    spec = {"packageName": row.path, "workspaceName": row.workspace, "repository": row.repository}
    binary = b',"binaryResources":' + content.binary if content.binary != b"{}" else b""
    tail = b'",%s,"spec":{%s%s,"resources":%s%s},%s}' % (
        _encode(meta)[1:],
        _encode(spec)[1:-1],
        b',"revision":%d' % row.revision if row.revision else b"",
        content.text,
        binary,
        _STATUS,
    )
    key = ObjectKey(str(RESOURCES), row.namespace, row.name)
    stored = revision.stored
    return StoredVersion(key, row.content_version, stored.uid, tail, stored.alias, stored.labels, stored.fields)


def update_resources(engine: Engine, call: Call, namespace: str, name: str, change: Change) -> StoredVersion:
    """Returns the resources as rendered; the current ones when nothing changed."""
    busy = BUSY.replace("package revision", "package revision resources").format(namespace, name)
    with engine.locks.hold(RESOURCES, namespace, name, busy):
        revision = load(engine, namespace, name, RESOURCES)
        current = shown(engine, revision)
        old: PackageRevisionResources = PACKAGE_REVISION_RESOURCES.decode(current.version, current.tail)
        new = change(PACKAGE_REVISION_RESOURCES.decode(current.version, current.tail))
        with step("engine.validate"):
            _validate(revision, new, old)
        repository = engine.cache.open_repository(revision.repository)
        with rollback(name), step("engine.save"):
            files = _files(repository, revision, new, old)
            if unchanged(files, repository.entries(revision.row.tree)):
                return current
            if not _save(engine, call, revision, repository, files):
                return replace(current, tail=PACKAGE_REVISION_RESOURCES.encode_tail(new))
        return get_resources(engine, namespace, name)


def _validate(revision: Revision, new: PackageRevisionResources, old: PackageRevisionResources) -> None:
    require_same(PACKAGE_REVISION_RESOURCES, new.metadata, old.metadata, must_name_version=True)
    if revision.row.lifecycle != DRAFT:
        why = f'cannot update a package revision with lifecycle value "{revision.row.lifecycle}"; package must be Draft'
        raise Conflict.of(RESOURCES.group, RESOURCES.resource, revision.row.name, why)
    errors = _strategy.validate(new)
    if errors:
        raise Invalid.of(RESOURCES.group, PACKAGE_REVISION_RESOURCES.name, revision.row.name, errors)


def _files(
    repository: CachedRepository, revision: Revision, new: PackageRevisionResources, old: PackageRevisionResources
) -> dict[str, bytes | Entry]:
    """The files as the client wants them. Without `binaryResources` the client does not know of binaries: all stay."""
    entries = repository.entries(revision.row.tree)
    files: dict[str, bytes | Entry] = {}
    for path, text in new.spec.resources.items():
        kept = path in entries and old.spec.resources.get(path) == text
        files[path] = entries[path] if kept else text.encode()
    if new.spec.binary_resources is None:
        untold = [path for path in entries if path not in old.spec.resources and path not in files]
        return files | {path: entries[path] for path in untold}
    before = old.spec.binary_resources or {}
    for path, data in new.spec.binary_resources.items():
        kept = path in entries and before.get(path) == data
        files[path] = entries[path] if kept else base64.b64decode(data)
    return files


def _save(
    engine: Engine,
    call: Call,
    revision: Revision,
    repository: CachedRepository,
    files: dict[str, bytes | Entry],
) -> bool:
    """Renders, commits and pushes. False in a dry run, which ends before the push."""
    push_on_failure = revision.object().metadata.annotations.get(PUSH_ON_RENDER_FAILURE) == "true"
    with step("render"):
        whole = rendered(engine, repository, revision.row.name, files, push_on_failure=push_on_failure)
    draft = repository.open_package_revision_draft(revision.row, author(call.caller))
    with step("repository.update-resources"):
        draft.update_resources(whole, Task(type="render"))
    if call.dry_run:
        return False
    repository.close_package_revision_draft(draft, revision.row.name, None, lambda tx: _same_content(tx, revision))
    return True


def _same_content(tx: Transaction, revision: Revision) -> None:
    """A label may have changed meanwhile, the content may not. Raises Conflict."""
    row = tx.revisions.get(revision.row.namespace, revision.row.name)
    if row is None or row.commit != revision.row.commit:
        raise Conflict.modified(RESOURCES.group, RESOURCES.resource, revision.row.name)
