"""A version as a row of the table `versions`, and back. Shared by the adapters, which name them alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from porch.keys import ObjectKey
from porch.store.interface import Change, StoredVersion
from porch.store.selection import owners, strings

LAST = 2**63 - 1
"""Databases know no larger number, clients do."""
_COLUMNS = 10  # of one version in a row


def stored(resource: str, row: Sequence[Any]) -> StoredVersion:
    """From the columns of version_get, in their order."""
    version, namespace, name, alias, labels, fields, owned, uid, deleted, tail = row
    return StoredVersion(
        key=ObjectKey(resource, namespace, name),
        version=version,
        uid=uid,
        tail=tail,
        alias=alias or "",
        labels=strings(labels),
        fields=strings(fields),
        deleted=bool(deleted),
        owners=owners(owned),
    )


def change(resource: str, row: Sequence[Any]) -> Change:
    """From the columns of version_changes."""
    current, previous = row[:_COLUMNS], row[_COLUMNS:]
    return Change(stored(resource, current), None if previous[0] is None else stored(resource, previous))


def columns(version: StoredVersion) -> dict[str, object]:
    """The parameters of version_add."""
    return {
        "version": version.version,
        "resource": version.key.resource,
        "namespace": version.key.namespace,
        "name": version.key.name,
        "superseded_by": version.version if version.deleted else None,
        "deleted": version.deleted,
        "uid": version.uid,
        "alias": version.alias or None,
        "labels": _encoded(version.labels, "{}"),
        "fields": _encoded(version.fields, "{}"),
        "owners": _encoded(version.owners, "[]"),
        "tail": version.tail,
    }


def _encoded(values: object, empty: str) -> str:
    return msgspec.json.encode(values).decode() if values else empty


def floors(dropped: Iterable[tuple[str, int]]) -> dict[str, int]:
    """From which version on each resource's log is whole when these versions (resource, superseded by) are gone."""
    found: dict[str, int] = {}
    for resource, superseded_by in dropped:
        found[resource] = max(superseded_by, found.get(resource, 0))
    return found
