from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from porch.strategy.event import EventStrategy
from porch.strategy.new_event import CORE_LABELS, NewEventStrategy
from porch.types import core, events
from porch.types.core import EventSource, ObjectReference
from porch.types.meta import ObjectMeta

old_rules, new_rules = EventStrategy(core.EVENT), NewEventStrategy(events.EVENT)
ABOUT = ObjectReference(kind="Repository", namespace="team", name="blueprints")


def _core(namespace: str = "team", **fields: Any) -> core.Event:
    told: dict[str, Any] = {"involved_object": ABOUT, "reason": "R"} | fields
    event = core.Event(metadata=ObjectMeta(name="e", namespace=namespace), **told)
    old_rules.prepare_for_create(event)
    return event


def _young(**fields: Any) -> events.Event:
    told: dict[str, Any] = {
        "regarding": ABOUT,
        "event_time": "2025-01-02T03:04:05.000000Z",
        "reporting_controller": "example.com/controller",
        "reporting_instance": "one",
        "action": "Sync",
        "reason": "Failed",
        "type": "Warning",
    }
    return events.Event(metadata=ObjectMeta(name="e", namespace="team"), **told | fields)


texts = st.text(max_size=3)
references = st.builds(ObjectReference, kind=texts, name=texts, field_path=texts)
any_events = st.builds(
    core.Event,
    metadata=st.builds(ObjectMeta, name=texts, labels=st.dictionaries(texts, texts, max_size=2)),
    involved_object=references,
    related=st.none() | references,
    reason=texts,
    message=texts,
    source=st.builds(EventSource, component=texts, host=texts),
    first_timestamp=st.none() | texts,
    last_timestamp=st.none() | texts,
    event_time=st.none() | texts,
    count=st.integers(0, 3),
    type=texts,
    series=st.none() | st.builds(core.EventSeries, count=st.integers(0, 3), last_observed_time=st.none() | texts),
    action=texts,
    reporting_component=texts,
    reporting_instance=texts,
)


@settings(max_examples=50, derandomize=True, deadline=None)
@given(any_events)
def test_an_event_survives_the_way_through_the_other_group(event: core.Event) -> None:
    there = events.EVENT.decode(1, events.EVENT.encode_tail(events.of_core(event)))
    back = core.EVENT.encode_tail(events.to_core(there))
    assert back == core.EVENT.encode_tail(event)


def test_both_shapes_have_a_word_for_everything() -> None:
    ours = {field.name for field in msgspec.structs.fields(events.Event)}
    theirs = {field.name for field in msgspec.structs.fields(core.Event)}
    shared = {"kind", "api_version", "metadata", "series"}
    assert (ours - shared, theirs - shared) == (set(events.CORE_FIELDS), set(events.CORE_FIELDS.values()))
    assert set(CORE_LABELS.values()) < set(old_rules.selectable)


def test_an_event_lies_where_its_object_is() -> None:
    assert old_rules.validate(_core()) == []
    assert old_rules.validate(_core("default", involved_object=ObjectReference(kind="Namespace", name="n"))) == []
    assert [str(error) for error in old_rules.validate(_core("other"))] == [
        'involvedObject.namespace: Invalid value: "team": does not match event.namespace'
    ]
    assert old_rules.validate(_core("team", involved_object=ObjectReference(kind="Namespace", name="n"))) != []


def test_times_and_counts_are_what_go_clients_can_read() -> None:
    event = _core(first_timestamp="2025-01-02T03:04:05.9+01:00", event_time="2025-01-02T03:04:05Z")
    assert (event.first_timestamp, event.event_time) == ("2025-01-02T02:04:05Z", "2025-01-02T03:04:05.000000Z")
    series = core.EventSeries(count=2**31, last_observed_time="x")
    fields = [
        error.field for error in old_rules.validate(_core(event_time="x", last_timestamp="y", count=-1, series=series))
    ]
    assert fields == ["eventTime", "lastTimestamp", "count", "series.count", "series.lastObservedTime"]


def test_the_columns_tell_first_and_last_time_and_how_often() -> None:
    def ago(seconds: int) -> str:
        return (datetime.now(UTC) - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")

    source = EventSource(component="kubelet", host="n1")
    event = _core(first_timestamp=ago(3700), last_timestamp=ago(300), count=4, message=" m\n", source=source)
    cells = old_rules.cells(event, "9d")
    assert cells == ["5m", "", "R", "repository/blueprints", "", "kubelet, n1", "m", "61m", 4, "e"]
    event.series = core.EventSeries(count=9, last_observed_time=ago(60))
    assert (old_rules.cells(event, "9d")[0], old_rules.cells(event, "9d")[8]) == ("60s", 9)
    bare = _core(reporting_component="a", reporting_instance="b")
    assert old_rules.cells(bare, "9d")[::5] == ["9d", "a, b"]
    assert new_rules.cells(events.of_core(event), "9d") == old_rules.cells(event, "9d")


def test_the_younger_group_is_strict_about_a_new_event() -> None:
    assert new_rules.validate(_young()) == []
    wrong = _young(
        event_time=None,
        reporting_controller="",
        reporting_instance="x" * 129,
        action="",
        type="Fatal",
        note="x" * 1025,
        series=events.EventSeries(count=1),
        deprecated_count=3,
    )
    assert [error.field for error in new_rules.validate(wrong)] == [
        "eventTime",
        "reportingController",
        "reportingInstance",
        "action",
        "type",
        "note",
        "series.count",
        "series.lastObservedTime",
        "deprecatedCount",
    ]


def test_only_the_series_of_an_event_goes_on() -> None:
    series = events.EventSeries(count=2, last_observed_time="2025-01-02T03:04:05.000000Z")
    assert new_rules.validate_update(_young(series=series), _young()) == []
    changed = new_rules.validate_update(_young(note="other"), _young())
    assert [str(error) for error in changed] == ['note: Invalid value: "": field is immutable']
    assert new_rules.validate_update(_young(note="other"), _young(event_time=None)) == []
