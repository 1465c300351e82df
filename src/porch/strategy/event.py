"""Rules of Event: read-only here, so only columns and the fields that `kubectl describe` selects by."""

from __future__ import annotations

from typing import Any, ClassVar

from porch.strategy.interface import Column, Strategy
from porch.types.core import Event


class EventStrategy(Strategy):
    columns: ClassVar[tuple[Column, ...]] = (
        Column("Last Seen"),
        Column("Type"),
        Column("Reason"),
        Column("Object"),
        Column("Message"),
    )
    selectable: ClassVar[tuple[str, ...]] = (
        "involvedObject.kind",
        "involvedObject.namespace",
        "involvedObject.name",
        "involvedObject.uid",
        "involvedObject.apiVersion",
        "involvedObject.resourceVersion",
        "involvedObject.fieldPath",
        "reason",
        "reportingComponent",
        "source",
        "type",
    )

    def cells(self, obj: Event, age: str) -> list[Any]:
        about = obj.involved_object
        return [age, obj.type, obj.reason, f"{about.kind.lower()}/{about.name}", obj.message]
