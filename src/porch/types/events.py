"""events.k8s.io/v1 Event: the younger shape of the core group's Event. Both are one object, kept in the core shape.

The two conversions lose nothing, so an object that one group wrote is changed through the other without harm.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from porch.types import core
from porch.types.base import Part, described
from porch.types.core import EventSource, ObjectReference
from porch.types.kind import Kind
from porch.types.meta import Object

GROUP = "events.k8s.io"


class EventSeries(Part):
    """The same thing, again and again."""

    count: Annotated[int, described(format="int32")] = 0
    last_observed_time: Annotated[str | None, described(format="date-time")] = None


class Event(Object):
    """What happened to an object. Kept for a while only, so it is for people, not for programs."""

    event_time: Annotated[str | None, described("When it happened first.", format="date-time")] = None
    series: EventSeries | None = None
    reporting_controller: Annotated[str, described("Who tells, like example.com/controller.")] = ""
    reporting_instance: Annotated[str, described("Which one of them tells.")] = ""
    action: Annotated[str, described("What was done or attempted.")] = ""
    reason: Annotated[str, described("Why, in one word.")] = ""
    regarding: Annotated[ObjectReference, described("What it happened to.")] = msgspec.field(
        default_factory=ObjectReference
    )
    related: ObjectReference | None = None
    note: Annotated[str, described("Why, for people.")] = ""
    type: Annotated[str, described("Normal or Warning.")] = ""
    deprecated_source: EventSource = msgspec.field(default_factory=EventSource)
    deprecated_first_timestamp: Annotated[str | None, described(format="date-time")] = None
    deprecated_last_timestamp: Annotated[str | None, described(format="date-time")] = None
    deprecated_count: Annotated[int, described(format="int32")] = 0


EVENT = Kind(GROUP, "v1", "Event", "events", Event, short_names=("ev",))

CORE_FIELDS = {
    "event_time": "event_time",
    "reporting_controller": "reporting_component",
    "reporting_instance": "reporting_instance",
    "action": "action",
    "reason": "reason",
    "regarding": "involved_object",
    "related": "related",
    "note": "message",
    "type": "type",
    "deprecated_source": "source",
    "deprecated_first_timestamp": "first_timestamp",
    "deprecated_last_timestamp": "last_timestamp",
    "deprecated_count": "count",
}
"""Names here and there; kind, apiVersion, metadata and series are what is missing."""


def of_core(event: core.Event) -> Event:
    """Shares its parts with `event`."""
    fields = {ours: getattr(event, theirs) for ours, theirs in CORE_FIELDS.items()}
    made = Event(metadata=event.metadata, **fields)
    if event.series is not None:
        made.series = EventSeries(count=event.series.count, last_observed_time=event.series.last_observed_time)
    made.kind, made.api_version = EVENT.name, EVENT.api_version
    return made


def to_core(event: Event) -> core.Event:
    """Shares its parts with `event`."""
    fields = {theirs: getattr(event, ours) for ours, theirs in CORE_FIELDS.items()}
    made = core.Event(metadata=event.metadata, **fields)
    if event.series is not None:
        made.series = core.EventSeries(count=event.series.count, last_observed_time=event.series.last_observed_time)
    made.kind, made.api_version = core.EVENT.name, core.EVENT.api_version
    return made
