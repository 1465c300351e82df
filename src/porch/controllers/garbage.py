"""The garbage collector: what is owned goes after, before or without its owner, as the owner's delete says.

A client of the API like any other. It hears of every change through the feed, and looks at an object when that may have
lost an owner or waits with one of the collector's finalizers (see objects.deletion); so its work follows what changes.
At the start, and whenever the feed cannot go on, it looks at everything that is owned or waits. Nothing else is kept in
memory, so it goes on after a crash. Published package revisions refuse to be deleted here as everywhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import structlog

from porch.cache import SYSTEM
from porch.controllers.cascade import Cascade
from porch.controllers.follow import again_and_again, follow, metadata_of, pages
from porch.controllers.owners import Owners, Presence, is_leaving
from porch.controllers.queue import WorkQueue
from porch.errors import NotFound, PorchError
from porch.keys import PACKAGE_REVISIONS, ObjectKey
from porch.objects import Call, ChangeFeed, ListOptions, ResourceStorage
from porch.objects.deletion import ORPHAN
from porch.store import ANY_OWNER, Change, StoredVersion
from porch.types.meta import OwnerReference

_log = structlog.get_logger("porch.controllers")
_VERBS = {"delete", "list", "watch"}
_OWNERLESS = "events"
"""They come and go in great numbers, and may not own."""
_THREADS = 4


@dataclass(frozen=True, slots=True)
class Vanished:
    """An object that is no more: its dependents are looked at."""

    uid: str


class GarbageCollector:
    def __init__(
        self, storages: Mapping[str, ResourceStorage], feed: ChangeFeed, is_complete: Callable[[str], bool]
    ) -> None:
        """`storages` by resource; those that can be deleted and watched own and are owned. `is_complete` as
        Cache.is_complete.
        """
        self._storages = {key: storage for key, storage in storages.items() if set(storage.kind.verbs) >= _VERBS}
        self._feed = feed
        self._owners = Owners(self._storages, is_complete)
        self._cascade = Cascade(self._storages, self._owners)
        self._leaving: dict[str, ObjectKey] = {}
        """Owners that wait for dependents, by uid: looked at again when one of those changes."""
        self._refused: set[ObjectKey] = set()
        """Dependents that may not be deleted: looked at again when they change."""

    async def run(self) -> None:
        """Works until cancelled."""
        await again_and_again(self._collect, "looking at everything that is owned again")

    async def _collect(self) -> None:
        seen = self._feed.version()
        async with asyncio.TaskGroup() as group:
            # A remote that does not answer holds up package revisions at most.
            self._packages = WorkQueue("collect-packages", self._work, _THREADS)
            self._objects: WorkQueue[ObjectKey | Vanished] = WorkQueue("collect", self._work, _THREADS)
            for queue in (self._packages, self._objects):
                group.create_task(queue.run())
            for resource in self._storages:
                group.create_task(follow(self._feed, resource, seen, self._note))
            await asyncio.to_thread(self._survey)

    def _add(self, key: ObjectKey | Vanished) -> None:
        of_package = isinstance(key, ObjectKey) and key.resource == str(PACKAGE_REVISIONS)
        (self._packages if of_package else self._objects).add(key)

    def _note(self, change: Change) -> None:
        current, previous = change.current, change.previous
        before = previous.owners if previous else ()
        for uid in {*current.owners, *before} & self._leaving.keys():
            self._add(self._leaving[uid])
        if current.deleted:
            self._leaving.pop(current.uid, None)
            self._refused.discard(current.key)
            if current.key.resource != _OWNERLESS:
                self._add(Vanished(current.uid))
        elif current.key in self._refused or (current.owners and current.owners != before):
            self._refused.discard(current.key)
            self._add(current.key)

    def _survey(self) -> None:
        """Finds all that is to be done. Of many objects with few owners each owner is asked for once."""
        known: dict[tuple[str, str], bool] = {}

        def stays(item: StoredVersion, owner: OwnerReference) -> bool:
            place = item.key.namespace, owner.uid
            if place not in known:
                known[place] = self._owners.presence(item.key, owner) is Presence.PRESENT
            return known[place]

        for storage in self._storages.values():
            for item in pages(storage, ListOptions(owner=ANY_OWNER)):
                meta = metadata_of(storage, item)
                try:
                    idle = not meta.deletion_timestamp and all(stays(item, owner) for owner in meta.owner_references)
                except PorchError:
                    idle = False
                if not idle:
                    self._add(item.key)

    def _work(self, key: ObjectKey | Vanished) -> None:
        if isinstance(key, Vanished):
            for dependent in self._cascade.dependents(key.uid):
                self._add(dependent.key)
        else:
            self._look_at(key)

    def _look_at(self, key: ObjectKey) -> None:
        storage = self._storages[key.resource]
        try:
            item = storage.get(Call(SYSTEM), key.namespace, key.name)
        except NotFound:
            return
        meta = metadata_of(storage, item)
        if is_leaving(meta):
            self._leaving[item.uid] = key  # before its dependents are listed: none may change unheard
            if self._cascade.foreground(item, self._add):
                self._leaving.pop(item.uid, None)
        elif meta.deletion_timestamp:
            if ORPHAN in meta.finalizers:
                self._cascade.orphan(item)
        elif meta.owner_references:
            self._refused.add(key)  # before it is tried: what would allow it may change meanwhile
            if self._cascade.collect(item, meta):
                self._refused.discard(key)
