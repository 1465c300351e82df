"""The cache: opened repositories by Repository object, and the settling of intents that were interrupted.

`open_repository` is step 3 of the request flow. A Repository is opened once for each generation of its object and of
its secret, so that an edited author or a rotated password takes effect; deleting it closes it. Opening needs no
network.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Iterable
from functools import partial
from typing import Protocol

import structlog

from porch.cache.contents import Content, Contents
from porch.cache.facts import RepositoryFacts, refs_of
from porch.cache.lanes import Lanes
from porch.cache.registration import Registration
from porch.cache.repository import CachedRepository
from porch.cache.sync import forget
from porch.errors import Gone, NotFound, PorchError
from porch.keys import RepositoryKey
from porch.objects import MASTERS, Call, Caller, ListOptions, ResourceStorage
from porch.observe.faults import reach
from porch.repository import Repository
from porch.repository.git.refnames import branch_ref
from porch.store import Reads, Store, Transaction
from porch.types.repository import V1ALPHA2_ANNOTATION
from porch.types.repository import Repository as RepositoryObject

_log = structlog.get_logger("porch.cache")
SYSTEM = Caller("system:porch", (MASTERS,))


class Opener(Protocol):
    """Makes the adapter for a Repository object. No network. Raises BadRequest when the spec cannot be opened."""

    def __call__(self, obj: RepositoryObject) -> tuple[Repository, RepositoryFacts]: ...

    def stamp(self, obj: RepositoryObject) -> str:
        """Changes when an opened adapter does not serve any more: another spec, another secret."""
        ...


class Cache:
    def __init__(self, store: Store, repositories: ResourceStorage, opener: Opener, lanes: Lanes) -> None:
        self._store, self._repositories, self._opener, self._lanes = store, repositories, opener, lanes
        self._lock = threading.Lock()
        self._opened: dict[RepositoryKey, CachedRepository] = {}
        self._stamps: dict[RepositoryKey, str] = {}
        self._registrations: dict[RepositoryKey, Registration] = {}
        self._contents = Contents()
        self._running: set[str] = set()
        self.on_doubt: Callable[[RepositoryKey], None] = lambda _: None
        """Is told of a Repository whose local copy may be damaged, on any thread."""

    def _doubt(self, key: RepositoryKey) -> None:
        self.on_doubt(key)

    @property
    def store(self) -> Store:
        return self._store

    def repository_object(self, key: RepositoryKey) -> RepositoryObject:
        """Raises NotFound with upstream's text."""
        stored = self._repositories.get(Call(SYSTEM), key.namespace, key.name)
        obj: RepositoryObject = self._repositories.kind.decode(stored.version, stored.tail)
        return obj

    def open_repository(self, key: RepositoryKey) -> CachedRepository:
        """Raises NotFound; Gone when the Repository was handed to v1alpha2; BadRequest when its spec is broken."""
        obj = self.repository_object(key)
        if obj.metadata.annotations.get(V1ALPHA2_ANNOTATION) == "true":
            raise Gone(f'repository "{key.name}" is managed by v1alpha2; use the v1alpha2 API')
        with self._lock:
            opened, stamp = self._opened.get(key), self._opener.stamp(obj)
            if opened is not None and self._stamps.get(key) == stamp:
                return opened
            repository, facts = self._opener(obj)
            reach("repository-opened")
            self._stamps[key] = stamp
            cached = CachedRepository(
                self._store,
                repository,
                facts,
                lane=self._lanes.of(facts.location),
                running=self._running,
                registration=self._registration(key, obj.metadata.uid),
                alarm=self._doubt,
            )
            # Requests may still use the one before: it is closed when the last of them lets go of it.
            weakref.finalize(cached, repository.close)
            self._opened[key] = cached
            return cached

    def _registration(self, key: RepositoryKey, uid: str) -> Registration:
        """Shared by all openings of one Repository object; a new one under the same name begins anew."""
        known = self._registrations.get(key)
        if known is None or known.uid != uid:
            known = self._registrations[key] = Registration(uid)
        return known

    def close_repository(self, key: RepositoryKey, uid: str = "") -> None:
        """Forgets an unregistered Repository, opened or not: its revisions leave the index, watchers see DELETED. Git
        is untouched. `uid` is that of its object, if it is known.
        """
        with self._lock:
            self._opened.pop(key, None)
            self._stamps.pop(key, None)
            registration = self._registrations.pop(key, None)
        if registration is not None:
            registration.ended = True
            uid = uid or registration.uid
        forget(self._store, key, refs_of(key, uid))

    def is_complete(self, namespace: str) -> bool:
        """Whether the index has all package revisions of a namespace: each of its Repositories was read. Only then is
        a package revision that it lacks known not to be.
        """
        return not self._unindexed(ListOptions(namespace=namespace))

    def sharing(self, location: str) -> list[CachedRepository]:
        """All opened Repositories of one git repository."""
        with self._lock:
            return [opened for opened in self._opened.values() if opened.facts.location == location]

    def fields(self, repository: CachedRepository, tree: str) -> Iterable[bytes]:
        """See Contents."""
        return self._contents.fields(repository, tree)

    def sharing_with(self, key: RepositoryKey) -> list[RepositoryKey]:
        """The other opened Repositories of its namespace in the same git repository."""
        with self._lock:
            opened = self._opened.get(key)
            location = opened.facts.location if opened is not None else ""
            others = [other for other, item in self._opened.items() if item.facts.location == location]
        return [other for other in others if other != key and other.namespace == key.namespace]

    def content(self, repository: CachedRepository, tree: str) -> Content:
        return self._contents.of(repository, tree)

    def reindex(self) -> None:
        """Makes the index again, after it was dropped, from what lies on this machine. What is indexed is not even
        opened: a start must not cost what all repositories hold.
        """
        for obj in self._unindexed(ListOptions()):
            key = RepositoryKey(obj.metadata.namespace, obj.metadata.name)
            try:
                self.open_repository(key).reindex()
            except PorchError as error:
                _log.warning("the Repository is not indexed yet", repository=str(key), error=error.message)

    def objects(self, among: ListOptions) -> list[RepositoryObject]:
        listed = self._repositories.list(Call(SYSTEM), among)
        return [self._repositories.kind.decode(item.version, item.tail) for item in listed.page.items]

    def _unindexed(self, among: ListOptions) -> list[RepositoryObject]:
        objects = self.objects(among)
        with self._store.read() as reads:
            return [obj for obj in objects if not _is_indexed(reads, obj)]

    def settle(self, key: RepositoryKey | None = None, *, hosted_only: bool = False) -> int:
        """Settles interrupted intents, of one Repository or of all, as far as their remotes answer; returns how many
        remain open. `hosted_only` leaves out whatever needs the network.
        """
        with self._store.read() as reads:
            open_intents = [intent for intent in reads.intents.open() if intent.id not in self._running]
        remaining = 0
        for intent in open_intents:
            if (key and intent.repository != key) or (hosted_only and not self._is_hosted(intent.repository)):
                continue
            try:
                outcome = self.open_repository(intent.repository).settle(intent)
                reach("intent-settled")
                _log.info("intent settled", intent=intent.id, repository=str(intent.repository), outcome=outcome.value)
            except (NotFound, Gone):
                self._store.commit(partial(_drop, intent_id=intent.id))
            except PorchError as error:
                remaining += 1
                _log.warning("intent not settled yet", intent=intent.id, error=error.message)
        return remaining

    def _is_hosted(self, key: RepositoryKey) -> bool:
        try:
            return self.open_repository(key).facts.hosted
        except PorchError:
            return False

    def close(self) -> None:
        with self._lock:
            for opened in self._opened.values():
                opened.close()
            self._opened.clear()


def _is_indexed(reads: Reads, obj: RepositoryObject) -> bool:
    """Whether the index has its branch (see CachedRepository.reindex)."""
    key = RepositoryKey(obj.metadata.namespace, obj.metadata.name)
    branch = branch_ref((obj.spec.git and obj.spec.git.branch) or "main")
    return bool(reads.revisions.targets(refs_of(key, obj.metadata.uid), [branch]))


def _drop(tx: Transaction, intent_id: str) -> None:
    """The intent of a Repository that is no more: nobody can say any longer what it was for."""
    tx.intents.remove([intent_id])
