"""What a watch of PackageRevisionResources sees in the log of package revisions: contents are stored nowhere twice.

A change of a package revision is one of its resources when tree, lifecycle or revision number differ, so a label is no
event. Files are read when an event is sent, as they were at that version: its commit is in the object. What git cannot
tell any more has been replaced or deleted since, and a later event says so; only an end is told without files.
"""

from __future__ import annotations

import msgspec
import structlog

from porch.cache import CachedRepository
from porch.engine.engine import Engine
from porch.engine.resources import NO_FILES, joined, status_of
from porch.errors import PorchError
from porch.keys import RepositoryKey
from porch.store import Change, StoredVersion
from porch.types.base import Part, always
from porch.types.packagerevision import PACKAGE_REVISION, GitLock, Locator

_log = structlog.get_logger("porch.engine")
_SAME_FIELDS = ("spec.lifecycle", "spec.revision")


class _Spec(Part):
    repository: str = ""


class _Status(Part):
    self_lock: Locator = always(Locator)


class _Place(Part):
    """The little of a package revision that tells where its files are."""

    spec: _Spec = always(_Spec)
    status: _Status = always(_Status)


_decode = msgspec.json.Decoder(_Place).decode


class FollowedResources:
    """The three functions of a KeptAs."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def is_same(self, change: Change) -> bool:
        current, previous = change.current, change.previous
        if previous is None or any(current.fields.get(name) != previous.fields.get(name) for name in _SAME_FIELDS):
            return False
        now, before = _place(current), _place(previous)
        if now == before:
            return True
        try:
            repository = self._repository(current, now)
            return _tree(repository, now) == _tree(repository, before)
        except PorchError:
            return False

    def shown(self, item: StoredVersion) -> StoredVersion:
        """Labels and fields are those of the package revision."""
        return item

    def whole(self, item: StoredVersion, *, last: bool) -> StoredVersion | None:
        try:
            place = _place(item)
            repository = self._repository(item, place)
            tree = _tree(repository, place)
            files = self._engine.cache.fields(repository, tree)
            return joined(item, item.version, files, status_of(self._engine, tree))
        except PorchError as error:
            if last:
                return joined(item, item.version, NO_FILES)
            _log.info("left out of a watch", package_revision=item.key.name, reason=error.message)
            return None

    def _repository(self, item: StoredVersion, place: _Place) -> CachedRepository:
        return self._engine.cache.open_repository(RepositoryKey(item.key.namespace, place.spec.repository))


def _tree(repository: CachedRepository, place: _Place) -> str:
    lock = place.status.self_lock.git or GitLock()
    return repository.tree_at(lock.commit, lock.directory)


def _place(item: StoredVersion) -> _Place:
    return _decode(PACKAGE_REVISION.join(item.version, item.tail))
