"""The namespace controller: empties a namespace that is being deleted, then lets it go.

A client of the API like any other. Repositories go first, and package revisions leave with them: they are never deleted
here, because that would delete branches from git, and unregistering a Repository leaves git as it is. All other objects
are deleted by their own rules, finalizers included. What is left, and why, is in the conditions of the namespace.

A Repository whose finalizer somebody took away may have gone in a crash without its package revisions: they are
forgotten then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress

import structlog

from porch.cache import SYSTEM
from porch.controllers.emptying import Remains, with_conditions
from porch.controllers.follow import PAGE, again_and_again, follow, metadata_of, pages
from porch.controllers.queue import WorkQueue
from porch.errors import NotFound, PorchError
from porch.keys import NAMESPACES, PACKAGE_REVISIONS, REPOSITORIES, RepositoryKey
from porch.objects import Call, ChangeFeed, DeleteOptions, ListOptions, ResourceStorage
from porch.observe.faults import reach
from porch.store import Change, StoredVersion
from porch.types.core import Namespace

_log = structlog.get_logger("porch.controllers")
_FINALIZER = "kubernetes"
_THREADS = 4
_GATHER_SECONDS = 0.1
"""Between a change in a namespace and the next look at it: objects rarely go alone."""


class NamespaceController:
    def __init__(
        self, storages: Mapping[str, ResourceStorage], feed: ChangeFeed, forget: Callable[[RepositoryKey], None]
    ) -> None:
        """`storages` by resource; `forget` as Cache.close_repository."""
        self._forget = forget
        self._namespaces, self._feed = storages[str(NAMESPACES)], feed
        held = [storage for storage in storages.values() if _may_hold_up(storage)]
        self._contents = sorted(held, key=lambda storage: storage.kind.resource != REPOSITORIES)
        self._terminating: set[str] = set()

    async def run(self) -> None:
        """Works until cancelled."""
        await again_and_again(self._work_on_all, "listing namespaces again")

    async def _work_on_all(self) -> None:
        seen = self._feed.version()
        async with asyncio.TaskGroup() as group:
            self._queue = WorkQueue("namespaces", self._work, _THREADS)
            group.create_task(self._queue.run())
            group.create_task(follow(self._feed, str(NAMESPACES), seen, self._note_namespace))
            for storage in self._contents:
                group.create_task(follow(self._feed, str(storage.kind.resource), seen, self._note_content))
            await asyncio.to_thread(self._survey)

    def _survey(self) -> None:
        for item in pages(self._namespaces, ListOptions()):
            if metadata_of(self._namespaces, item).deletion_timestamp:
                self._queue.add(item.key.name)

    def _note_namespace(self, change: Change) -> None:
        name = change.current.key.name
        if change.current.deleted:
            self._terminating.discard(name)
        else:
            self._queue.add(name)

    def _note_content(self, change: Change) -> None:
        namespace = change.current.key.namespace
        if namespace in self._terminating:
            self._queue.add(namespace, _GATHER_SECONDS)

    def _work(self, name: str) -> None:
        """One pass. Raises what kept objects from being deleted, so that it is tried again."""
        try:
            item = self._namespaces.get(Call(SYSTEM), "", name)
        except NotFound:
            return
        obj: Namespace = self._namespaces.kind.decode(item.version, item.tail)
        if not obj.metadata.deletion_timestamp or _FINALIZER not in obj.spec.finalizers:
            return
        self._terminating.add(name)  # before its contents are listed: nothing may change unheard
        failures = [error for storage in self._contents for error in self._delete_all(storage, name)]
        self._forget_left_over(name)
        remains = self._remains(name)
        with suppress(NotFound):
            self._namespaces.update(
                Call(SYSTEM), "", name, lambda old: with_conditions(old, remains, failures), "status"
            )
            if not remains.counts and not failures:
                reach("namespace-empty")
                self._namespaces.update(Call(SYSTEM), "", name, _without_finalizer, "finalize")
        if failures:
            raise failures[0]

    def _delete_all(self, storage: ResourceStorage, namespace: str) -> Iterator[PorchError]:
        """Deletes what is not being deleted yet; the first thing that went wrong for each reason is enough."""
        if storage.kind.resource == PACKAGE_REVISIONS:
            return
        failures: dict[str, PorchError] = {}
        for item in pages(storage, ListOptions(namespace=namespace)):
            if metadata_of(storage, item).deletion_timestamp:
                continue
            try:
                self._delete(storage, item)
            except PorchError as error:
                failures.setdefault(error.reason, error)
        yield from failures.values()

    @staticmethod
    def _delete(storage: ResourceStorage, item: StoredVersion) -> None:
        options = DeleteOptions(uid=item.uid, propagation="Background")
        with suppress(NotFound):
            storage.delete(Call(SYSTEM), item.key.namespace, item.key.name, options)
            reach("content-deleted")

    def _forget_left_over(self, namespace: str) -> None:
        """Package revisions of Repositories that are no more."""
        of_kind = {storage.kind.resource: storage for storage in self._contents}
        revisions, repositories = of_kind.get(PACKAGE_REVISIONS), of_kind.get(REPOSITORIES)
        if revisions is None or repositories is None:
            return
        if repositories.list(Call(SYSTEM), ListOptions(namespace=namespace, limit=1)).page.items:
            return
        left = revisions.list(Call(SYSTEM), ListOptions(namespace=namespace, limit=PAGE)).page.items
        for name in dict.fromkeys(item.fields["spec.repository"] for item in left):
            self._forget(RepositoryKey(namespace, name))

    def _remains(self, namespace: str) -> Remains:
        """Counts what is left, and by which finalizers: of many objects of a kind by those of the first page."""
        remains = Remains()
        for storage in self._contents:
            result = storage.list(Call(SYSTEM), ListOptions(namespace=namespace, limit=PAGE))
            finalizers = [metadata_of(storage, item).finalizers for item in result.page.items]
            remains.add(storage.kind, finalizers, result.remaining or 0)
        return remains


def _may_hold_up(storage: ResourceStorage) -> bool:
    """Whether objects of this kind have to go before their namespace can."""
    return storage.kind.namespaced and {"delete", "list", "watch"} <= set(storage.kind.verbs)


def _without_finalizer(namespace: Namespace) -> Namespace:
    namespace.spec.finalizers = [name for name in namespace.spec.finalizers if name != _FINALIZER]
    return namespace
