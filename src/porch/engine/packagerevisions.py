"""PackageRevisions behind the verbs of the API: routes each verb to its use case."""

from __future__ import annotations

from collections.abc import Callable

from porch.engine.create import create_package_revision
from porch.engine.delete import delete_package_revision
from porch.engine.edit import update_package_revision
from porch.engine.engine import Engine, load
from porch.engine.names import resolve
from porch.engine.query import list_revisions
from porch.objects import Call, Deleted, DeleteOptions, ListOptions, ListResult
from porch.store import StoredVersion
from porch.types.kind import Kind
from porch.types.packagerevision import APPROVAL, PACKAGE_REVISION, PackageRevision


class PackageRevisions:
    """Implements objects.ResourceStorage."""

    kind: Kind = PACKAGE_REVISION

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def resolve(self, namespace: str, name: str) -> str:
        return resolve(self._engine, namespace, name)

    def get(self, call: Call, namespace: str, name: str) -> StoredVersion:  # noqa: ARG002 - the port's signature
        return load(self._engine, namespace, name).stored

    def list(self, call: Call, options: ListOptions) -> ListResult:  # noqa: ARG002 - the port's signature
        with self._engine.store.read() as reads:
            return list_revisions(reads, options)

    def create(self, call: Call, namespace: str, obj: PackageRevision) -> StoredVersion:
        return create_package_revision(self._engine, call, namespace, obj)

    def update(
        self,
        call: Call,
        namespace: str,
        name: str,
        change: Callable[[PackageRevision], PackageRevision],
        subresource: str = "",
    ) -> StoredVersion:
        approval = subresource == APPROVAL
        return update_package_revision(self._engine, call, namespace, name, change, approval=approval)

    def delete(self, call: Call, namespace: str, name: str, options: DeleteOptions) -> Deleted:
        return delete_package_revision(self._engine, call, namespace, name, options)
