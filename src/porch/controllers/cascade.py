"""What the garbage collector does to one object: collects it, lets its dependents go, or has them deleted first.

Each step may be done again: it starts from what is stored, and does what is left to do. Deletes name the version that
was judged, so an object that gets another owner meanwhile is judged again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

import structlog

from porch.cache import SYSTEM
from porch.controllers.follow import metadata_of, pages
from porch.controllers.owners import Owners, Presence, is_leaving
from porch.errors import Forbidden, Invalid, MethodNotAllowed, NotFound
from porch.keys import ObjectKey
from porch.objects import Call, DeleteOptions, ListOptions, ResourceStorage
from porch.objects.deletion import FOREGROUND, ORPHAN
from porch.observe.faults import reach
from porch.store import StoredVersion
from porch.types.meta import ObjectMeta

_log = structlog.get_logger("porch.controllers")


class Cascade:
    def __init__(self, storages: Mapping[str, ResourceStorage], owners: Owners) -> None:
        self._storages, self._owners = storages, owners

    def dependents(self, uid: str) -> Iterator[StoredVersion]:
        """All objects, of every kind, that the object with this uid owns."""
        for storage in self._storages.values():
            yield from pages(storage, ListOptions(owner=uid))

    def collect(self, item: StoredVersion, meta: ObjectMeta) -> bool:
        """Deletes an object none of whose owners is there to stay; of several owners those that are not are struck
        off. False when it may not be deleted: somebody has to change it first.
        """
        found = {owner.uid: self._owners.presence(item.key, owner) for owner in meta.owner_references}
        going = [uid for uid, presence in found.items() if presence is not Presence.PRESENT]
        if not going:
            return True
        if len(going) < len(found):
            self._disown(item, going)
            return True
        policy = ""  # the object's own finalizers decide
        if Presence.LEAVING in found.values() and (below := next(self._below(item.uid), None)) is not None:
            policy = "Foreground"
            if is_leaving(self._metadata(below)):
                self._unblock(item)
        return self._delete(item, policy)

    def orphan(self, item: StoredVersion) -> None:
        for dependent in self._below(item.uid):
            self._disown(dependent, [item.uid])
            reach("dependent-orphaned")
        self._release(item, ORPHAN)

    def foreground(self, item: StoredVersion, judge: Callable[[ObjectKey], None]) -> bool:
        """Has every dependent judged; true when none is left that the object has to wait for, and it was let go."""
        waits = False
        for dependent in self._below(item.uid):
            judge(dependent.key)
            references = self._metadata(dependent).owner_references
            waits = waits or any(owner.uid == item.uid and owner.block_owner_deletion for owner in references)
        if not waits:
            self._release(item, FOREGROUND)
        return not waits

    def _below(self, uid: str) -> Iterator[StoredVersion]:
        """Dependents; an object that owns itself is not one."""
        return (item for item in self.dependents(uid) if item.uid != uid)

    def _metadata(self, item: StoredVersion) -> ObjectMeta:
        return metadata_of(self._storages[item.key.resource], item)

    def _delete(self, item: StoredVersion, policy: str) -> bool:
        options = DeleteOptions(uid=item.uid, resource_version=str(item.version), propagation=policy)
        storage = self._storages[item.key.resource]
        try:
            storage.delete(Call(SYSTEM), item.key.namespace, item.key.name, options)
        except NotFound:
            return True
        except (Forbidden, Invalid, MethodNotAllowed) as error:
            _log.warning("its owners are gone, but it stays", object=str(item.key), reason=error.message)
            return False
        _log.info("deleted after its owners", object=str(item.key), uid=item.uid)
        reach("dependent-deleted")
        return True

    def _disown(self, item: StoredVersion, owners: Iterable[str]) -> None:
        gone = set(owners)

        def change(meta: ObjectMeta) -> None:
            meta.owner_references = [owner for owner in meta.owner_references if owner.uid not in gone]

        self._update(item, change)

    def _unblock(self, item: StoredVersion) -> None:
        """In a ring of owners that all wait for each other, nobody could be first."""

        def change(meta: ObjectMeta) -> None:
            for owner in meta.owner_references:
                owner.block_owner_deletion = False

        self._update(item, change)

    def _release(self, item: StoredVersion, finalizer: str) -> None:
        def change(meta: ObjectMeta) -> None:
            meta.finalizers = [name for name in meta.finalizers if name != finalizer]

        self._update(item, change)

    def _update(self, item: StoredVersion, change: Callable[[ObjectMeta], None]) -> None:
        """Changes the metadata of this very object, if it is still there."""

        def changed(current: Any) -> Any:
            if current.metadata.uid == item.uid:
                change(current.metadata)
            return current

        with suppress(NotFound):
            storage = self._storages[item.key.resource]
            storage.update(Call(SYSTEM), item.key.namespace, item.key.name, changed)
