"""Events are kept for a while after they were last told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from porch.controllers.retention import EventRetention, last_told
from porch.objects import Call, Caller, ListOptions, StoredObjects
from porch.strategy.times import micro_text, seconds_text
from porch.types.core import Event, EventSeries, ObjectReference
from porch.types.meta import ObjectMeta

NOW = datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)


def _event(name: str, **fields: Any) -> Event:
    return Event(metadata=ObjectMeta(name=name), involved_object=ObjectReference(namespace="team"), **fields)


def _names(events: StoredObjects) -> list[str]:
    return [item.key.name for item in events.list(Call(Caller("tests")), ListOptions()).page.items]


def test_old_events_go_and_young_ones_stay(events: StoredObjects) -> None:
    call, now = Call(Caller("tests")), datetime.now(UTC)
    for number in range(3):
        events.create(call, "team", _event(f"old-{number}"))
    events.create(call, "team", _event("counted-on", last_timestamp=seconds_text(now + HOUR)))
    retention = EventRetention(events, 3600)
    assert retention.sweep(now + timedelta(minutes=59)) == 0
    assert retention.sweep(now + timedelta(minutes=61)) == 3
    assert _names(events) == ["counted-on"]
    assert retention.sweep(now + timedelta(hours=3)) == 1


def test_every_way_of_telling_again_counts() -> None:
    born = ObjectMeta(creation_timestamp=seconds_text(NOW - 5 * HOUR))
    series = EventSeries(count=2, last_observed_time=micro_text(NOW - HOUR))
    assert last_told(Event(metadata=born, series=series), NOW) == NOW - HOUR
    assert last_told(Event(metadata=born, event_time=micro_text(NOW - HOUR)), NOW) == NOW - HOUR
    assert last_told(Event(metadata=born, last_timestamp=seconds_text(NOW - HOUR)), NOW) == NOW - HOUR


def test_a_clock_that_is_ahead_keeps_no_event_for_ever() -> None:
    born = ObjectMeta(creation_timestamp=seconds_text(NOW - 5 * HOUR))
    assert last_told(Event(metadata=born, last_timestamp=seconds_text(NOW + 99 * HOUR)), NOW) == NOW - 5 * HOUR
