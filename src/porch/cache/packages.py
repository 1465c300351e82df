"""PorchPackages: one object for each package that has revisions, kept in step with them in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from porch.keys import PACKAGE_REVISIONS, PACKAGES, ObjectKey, PackageKey, package_uid
from porch.store import NewVersion, RevisionRow, StoredVersion, Transaction
from porch.strategy.package import PackageStrategy
from porch.types.meta import ObjectMeta
from porch.types.package import PORCH_PACKAGE, PackageSpec, PackageStatus, PorchPackage
from porch.types.packagerevision import PACKAGE_REVISION, PackageRevision

_RESOURCE, _REVISIONS = str(PACKAGES), str(PACKAGE_REVISIONS)
_strategy = PackageStrategy(PORCH_PACKAGE)


@dataclass(frozen=True, slots=True)
class Changed:
    """A revision that was made or changed; `old` is its row before."""

    obj: PackageRevision
    old: RevisionRow | None


def note_revisions(tx: Transaction, key: PackageKey, changed: Sequence[Changed]) -> None:
    """Some revisions of a package were made or changed: one new version of it, however many they are."""
    current = tx.versions.get(_object_key(key))
    if any(item.old is not None and item.old.revision > item.obj.spec.revision for item in changed):
        _make_again(tx, key, current)
        return
    births = [item.obj.metadata.creation_timestamp for item in changed]
    born, latest = min(filter(None, births), default=None), max(0, *(item.obj.spec.revision for item in changed))
    if current is not None:
        package: PorchPackage = PORCH_PACKAGE.decode(current.version, current.tail)
        born = min(filter(None, (born, package.metadata.creation_timestamp)), default=None)
        latest = max(latest, package.status.latest_revision)
    _put(tx, key, current, born, latest)


def note_removal(tx: Transaction, key: PackageKey) -> None:
    """A revision has left the index."""
    _make_again(tx, key, tx.versions.get(_object_key(key)))


def _make_again(tx: Transaction, key: PackageKey, current: StoredVersion | None) -> None:
    rows = tx.revisions.of_package(key.repository, key.path)
    if not rows:
        if current is not None and not _is_of_another(tx, key, current):
            tx.versions.delete(current.key)
        return
    found = (tx.versions.get(ObjectKey(_REVISIONS, row.namespace, row.name)) for row in rows)
    births = [PACKAGE_REVISION.decode(item.version, item.tail).metadata.creation_timestamp for item in found if item]
    _put(tx, key, current, min(filter(None, births), default=None), max(0, *(row.revision for row in rows)))


def _is_of_another(tx: Transaction, key: PackageKey, current: StoredVersion | None) -> bool:
    """Whether a package with another path has this name, and keeps it: of two that are there, the first by path."""
    path = PORCH_PACKAGE.decode(current.version, current.tail).spec.package_name if current else key.path
    return path < key.path and bool(tx.revisions.of_package(key.repository, path))


def _put(tx: Transaction, key: PackageKey, current: StoredVersion | None, born: str | None, latest: int) -> None:
    if _is_of_another(tx, key, current):
        return
    namespace = key.repository.namespace
    obj = PorchPackage(
        metadata=ObjectMeta(
            name=key.name, namespace=namespace, uid=package_uid(namespace, key.name), creation_timestamp=born
        ),
        spec=PackageSpec(package_name=key.path, repository=key.repository.name),
        status=PackageStatus(latest_revision=latest),
    )
    new = NewVersion(_object_key(key), obj.metadata.uid, PORCH_PACKAGE.encode_tail(obj))
    if current is None or current.tail != new.tail:
        tx.versions.put(replace(new, fields=_strategy.fields(obj)))


def _object_key(key: PackageKey) -> ObjectKey:
    return ObjectKey(_RESOURCE, key.repository.namespace, key.name)
