"""Watch events as JSON lines: what a change means to one watcher's selection, in the shape that it asked for."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

import msgspec

from porch.apiserver.answer import object_body
from porch.apiserver.encode import META_GROUP, renamed
from porch.apiserver.negotiate import PARTIAL, TABLE
from porch.apiserver.operation import Operation
from porch.apiserver.status import status_json
from porch.apiserver.table import table
from porch.errors import PorchError
from porch.objects import ListOptions
from porch.store import Change, StoredVersion

_INITIAL_EVENTS_END = "k8s.io/initial-events-end"


class Events:
    """Of one watch: a Table carries its column definitions in the first event only."""

    def __init__(self, operation: Operation, selection: ListOptions) -> None:
        self._operation = operation
        self._resource = operation.target.resource
        self._selection = selection
        self._headed = True
        self._shape = (
            self._resource.kind.resource,
            operation.shape,
            operation.include,
            operation.given,
            selection.namespace,
            selection.labels,
            selection.fields,
        )

    @property
    def identity(self) -> Hashable:
        """Equal for watches to which a change is the same line."""
        return self._shape, self._headed

    def continued(self) -> None:
        """Lines of an equal watch were sent for this one."""
        self._headed = False

    def added(self, item: StoredVersion) -> bytes:
        """Of an item as the resource's own storage gave it."""
        return self._line("ADDED", item)

    def of(self, change: Change) -> bytes:
        """Empty when the change is not within the selection, neither before nor after it, or none of this resource."""
        current, previous = self._shown(change.current), change.previous and self._shown(change.previous)
        is_in = not current.deleted and self._selects(current)
        was_in = previous is not None and not previous.deleted and self._selects(previous)
        if is_in and was_in and self._is_same(change):
            return b""
        if is_in:
            return self._event("MODIFIED" if was_in else "ADDED", current)
        if not was_in:
            return b""
        if current.deleted:
            return self._event("DELETED", current)
        assert previous is not None
        # It left the selection: watchers get the state that they knew, at the version of the change.
        return self._event("DELETED", replace(previous, version=current.version))

    def _shown(self, item: StoredVersion) -> StoredVersion:
        kept_as = self._resource.kept_as
        return kept_as.shown(item) if kept_as else item

    def _is_same(self, change: Change) -> bool:
        kept_as = self._resource.kept_as
        return kept_as is not None and kept_as.is_same(change)

    def _whole(self, item: StoredVersion, *, last: bool) -> StoredVersion | None:
        kept_as = self._resource.kept_as
        return kept_as.whole(item, last=last) if kept_as else item

    def _selects(self, item: StoredVersion) -> bool:
        selection, key = self._selection, item.key
        if selection.namespace and key.namespace != selection.namespace:
            return False
        if selection.labels and not selection.labels.matches(item.labels):
            return False
        if not selection.fields:
            return True
        always = {"metadata.name": key.name, "metadata.namespace": key.namespace}
        return selection.fields.matches({**item.fields, **always})

    def _event(self, word: str, item: StoredVersion) -> bytes:
        whole = self._whole(item, last=word == "DELETED")
        return self._line(word, whole) if whole is not None else b""

    def _line(self, word: str, item: StoredVersion) -> bytes:
        operation = self._operation
        item = renamed(item, operation.given)
        body = object_body(self._resource, item, operation.shape, operation.include, headed=self._headed)
        self._headed = False
        return _line(word, body)

    def bookmark(self, version: int, *, initial_end: bool = False) -> bytes:
        kind, shape = self._resource.kind, self._operation.shape
        metadata: dict[str, object] = {"resourceVersion": str(version)}
        if initial_end:
            metadata["annotations"] = {_INITIAL_EVENTS_END: "true"}
        if shape.transform == TABLE:
            return self._table_bookmark(metadata)
        name, api_version = kind.name, kind.api_version
        if shape.transform == PARTIAL:
            name, api_version = "PartialObjectMetadata", f"{META_GROUP}/{shape.version}"
        body = {"kind": name, "apiVersion": api_version, "metadata": metadata}
        return _line("BOOKMARK", msgspec.json.encode(body))

    def _table_bookmark(self, metadata: dict[str, object]) -> bytes:
        """A Table whose only row is an object with nothing but its version, as Kubernetes sends it."""
        version = {"resourceVersion": metadata["resourceVersion"]}
        shape = self._operation.shape
        body = table(self._resource, [], version, version=shape.version, headed=self._headed)
        row = {
            "cells": ["" for _ in self._resource.strategy.columns],
            "object": {
                "kind": "PartialObjectMetadata",
                "apiVersion": f"{META_GROUP}/{shape.version}",
                "metadata": metadata,
            },
        }
        self._headed = False
        return _line("BOOKMARK", msgspec.json.encode(msgspec.json.decode(body) | {"rows": [row]}))

    def error(self, error: PorchError) -> bytes:
        return _line("ERROR", status_json(error))


def _line(word: str, body: bytes) -> bytes:
    return b'{"type":"%s","object":%s}\n' % (word.encode(), body)
