"""Hosted repositories as the git server sees them: found by their Repository objects, indexed when pushed to."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

from porch.cache import SYSTEM, Cache
from porch.cache.opener import HOSTED, Layout
from porch.cache.upkeep import Upkeep
from porch.gitserver import Hosted
from porch.objects import Call, ListOptions, ResourceStorage
from porch.strategy.location import repository_location
from porch.types.repository import Repository


class HostedFromCache:
    """Implements gitserver.HostedRepositories."""

    def __init__(self, cache: Cache, repositories: ResourceStorage, layout: Layout, upkeep: Upkeep) -> None:
        self._cache, self._repositories, self._layout, self._upkeep = cache, repositories, layout, upkeep

    def locate(self, namespace: str, name: str) -> Hosted | None:
        """There is a hosted repository while at least one Repository object is registered for it."""
        here = [obj for obj in self._objects(namespace) if obj.spec.git and obj.spec.git.repo == f"{HOSTED}{name}"]
        path = self._layout.hosted(namespace, name)
        if not here or not path.is_dir():
            return None
        gits = [obj.spec.git for obj in here if obj.spec.git is not None]
        return Hosted(
            path=path,
            branches=frozenset(git.branch or "main" for git in gits),
            directories=frozenset(git.directory.strip("/") for git in gits),
        )

    def locked(self, namespace: str, name: str) -> AbstractContextManager[None]:  # noqa: ARG002 - see below
        """Nothing to hold: every ref moves by compare-and-swap under git's own locks, ours and git's alike."""
        return nullcontext()

    def pushed(self, namespace: str, name: str) -> None:
        # A redo record of an earlier write of ours must not bring back, after a crash, what git has just deleted.
        # And what git has written is acknowledged next: it syncs its files, but not their names and not all refs.
        self._upkeep.make_durable()
        for opened in self._cache.sharing(repository_location(namespace, f"{HOSTED}{name}")):
            opened.synchronise(confirmed=None)  # whoever pushed was allowed to, also to delete much

    def _objects(self, namespace: str) -> list[Repository]:
        page = self._repositories.list(Call(SYSTEM), ListOptions(namespace=namespace)).page
        return [self._repositories.kind.decode(item.version, item.tail) for item in page.items]
