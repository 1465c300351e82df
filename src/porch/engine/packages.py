"""PorchPackages: derived from the package revisions in the index, read-only."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import groupby

from porch.engine.engine import Engine
from porch.errors import MethodNotAllowed, NotFound
from porch.keys import PACKAGES, ObjectKey, PackageKey, RepositoryKey, package_uid
from porch.objects import Call, Deleted, DeleteOptions, ListOptions, ListResult
from porch.objects.listing import read_list
from porch.store import Page, StoredVersion
from porch.strategy.package import PackageStrategy
from porch.types.kind import Kind
from porch.types.meta import ObjectMeta
from porch.types.package import PORCH_PACKAGE, PackageSpec, PackageStatus, PorchPackage
from porch.types.packagerevision import PACKAGE_REVISION

_strategy = PackageStrategy(PORCH_PACKAGE)
_DIRECT = {
    "create": "create or clone a PackageRevision resource to create a package as direct package creation",
    "update": "update a PackageRevision resource to update a package as direct package update",
    "delete": "delete all PackageRevisions resources of a package to delete a package as direct package deletion",
}


class Packages:
    """Implements objects.ResourceStorage."""

    kind: Kind = PORCH_PACKAGE

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def resolve(self, namespace: str, name: str) -> str:  # noqa: ARG002 - packages have one name only
        return name

    def get(self, call: Call, namespace: str, name: str) -> StoredVersion:
        for item in self.list(call, ListOptions(namespace=namespace)).page.items:
            if item.key.name == name:
                return item
        raise NotFound.of(PACKAGES.group, PACKAGES.resource, name)

    def list(self, call: Call, options: ListOptions) -> ListResult:  # noqa: ARG002 - the port's signature
        """All in one page: packages are few beside their revisions."""
        with self._engine.store.read() as reads:
            everything = ListOptions(namespace=options.namespace, resource_version=options.resource_version)
            page = read_list(reads, str(PACKAGE_REVISION.resource), (), everything).page
        chosen = [item for item in _packages(page.items) if _selected(item, options)]
        return ListResult(Page(chosen, page.version))

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


def _packages(revisions: Iterable[StoredVersion]) -> Iterator[StoredVersion]:
    def package(item: StoredVersion) -> tuple[str, str, str]:
        return item.key.namespace, item.fields["spec.repository"], item.fields["spec.packageName"]

    for (namespace, repository, path), items in groupby(sorted(revisions, key=package), key=package):
        yield _package(PackageKey(RepositoryKey(namespace, repository), path), list(items))


def _package(key: PackageKey, revisions: list[StoredVersion]) -> StoredVersion:
    namespace = key.repository.namespace
    objects = [PACKAGE_REVISION.decode(item.version, item.tail) for item in revisions]
    latest = max(item.spec.revision for item in objects)
    obj = PorchPackage(
        metadata=ObjectMeta(
            name=key.name,
            namespace=namespace,
            uid=package_uid(namespace, key.name),
            creation_timestamp=min(item.metadata.creation_timestamp or "" for item in objects) or None,
        ),
        spec=PackageSpec(package_name=key.path, repository=key.repository.name),
        status=PackageStatus(latest_revision=max(latest, 0)),
    )
    version = max(item.version for item in revisions)
    stored = StoredVersion(ObjectKey(str(PACKAGES), namespace, key.name), version, obj.metadata.uid, b"")
    return replace(stored, tail=PORCH_PACKAGE.encode_tail(obj), fields=_strategy.fields(obj))


def _selected(item: StoredVersion, options: ListOptions) -> bool:
    names = {"metadata.name": item.key.name, "metadata.namespace": item.key.namespace}
    return options.labels.matches(item.labels) and options.fields.matches(names | dict(item.fields))
