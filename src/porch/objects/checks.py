"""Rules that need other objects. They run inside the write's transaction, so what they saw still holds when it commits.

`objects.stored` calls them; which kind gets which is decided where the server is put together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from porch.errors import Conflict, Details, FieldError, Forbidden, NotFound
from porch.keys import NAMESPACES, REPOSITORIES, ObjectKey
from porch.objects.interface import Call
from porch.store import Query, Reads
from porch.strategy.location import repository_location
from porch.types.core import NAMESPACE
from porch.types.kind import Kind
from porch.types.repository import REPOSITORY, Repository

Check = Callable[[Call, Reads, Any, "Any | None"], None]
"""(call, reads, object, its old state or None for a create); raises an error of ours when it may not be written."""
DeletionCheck = Callable[[Call, Reads, Any], None]

SYSTEM_NAMESPACES = ("default", "kube-system")


def warn(call: Call, text: str) -> None:
    """Adds a warning once, however often the write is prepared."""
    if text not in call.warnings:
        call.warnings.append(text)


def require_namespace(reads: Reads, kind: Kind, namespace: str, name: str) -> None:
    """Raises NotFound, or Forbidden when the namespace is being deleted. For a new object `name` of `kind`."""
    found = reads.versions.get(ObjectKey(str(NAMESPACES), "", namespace))
    if found is None:
        raise NotFound.of("", NAMESPACES.resource, namespace)
    if not NAMESPACE.decode(found.version, found.tail).metadata.deletion_timestamp:
        return
    why = f"unable to create new content in namespace {namespace} because it is being terminated"
    error = Forbidden.of(kind.group, kind.plural, name, why)
    cause = FieldError("metadata.namespace", "NamespaceTerminating", f"namespace {namespace} is being terminated")
    details = replace(error.details or Details(), causes=(cause,))
    raise Forbidden(error.message, details=details)


def namespace_exists(kind: Kind) -> Check:
    """New objects need a namespace that is there to stay."""

    def check(_call: Call, reads: Reads, obj: Any, old: Any | None) -> None:
        if old is None:
            require_namespace(reads, kind, obj.metadata.namespace, obj.metadata.name)

    return check


def system_namespaces_stay(_call: Call, _reads: Reads, obj: Any) -> None:
    name = obj.metadata.name
    if name in SYSTEM_NAMESPACES:
        raise Forbidden.of("", NAMESPACES.resource, name, "this namespace may not be deleted")


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a Repository keeps its packages."""

    location: str
    branch: str
    directory: str

    def overlaps(self, other: _Place) -> bool:
        if (self.location, self.branch) != (other.location, other.branch):
            return False
        ours, theirs = f"{self.directory}/".lstrip("/"), f"{other.directory}/".lstrip("/")
        return ours.startswith(theirs) or theirs.startswith(ours)


def _place(repository: Repository) -> _Place | None:
    spec, namespace = repository.spec, repository.metadata.namespace
    if spec.git is not None:
        directory = spec.git.directory.strip("/")
        return _Place(repository_location(namespace, spec.git.repo), spec.git.branch, directory)
    if spec.oci is not None:
        return _Place(repository_location(namespace, f"oci://{spec.oci.registry}"), "", "")
    return None


def repository_conflicts(call: Call, reads: Reads, obj: Any, old: Any | None) -> None:
    """Two Repositories may not manage the same packages. The very same place may be shared between namespaces."""
    place = _place(obj)
    if place is None or (old is not None and _place(old) == place):
        return
    for other in _other_repositories(reads, obj):
        theirs = _place(other)
        if theirs is None or not place.overlaps(theirs):
            continue
        name = f"{other.metadata.namespace}/{other.metadata.name}"
        if place == theirs and other.metadata.namespace != obj.metadata.namespace:
            warn(call, f"Repository {name} manages the same packages: both change the same branches and tags")
            continue
        details = Details(name=obj.metadata.name, group=REPOSITORIES.group, kind=REPOSITORIES.resource)
        raise Conflict(f"Repository conflict with existing repository: {name}", details=details)


def _other_repositories(reads: Reads, obj: Any) -> Iterator[Repository]:
    own = obj.metadata.namespace, obj.metadata.name
    for item in reads.versions.list(Query(str(REPOSITORIES))).items:
        if (item.key.namespace, item.key.name) != own:
            yield REPOSITORY.decode(item.version, item.tail)
