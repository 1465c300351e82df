"""What the server tells of itself: once an Event, then a count."""

from __future__ import annotations

import structlog

from porch.controllers.recorder import NORMAL, WARNING, EventRecorder, reference
from porch.objects import Call, Caller, ListOptions, StoredObjects
from porch.objects.checks import namespace_exists
from porch.store import Store
from porch.strategy.event import EventStrategy
from porch.types.core import EVENT, Event, ObjectReference
from porch.types.meta import ObjectMeta
from porch.types.repository import REPOSITORY, Repository

ABOUT = ObjectReference(kind="Repository", api_version="v1", namespace="team", name="blueprints", uid="u")


def _told(events: StoredObjects) -> list[Event]:
    items = events.list(Call(Caller("tests")), ListOptions()).page.items
    return [EVENT.decode(item.version, item.tail) for item in items]


def test_the_same_thing_is_told_once_and_counted(events: StoredObjects) -> None:
    for recorder in (EventRecorder(events, "porch"), EventRecorder(events, "porch")):
        recorder.record(ABOUT, WARNING, "SyncFailed", "no route")
    (event,) = _told(events)
    assert (event.count, event.reason, event.message, event.type) == (2, "SyncFailed", "no route", "Warning")
    assert event.involved_object == ABOUT
    assert (event.metadata.namespace, event.source.component) == ("team", "porch")
    assert event.metadata.name.startswith("blueprints.")
    assert event.first_timestamp is not None
    assert event.last_timestamp is not None


def test_another_thing_is_another_event(events: StoredObjects) -> None:
    recorder = EventRecorder(events, "porch")
    recorder.record(ABOUT, WARNING, "SyncFailed", "no route")
    recorder.record(ABOUT, WARNING, "SyncFailed", "refused")
    recorder.record(ABOUT, NORMAL, "SyncRecovered", "no route")
    assert sorted(event.count for event in _told(events)) == [1, 1, 1]


def test_what_has_no_namespace_is_told_in_default(events: StoredObjects) -> None:
    EventRecorder(events, "porch").record(ObjectReference(kind="Namespace", name="n"), NORMAL, "R", "m" * 5000)
    (event,) = _told(events)
    assert (event.metadata.namespace, len(event.message)) == ("default", 1024)


def test_an_event_that_cannot_be_written_harms_nobody(store: Store) -> None:
    nowhere = StoredObjects(store, EventStrategy(EVENT), (namespace_exists(EVENT),))
    with structlog.testing.capture_logs() as logs:
        EventRecorder(nowhere, "porch").record(ABOUT, WARNING, "SyncFailed", "no route")
    assert [line["event"] for line in logs] == ["an Event could not be recorded"]


def test_a_reference_names_the_very_object() -> None:
    meta = ObjectMeta(name="r", namespace="team", uid="u", resource_version="7")
    made = reference(REPOSITORY, Repository(metadata=meta))
    assert made == ObjectReference(
        kind="Repository",
        api_version="config.porch.kpt.dev/v1alpha1",
        namespace="team",
        name="r",
        uid="u",
        resource_version="7",
    )
