"""PorchPackages behind the verbs of the API: kept by the cache beside package revisions, read-only here."""

from __future__ import annotations

from collections.abc import Callable

from porch.engine.engine import Engine
from porch.errors import MethodNotAllowed, NotFound
from porch.keys import PACKAGES, ObjectKey
from porch.objects import Call, Deleted, DeleteOptions, ListOptions, ListResult
from porch.objects.listing import read_list
from porch.store import StoredVersion
from porch.strategy.package import PackageStrategy
from porch.types.kind import Kind
from porch.types.package import PORCH_PACKAGE, PorchPackage

_DIRECT = {
    "create": "create or clone a PackageRevision resource to create a package as direct package creation",
    "update": "update a PackageRevision resource to update a package as direct package update",
    "delete": "delete all PackageRevisions resources of a package to delete a package as direct package deletion",
}


class Packages:
    """Implements objects.ResourceStorage."""

    kind: Kind = PORCH_PACKAGE

    def __init__(self, engine: Engine) -> None:
        self._store = engine.store

    def resolve(self, namespace: str, name: str) -> str:  # noqa: ARG002 - packages have one name only
        return name

    def get(self, call: Call, namespace: str, name: str) -> StoredVersion:  # noqa: ARG002 - the port's signature
        with self._store.read() as reads:
            found = reads.versions.get(ObjectKey(str(PACKAGES), namespace, name))
        if found is None:
            raise NotFound.of(PACKAGES.group, PACKAGES.resource, name)
        return found

    def list(self, call: Call, options: ListOptions) -> ListResult:  # noqa: ARG002 - the port's signature
        with self._store.read() as reads:
            return read_list(reads, str(PACKAGES), PackageStrategy.selectable, options)

    def create(self, call: Call, namespace: str, obj: PorchPackage) -> StoredVersion:  # noqa: ARG002
        raise self._refusal("create")

    def update(
        self,
        call: Call,  # noqa: ARG002
        namespace: str,  # noqa: ARG002
        name: str,  # noqa: ARG002
        change: Callable[[PorchPackage], PorchPackage],  # noqa: ARG002
        subresource: str = "",  # noqa: ARG002
    ) -> StoredVersion:
        raise self._refusal("update")

    def delete(self, call: Call, namespace: str, name: str, options: DeleteOptions) -> Deleted:  # noqa: ARG002
        raise self._refusal("delete")

    def _refusal(self, verb: str) -> MethodNotAllowed:
        return MethodNotAllowed.of(PACKAGES.group, PACKAGES.resource, _DIRECT[verb])
