"""Conditions that are the server's own: in the object, not in the Kptfile, and gone when git is read again."""

from __future__ import annotations

from dataclasses import dataclass

from porch.cache.rows import RESOURCE, put_object
from porch.keys import ObjectKey
from porch.store import StoredVersion, Transaction
from porch.types.packagerevision import PACKAGE_REVISION, PackageCondition, PackageRevision


@dataclass(frozen=True, slots=True)
class Told:
    """The object with the condition, and the version that it had before."""

    before: int
    now: StoredVersion


def put_condition(tx: Transaction, namespace: str, name: str, condition: PackageCondition) -> Told | None:
    """In the place of one of its type. None when there is no such package revision."""
    stored = tx.versions.get(ObjectKey(RESOURCE, namespace, name))
    if stored is None:
        return None
    obj: PackageRevision = PACKAGE_REVISION.decode(stored.version, stored.tail)
    others = [item for item in obj.status.conditions or () if item.type != condition.type]
    obj.status.conditions = [*others, condition]
    return Told(stored.version, put_object(tx, obj, stored.alias))


def drop_condition(tx: Transaction, namespace: str, name: str, kind: str) -> None:
    """Takes the condition of this type away, if it is there."""
    stored = tx.versions.get(ObjectKey(RESOURCE, namespace, name))
    if stored is None:
        return
    obj: PackageRevision = PACKAGE_REVISION.decode(stored.version, stored.tail)
    obj.status.conditions = [item for item in obj.status.conditions or () if item.type != kind] or None
    put_object(tx, obj, stored.alias)
