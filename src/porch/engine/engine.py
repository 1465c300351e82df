"""The Engine: what every use case needs, in one place. Each use case is a file of functions that take it.

Create (`create`), edit (`edit`, `resources`), delete (`delete`) and read (`query`); `packagerevisions`,
`packagerevisionresources` and `packages` put them behind the verbs of the API.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from porch.cache import Cache, CachedRepository, Upstreams, UserMetadata
from porch.engine.locks import Locks
from porch.engine.operations import Operations
from porch.engine.rendering import Renderer
from porch.engine.verdicts import Verdicts
from porch.errors import NotFound
from porch.keys import PACKAGE_REVISIONS, GroupResource, ObjectKey, RepositoryKey
from porch.objects import AUTHENTICATED, Caller
from porch.repository import Author, Discovered
from porch.store import RevisionRow, Store, StoredVersion
from porch.task import TaskHandler
from porch.types.packagerevision import PACKAGE_REVISION, PackageRevision
from porch.workers import WorkerPool


@dataclass(frozen=True, slots=True)
class Engine:
    store: Store
    cache: Cache
    upstreams: Upstreams
    tasks: TaskHandler
    workers: WorkerPool
    renderer: Renderer
    verdicts: Verdicts
    operations: Operations
    locks: Locks = field(default_factory=Locks)

    def has_good_verdict(self, tree: str) -> bool:
        """Whether exactly these files were rendered, and found right, by the code that would run now."""
        verdict = self.verdicts.of(tree)
        return verdict is not None and verdict.succeeded and self.renderer.is_current(verdict)


@dataclass(frozen=True, slots=True)
class Revision:
    """A package revision as the index has it: its row, its stored object, and the object decoded."""

    row: RevisionRow
    stored: StoredVersion

    @property
    def repository(self) -> RepositoryKey:
        return RepositoryKey(self.row.namespace, self.row.repository)

    def object(self) -> PackageRevision:
        """A fresh copy."""
        obj: PackageRevision = PACKAGE_REVISION.decode(self.stored.version, self.stored.tail)
        return obj


def object_key(namespace: str, name: str) -> ObjectKey:
    return ObjectKey(str(PACKAGE_REVISIONS), namespace, name)


def load(engine: Engine, namespace: str, name: str, resource: GroupResource = PACKAGE_REVISIONS) -> Revision:
    """Raises NotFound, worded for the resource that the client asked for."""
    with engine.store.read() as reads:
        stored = reads.versions.get(object_key(namespace, name))
        row = reads.revisions.get(namespace, name)
    if stored is None or row is None:
        raise NotFound.of(resource.group, resource.resource, name)
    return Revision(row, stored)


def author(caller: Caller) -> Author:
    """Commits name the user of the request, if that is somebody who was authenticated; else they are Porch's own.
    The Repository may name another author for all of its commits.
    """
    return Author(caller.name, caller.name) if AUTHENTICATED in caller.groups else Author("", "")


def dry_version(
    repository: CachedRepository, found: Discovered, metadata: UserMetadata, old: StoredVersion | None = None
) -> StoredVersion:
    """What would be stored if git showed `found`. It keeps the old version number, 0 for a new object."""
    obj, name, alias = repository.preview(found, metadata)
    return StoredVersion(
        key=object_key(obj.metadata.namespace, name),
        version=old.version if old else 0,
        uid=obj.metadata.uid,
        tail=PACKAGE_REVISION.encode_tail(obj),
        alias=alias,
        labels=obj.metadata.labels,
    )
