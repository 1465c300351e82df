"""A controller at work over real storages, on an event loop of its own; tests wait for what the store becomes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from porch.cache import SYSTEM
from porch.engine import WatcherManager
from porch.errors import NotFound
from porch.objects import Call, DeleteOptions, ListOptions, ResourceStorage, StoredObjects
from porch.objects.checks import namespace_exists, system_namespaces_stay
from porch.store import Change, Store, StoredVersion
from porch.strategy.interface import Strategy
from porch.strategy.namespace import NamespaceStrategy
from porch.types.core import CONFIG_MAP, NAMESPACE, SECRET, ConfigMap, Namespace, Secret
from porch.types.meta import ObjectMeta, OwnerReference
from porch.types.rbac import CLUSTER_ROLE, ClusterRole

SECONDS = 20.0
NS = "default"
CALL = Call(SYSTEM)


class Controller(Protocol):
    async def run(self) -> None: ...


class World:
    """Config maps, secrets and namespaces, and cluster roles as objects without a namespace that may be owned."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._changed = threading.Condition()
        store.on_commit(self._notice)
        self.feed = WatcherManager(store)
        self.namespaces = StoredObjects(store, NamespaceStrategy(NAMESPACE), (), (system_namespaces_stay,))
        self.maps = StoredObjects(store, Strategy(CONFIG_MAP), (namespace_exists(CONFIG_MAP),))
        self.secrets = StoredObjects(store, Strategy(SECRET), (namespace_exists(SECRET),))
        self.roles = StoredObjects(store, Strategy(CLUSTER_ROLE))
        for name in (NS, "other"):
            self.namespaces.create(CALL, "", Namespace(metadata=ObjectMeta(name=name)))

    @property
    def storages(self) -> Mapping[str, ResourceStorage]:
        kept = (self.namespaces, self.maps, self.secrets, self.roles)
        return {str(storage.kind.resource): storage for storage in kept}

    def _notice(self, _changes: Sequence[Change]) -> None:
        with self._changed:
            self._changed.notify_all()

    def until(self, condition: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(condition, SECONDS), "it did not become so"

    # Objects

    def map(self, name: str, *owners: OwnerReference, namespace: str = NS, **meta: Any) -> StoredVersion:
        made = ConfigMap(metadata=ObjectMeta(name=name, owner_references=list(owners), **meta))
        return self.maps.create(CALL, namespace, made)

    def secret(self, name: str, *owners: OwnerReference, namespace: str = NS, **meta: Any) -> StoredVersion:
        made = Secret(metadata=ObjectMeta(name=name, owner_references=list(owners), **meta))
        return self.secrets.create(CALL, namespace, made)

    def role(self, name: str, *owners: OwnerReference) -> StoredVersion:
        return self.roles.create(CALL, "", ClusterRole(metadata=ObjectMeta(name=name, owner_references=list(owners))))

    def delete(self, name: str, policy: str = "Background") -> None:
        self.maps.delete(CALL, NS, name, DeleteOptions(propagation=policy))

    def meta(self, storage: ResourceStorage, name: str, namespace: str = NS) -> ObjectMeta | None:
        """None when it is gone."""
        try:
            item = storage.get(CALL, namespace, name)
        except NotFound:
            return None
        found: ObjectMeta = storage.kind.decode(item.version, item.tail).metadata
        return found

    def names(self, storage: ResourceStorage, namespace: str = NS) -> list[str]:
        return [item.key.name for item in storage.list(CALL, ListOptions(namespace=namespace)).page.items]

    def namespace(self, name: str) -> Namespace:
        item = self.namespaces.get(CALL, "", name)
        found: Namespace = self.namespaces.kind.decode(item.version, item.tail)
        return found

    def strip(self, storage: ResourceStorage, name: str, namespace: str = NS) -> None:
        """What a client does that takes all finalizers away."""

        def change(current: Any) -> Any:
            current.metadata.finalizers = []
            return current

        storage.update(CALL, namespace, name, change)


def owner(
    item: StoredVersion, kind: str = "ConfigMap", *, blocks: bool | None = None, api_version: str = "v1"
) -> OwnerReference:
    return OwnerReference(
        api_version=api_version, kind=kind, name=item.key.name, uid=item.uid, block_owner_deletion=blocks
    )


@contextmanager
def working(controller: Controller) -> Iterator[None]:
    """Leaving it stops the controller wherever it is, as a restart does."""
    loop = asyncio.new_event_loop()
    task: asyncio.Task[None] = loop.create_task(controller.run())

    def run() -> None:
        try:
            loop.run_until_complete(task)
        except asyncio.CancelledError:
            pass
        finally:
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join(SECONDS)
    assert not thread.is_alive()
