"""Tables for `kubectl get`: a row of cells for each object, from its kind's Strategy."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from porch.apiserver.encode import META_GROUP, object_json, partial_object
from porch.apiserver.interface import Resource
from porch.errors import BadRequest
from porch.store import StoredVersion
from porch.strategy.ages import age
from porch.strategy.interface import Column

METADATA, OBJECT, NONE = "Metadata", "Object", "None"


def include_object(text: str) -> str:
    """Checks the includeObject parameter."""
    if text not in {"", METADATA, OBJECT, NONE}:
        why = f"Invalid value: \"{text[:64]}\": must be 'Metadata', 'Object', 'None', or empty"
        raise BadRequest(f"Unable to convert to Table as requested: includeObject: {why}")
    return text or METADATA


def table(
    resource: Resource,
    items: Sequence[StoredVersion],
    metadata: dict[str, Any],
    *,
    version: str,
    include: str = METADATA,
    headed: bool = True,
) -> bytes:
    """`version` is that of meta.k8s.io; a Table without column definitions (not `headed`) continues an earlier one."""
    now = datetime.now(UTC)
    return msgspec.json.encode(
        {
            "kind": "Table",
            "apiVersion": f"{META_GROUP}/{version}",
            "metadata": metadata,
            "columnDefinitions": [_definition(column) for column in resource.strategy.columns] if headed else None,
            "rows": [_row(resource, item, version, include, now) for item in items],
        }
    )


def rows(resource: Resource, items: Sequence[StoredVersion], version: str, include: str) -> bytes:
    """The rows of a Table, with commas between."""
    now = datetime.now(UTC)
    return msgspec.json.encode([_row(resource, item, version, include, now) for item in items])[1:-1]


def _definition(column: Column) -> dict[str, Any]:
    return {
        "name": column.name,
        "type": column.type,
        "format": column.format,
        "description": column.description,
        "priority": column.priority,
    }


def _row(resource: Resource, item: StoredVersion, version: str, include: str, now: datetime) -> dict[str, Any]:
    obj = resource.kind.decode(item.version, item.tail)
    return {
        "cells": resource.strategy.cells(obj, age(obj.metadata.creation_timestamp, now)),
        "object": _included(resource, item, version, include),
    }


def _included(resource: Resource, item: StoredVersion, version: str, include: str) -> msgspec.Raw | None:
    if include == NONE:
        return None
    if include == OBJECT:
        return msgspec.Raw(object_json(resource.kind, item))
    return msgspec.Raw(partial_object(resource.kind, item, version))
