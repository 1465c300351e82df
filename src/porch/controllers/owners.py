"""Is the owner that an ownerReference names still there?

By uid: another object of the same name is another owner. An owner lies in its dependent's namespace or in none. What
cannot be known here counts as present, for dependents of an owner that is absent are deleted: owners of kinds that this
server does not keep, and package revisions as long as some Repository of their namespace was not read.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping

import structlog

from porch.cache import SYSTEM
from porch.controllers.follow import metadata_of
from porch.errors import NotFound, ServiceUnavailable
from porch.keys import PACKAGE_REVISIONS, ObjectKey
from porch.objects import Call, ListOptions, ResourceStorage
from porch.objects.deletion import FOREGROUND
from porch.store import StoredVersion
from porch.types.meta import ObjectMeta, OwnerReference
from porch.types.selectors import Requirement, Selector

_log = structlog.get_logger("porch.controllers")


class Presence(enum.Enum):
    """LEAVING is an owner that is being deleted and waits for its dependents to go first."""

    PRESENT = "present"
    LEAVING = "leaving"
    ABSENT = "absent"


class Owners:
    def __init__(self, storages: Mapping[str, ResourceStorage], is_complete: Callable[[str], bool]) -> None:
        """`storages` of the kinds whose absence can be told; `is_complete` as Cache.is_complete."""
        self._kinds = {(storage.kind.api_version, storage.kind.name): storage for storage in storages.values()}
        self._is_complete = is_complete

    def presence(self, dependent: ObjectKey, reference: OwnerReference) -> Presence:
        """Raises ServiceUnavailable while it cannot be known."""
        storage = self._kinds.get((reference.api_version, reference.kind))
        if storage is None:
            return Presence.PRESENT
        if storage.kind.namespaced and not dependent.namespace:
            _warn(dependent, reference, "an object without namespace cannot be owned by one in a namespace; it is kept")
            return Presence.PRESENT
        namespace = dependent.namespace if storage.kind.namespaced else ""
        owner = _get(storage, namespace, reference.name)
        if owner is not None and owner.uid == reference.uid:
            return Presence.LEAVING if is_leaving(metadata_of(storage, owner)) else Presence.PRESENT
        if storage.kind.resource == PACKAGE_REVISIONS and not self._is_complete(namespace):
            raise ServiceUnavailable(f"whether {reference.name} exists is known when all Repositories have been read")
        if namespace and _is_elsewhere(storage, reference):
            _warn(dependent, reference, "the owner is in another namespace, which counts as absent")
        return Presence.ABSENT


def is_leaving(meta: ObjectMeta) -> bool:
    return bool(meta.deletion_timestamp) and FOREGROUND in meta.finalizers


def _get(storage: ResourceStorage, namespace: str, name: str) -> StoredVersion | None:
    try:
        return storage.get(Call(SYSTEM), namespace, storage.resolve(namespace, name))
    except NotFound:
        return None


def _is_elsewhere(storage: ResourceStorage, reference: OwnerReference) -> bool:
    named = Selector((Requirement("metadata.name", "in", (reference.name,)),))
    items = storage.list(Call(SYSTEM), ListOptions(fields=named)).page.items
    return any(item.uid == reference.uid for item in items)


def _warn(dependent: ObjectKey, reference: OwnerReference, why: str) -> None:
    owner = f"{reference.api_version}/{reference.kind} {reference.name} {reference.uid}"
    _log.warning("OwnerRefInvalidNamespace", dependent=str(dependent), owner=owner, reason=why)
