"""Use case: read and save the files of a package revision.

Reading joins bytes that are kept encoded by tree id. Saving replaces the whole set of files: what the client sent back
unchanged stays the same entry in git, the rest is rendered, committed and pushed. The resourceVersion is the version at
which content or lifecycle last changed, so that a label put on the PackageRevision does not fail somebody's save.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from dataclasses import replace

import msgspec

from porch.cache import CachedRepository, is_hidden
from porch.engine.content import RenderJob, rendering_into, unchanged
from porch.engine.delete import BUSY
from porch.engine.engine import Engine, Revision, author, load
from porch.engine.rollback import rollback
from porch.errors import Conflict, Invalid
from porch.keys import PACKAGE_REVISION_RESOURCES as RESOURCES
from porch.objects import Call, Replacement, paging
from porch.objects.identity import require_same
from porch.observe import step
from porch.repository import Entry
from porch.store import StoredVersion, Transaction
from porch.strategy.base64text import decoded
from porch.strategy.resources import ResourcesStrategy
from porch.types.packagerevision import DRAFT, PACKAGE_REVISION, PUSH_ON_RENDER_FAILURE, PackageRevision
from porch.types.resources import PACKAGE_REVISION_RESOURCES, PackageRevisionResources
from porch.types.task import Task

Change = Callable[[PackageRevisionResources], PackageRevisionResources]
_LARGE = 1024 * 1024
_strategy = ResourcesStrategy(PACKAGE_REVISION_RESOURCES)
_encode = msgspec.json.Encoder().encode
NO_FILES = (b'"resources":{}',)
_STATUS = b'{"renderStatus":{"result":{"metadata":{},"exitCode":0},"error":""}}'
"""Where no function ran, or nobody remembers."""


def get_resources(engine: Engine, namespace: str, name: str) -> StoredVersion:
    """Raises NotFound."""
    revision = load(engine, namespace, name, RESOURCES)
    resources = shown(engine, revision)
    if revision.row.lifecycle == DRAFT:
        engine.renderer.expect(resources.tail)
    return resources


def shown(engine: Engine, revision: Revision) -> StoredVersion:
    """The PackageRevisionResources of a revision."""
    files = engine.cache.fields(engine.cache.open_repository(revision.repository), revision.row.tree)
    return joined(revision.stored, revision.row.content_version, files, status_of(engine, revision.row.tree))


def status_of(engine: Engine, tree: str) -> bytes:
    """What is remembered of rendering these files, as JSON; empty when nothing is worth telling."""
    verdict = engine.verdicts.of(tree)
    return verdict.status if verdict is not None else b""


def joined(revision: StoredVersion, version: int, files: Iterable[bytes], status: bytes = b"") -> StoredVersion:
    """The PackageRevisionResources of a stored PackageRevision, put together from bytes that are kept encoded. `files`
    are the fields of spec that hold them.
    """
    obj: PackageRevision = PACKAGE_REVISION.decode(revision.version, revision.tail)
    meta = {"name": obj.metadata.name, "namespace": obj.metadata.namespace, "uid": revision.uid}
    meta["creationTimestamp"] = obj.metadata.creation_timestamp or ""
    names = {"packageName": obj.spec.package_name, "workspaceName": obj.spec.workspace_name}
    spec = _encode(names | {"repository": obj.spec.repository})
    number = b',"revision":%d' % obj.spec.revision if obj.spec.revision else b""
    head = b'",%s,"spec":{%s%s,' % (_encode(meta)[1:], spec[1:-1], number)
    tail = io.BytesIO()  # it gives away its bytes without a copy
    tail.write(head)
    tail.writelines(files)
    tail.write(b'},"status":')
    tail.write(status or _STATUS)
    tail.write(b"}")
    key = replace(revision.key, resource=str(RESOURCES))
    return replace(revision, key=key, version=version, tail=tail.getvalue())


def update_resources(engine: Engine, call: Call, namespace: str, name: str, change: Change) -> StoredVersion:
    """Returns the resources as rendered; the current ones when nothing changed."""
    busy = BUSY.replace("package revision", "package revision resources").format(namespace, name)
    with engine.locks.hold(RESOURCES, namespace, name, busy):
        revision = load(engine, namespace, name, RESOURCES)
        # A replacement takes nothing from the files that are there, so they need not be read.
        old = _without_files(revision) if isinstance(change, Replacement) else shown(engine, revision)
        before: PackageRevisionResources = PACKAGE_REVISION_RESOURCES.decode(old.version, old.tail)
        new = change(PACKAGE_REVISION_RESOURCES.decode(old.version, old.tail))
        with step("engine.validate"):
            _accept_later_version(engine, new, before)
            repository = engine.cache.open_repository(revision.repository)
            _validate(revision, new, before, repository.entries(revision.row.tree).keys())
        with rollback(name), step("engine.save"):
            files = _files(engine, repository, revision, new)
            if unchanged(files, repository.entries(revision.row.tree)):
                return shown(engine, revision)
            if not _save(engine, call, revision, repository, files):
                return replace(old, tail=PACKAGE_REVISION_RESOURCES.encode_tail(new))
        return get_resources(engine, namespace, name)


def _without_files(revision: Revision) -> StoredVersion:
    return joined(revision.stored, revision.row.content_version, NO_FILES)


def _accept_later_version(engine: Engine, new: PackageRevisionResources, old: PackageRevisionResources) -> None:
    """A watch tells of resources that enter its selection, by a label perhaps, at the version of that change. Between
    the version of the content and the newest of all, each one is a version at which the content was as it is now.
    """
    named, current = paging.read_version(new.metadata.resource_version), old.metadata.resource_version
    with engine.store.read() as reads:
        newest = reads.versions.version()
    if named and int(current) < named <= newest:
        new.metadata.resource_version = current


def _validate(
    revision: Revision, new: PackageRevisionResources, old: PackageRevisionResources, known: AbstractSet[str]
) -> None:
    require_same(PACKAGE_REVISION_RESOURCES, new.metadata, old.metadata, must_name_version=True)
    if revision.row.lifecycle != DRAFT:
        why = f'cannot update a package revision with lifecycle value "{revision.row.lifecycle}"; package must be Draft'
        raise Conflict.of(RESOURCES.group, RESOURCES.resource, revision.row.name, why)
    errors = _strategy.file_errors(new.spec, known)
    if errors:
        raise Invalid.of(RESOURCES.group, PACKAGE_REVISION_RESOURCES.name, revision.row.name, errors)


def _files(
    engine: Engine, repository: CachedRepository, revision: Revision, new: PackageRevisionResources
) -> dict[str, bytes | Entry]:
    """The files as the client wants them. Without `binaryResources` the client does not know of binaries: all
    stay, as those always do that nobody can be shown.
    """
    tree = revision.row.tree
    entries = repository.entries(tree)
    files = {path: _file(repository, entries.get(path), text.encode()) for path, text in new.spec.resources.items()}
    untold = {path for path, entry in entries.items() if is_hidden(path, entry.mode)}
    if new.spec.binary_resources is None:
        untold |= engine.cache.content(repository, tree).binaries
    for path, text in (new.spec.binary_resources or {}).items():
        files[path] = _file(repository, entries.get(path), decoded(text))
    return {path: entries[path] for path in untold} | files


def _file(repository: CachedRepository, before: Entry | None, data: bytes) -> bytes | Entry:
    """What is large goes to the local copy at once, so that many of them are not in memory together."""
    kept = repository.kept_or_new(before, data)
    return repository.store_early(data, before) if kept is data and len(data) > _LARGE else kept


def _save(
    engine: Engine,
    call: Call,
    revision: Revision,
    repository: CachedRepository,
    files: dict[str, bytes | Entry],
) -> bool:
    """Renders, commits and pushes. False in a dry run, which ends before the push."""
    push_on_failure = revision.object().metadata.annotations.get(PUSH_ON_RENDER_FAILURE) == "true"
    row = revision.row
    draft = repository.open_package_revision_draft(row, author(call.caller))
    job = RenderJob(repository, draft, row.namespace, row.name, push_on_failure, call.dry_run)
    with rendering_into(engine, job, files, Task(type="render")) as rendered:
        if call.dry_run:
            return False

        def check(tx: Transaction) -> None:
            _same_content(tx, revision)
            engine.verdicts.note(tx, rendered.verdict)

        repository.close_package_revision_draft(draft, row.name, None, check)
        return True


def _same_content(tx: Transaction, revision: Revision) -> None:
    """A label may have changed meanwhile, the content may not. Raises Conflict."""
    row = tx.revisions.get(revision.row.namespace, revision.row.name)
    if row is None or row.commit != revision.row.commit:
        raise Conflict.modified(RESOURCES.group, RESOURCES.resource, revision.row.name)
