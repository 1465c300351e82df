"""One stored Event through two groups."""

from __future__ import annotations

from typing import Any

import pytest

from porch.errors import BadRequest, Conflict, Invalid
from porch.objects import Call, DeleteOptions, ListOptions
from porch.objects.reshaped import Conversion, Reshaped
from porch.objects.stored import StoredObjects
from porch.store import Store
from porch.strategy.event import EventStrategy
from porch.strategy.new_event import CORE_LABELS, NewEventStrategy
from porch.types import core, events
from porch.types.core import ObjectReference
from porch.types.meta import ObjectMeta
from porch.types.selectors import Requirement, Selector
from tests.unit.objects.build import NS, read, with_meta

ABOUT = ObjectReference(kind="Repository", namespace=NS, name="blueprints")


@pytest.fixture
def old(store: Store) -> StoredObjects:
    return StoredObjects(store, EventStrategy(core.EVENT))


@pytest.fixture
def young(old: StoredObjects) -> Reshaped:
    conversion = Conversion(events.of_core, events.to_core, CORE_LABELS)
    return Reshaped(old, NewEventStrategy(events.EVENT), conversion)


def _event(name: str = "e", **fields: Any) -> core.Event:
    told: dict[str, Any] = {"involved_object": ABOUT, "message": "it failed", "reporting_component": "c", "count": 1}
    return core.Event(metadata=ObjectMeta(name=name), **told | fields)


def _young_event(name: str = "y") -> events.Event:
    return events.Event(
        metadata=ObjectMeta(name=name),
        regarding=ABOUT,
        event_time="2025-01-02T03:04:05Z",
        reporting_controller="c",
        reporting_instance="i",
        action="Sync",
        reason="Failed",
        type="Warning",
        note="it failed",
    )


def test_it_is_the_same_object_in_both(old: StoredObjects, young: Reshaped, call: Call) -> None:
    made = old.create(call, NS, _event())
    seen = young.get(call, NS, "e")
    obj = read(young, seen)
    assert (seen.version, seen.uid) == (made.version, made.uid)
    assert (obj.kind, obj.api_version, obj.note, obj.regarding) == ("Event", "events.k8s.io/v1", "it failed", ABOUT)
    young.create(call, NS, _young_event())
    assert read(old, old.get(call, NS, "y")).message == "it failed"
    assert read(old, old.get(call, NS, "y")).event_time == "2025-01-02T03:04:05.000000Z"


def test_a_change_through_one_is_seen_through_the_other(old: StoredObjects, young: Reshaped, call: Call) -> None:
    first = old.create(call, NS, _event())

    def again(current: events.Event) -> events.Event:
        current.series = events.EventSeries(count=2, last_observed_time="2025-01-02T03:04:05Z")
        return current

    changed = young.update(call, NS, "e", again)
    series = read(old, old.get(call, NS, "e")).series
    assert (series.count, series.last_observed_time) == (2, "2025-01-02T03:04:05.000000Z")
    assert changed.version > first.version
    assert young.update(call, NS, "e", again).version == changed.version
    with pytest.raises(Conflict):
        young.update(call, NS, "e", with_meta(resource_version=str(first.version)))


def test_each_group_selects_in_its_own_words(old: StoredObjects, young: Reshaped, call: Call) -> None:
    old.create(call, NS, _event())
    old.create(call, NS, _event("other", involved_object=ObjectReference(namespace=NS, name="another")))

    def by(label: str, value: str) -> ListOptions:
        return ListOptions(NS, fields=Selector((Requirement(label, "in", (value,)),)))

    (found,) = young.list(call, by("regarding.name", "blueprints")).page.items
    assert found.fields["regarding.name"] == "blueprints"
    assert [item.key.name for item in young.list(call, by("metadata.name", "other")).page.items] == ["other"]
    assert len(young.list(call, by("reportingController", "c")).page.items) == 2
    with pytest.raises(BadRequest, match=r"involvedObject\.name"):
        young.list(call, by("involvedObject.name", "blueprints"))


def test_the_rules_of_each_shape_hold(old: StoredObjects, young: Reshaped, call: Call) -> None:
    with pytest.raises(Invalid, match="eventTime: Required value"):
        young.create(call, NS, events.Event(metadata=ObjectMeta(name="e"), regarding=ABOUT))
    young.create(call, NS, _young_event())

    def rename(current: events.Event) -> events.Event:
        current.reason = "Other"
        return current

    with pytest.raises(Invalid, match=r"reason: .*immutable"):
        young.update(call, NS, "y", rename)


def test_a_deletion_tells_the_last_state(old: StoredObjects, young: Reshaped, call: Call) -> None:
    old.create(call, NS, _event())
    gone = young.delete(call, NS, "e", DeleteOptions())
    assert gone.finished
    assert read(young, gone.item).note == "it failed"


def test_a_dry_run_keeps_nothing(young: Reshaped, call: Call, rehearsal: Call) -> None:
    shown = young.create(rehearsal, NS, _young_event())
    assert (shown.version, read(young, shown).note) == (0, "it failed")
    assert young.list(call, ListOptions(NS)).page.items == []
