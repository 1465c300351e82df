"""Rules of Event, the same for both of its shapes; `events.k8s.io` alone is strict about what a new one says.

An object without a namespace has its events in `default`. Times are kept as Go writes them, for `kubectl events` sorts
by them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

from porch.errors import FieldError, invalid
from porch.strategy import numbers, times
from porch.strategy.ages import age as age_of
from porch.strategy.interface import Column, Strategy
from porch.types.core import Event

_MAX_MESSAGE = 64 * 1024
_ANYWHERE = ("default", "kube-system")


class EventStrategy(Strategy):
    columns: ClassVar[tuple[Column, ...]] = (
        Column("Last Seen"),
        Column("Type"),
        Column("Reason"),
        Column("Object"),
        Column("Subobject", priority=1),
        Column("Source", priority=1),
        Column("Message"),
        Column("First Seen", priority=1),
        Column("Count", "integer", priority=1),
        Column("Name", format="name", priority=1),
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

    def prepare_for_create(self, obj: Event) -> None:
        obj.first_timestamp, obj.last_timestamp = times.seconds(obj.first_timestamp), times.seconds(obj.last_timestamp)
        obj.event_time = times.micro(obj.event_time)
        if obj.series is not None:
            obj.series.last_observed_time = times.micro(obj.series.last_observed_time)

    def prepare_for_update(self, obj: Event, old: Event, subresource: str) -> None:  # noqa: ARG002
        self.prepare_for_create(obj)

    def validate(self, obj: Event) -> list[FieldError]:
        size = len(obj.message.encode())
        return [
            *_place_errors(obj),
            *times.time_errors("eventTime", obj.event_time),
            *times.time_errors("firstTimestamp", obj.first_timestamp),
            *times.time_errors("lastTimestamp", obj.last_timestamp),
            *numbers.at_least("count", obj.count, 0),
            *(_series_errors(obj) if obj.series is not None else ()),
            *([invalid("message", "", f"can have at most {_MAX_MESSAGE} bytes")] if size > _MAX_MESSAGE else ()),
        ]

    def fields(self, obj: Event) -> dict[str, str]:
        about = obj.involved_object
        return {
            "involvedObject.kind": about.kind,
            "involvedObject.namespace": about.namespace,
            "involvedObject.name": about.name,
            "involvedObject.uid": about.uid,
            "involvedObject.apiVersion": about.api_version,
            "involvedObject.resourceVersion": about.resource_version,
            "involvedObject.fieldPath": about.field_path,
            "reason": obj.reason,
            "reportingComponent": obj.reporting_component,
            "source": obj.source.component or obj.reporting_component,
            "type": obj.type,
        }

    def cells(self, obj: Event, age: str) -> list[Any]:
        now = datetime.now(UTC)
        about, series = obj.involved_object, obj.series
        first = obj.first_timestamp or obj.event_time
        last = (series.last_observed_time if series else None) or obj.last_timestamp or first
        first_seen = age_of(first, now) if first else age
        return [
            age_of(last, now) if last else age,
            obj.type,
            obj.reason,
            f"{about.kind.lower()}/{about.name}" if about.name else about.kind.lower(),
            about.field_path,
            _source(obj),
            obj.message.strip(),
            first_seen,
            series.count if series else obj.count or 1,
            obj.metadata.name,
        ]


def _place_errors(obj: Event) -> list[FieldError]:
    """An event lies in the namespace of what it is about."""
    about, namespace = obj.involved_object.namespace, obj.metadata.namespace
    if about == namespace or (not about and namespace in _ANYWHERE) or (about and obj.event_time):
        return []
    return [invalid("involvedObject.namespace", about, "does not match event.namespace")]


def _series_errors(obj: Event) -> list[FieldError]:
    assert obj.series is not None
    return [
        *numbers.at_least("series.count", obj.series.count, 0),
        *times.time_errors("series.lastObservedTime", obj.series.last_observed_time),
    ]


def _source(obj: Event) -> str:
    pair = (obj.source.component, obj.source.host) if obj.source.component or obj.source.host else ()
    return ", ".join(text for text in pair or (obj.reporting_component, obj.reporting_instance) if text)
