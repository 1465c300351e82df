"""What `events.k8s.io` demands of a new Event beyond the core group's rules: who tells, what was done, and when.

Of an Event that is there it lets only the series go on. Columns and the rest are those of the core group's shape.
"""

from __future__ import annotations

from typing import Any, ClassVar

from porch.errors import FieldError, invalid, required
from porch.keys import qualified_name_problems
from porch.strategy.event import EventStrategy
from porch.strategy.interface import Column, Strategy
from porch.types import core
from porch.types.events import CORE_FIELDS, Event, to_core

TYPES = ("Normal", "Warning")
_MAX_WORD, _MAX_NOTE = 128, 1024
_OLD_WAYS = ("deprecated_source", "deprecated_first_timestamp", "deprecated_last_timestamp", "deprecated_count")
CORE_LABELS = {
    **{
        f"regarding.{part}": f"involvedObject.{part}"
        for part in ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")
    },
    "reason": "reason",
    "reportingController": "reportingComponent",
    "type": "type",
}
"""Field labels here and in the core group."""


class NewEventStrategy(Strategy):
    columns: ClassVar[tuple[Column, ...]] = EventStrategy.columns
    selectable: ClassVar[tuple[str, ...]] = tuple(CORE_LABELS)

    def validate(self, obj: Event) -> list[FieldError]:
        """Of a new one."""
        words = {"reportingInstance": obj.reporting_instance, "action": obj.action, "reason": obj.reason}
        return [
            *([] if obj.event_time else [required("eventTime")]),
            *_controller_errors(obj.reporting_controller),
            *(error for path, word in words.items() for error in _word_errors(path, word)),
            *([] if obj.type in TYPES else [invalid("type", obj.type, "must be Normal or Warning")]),
            *_note_errors(obj.note),
            *_series_errors(obj),
            *(invalid(_json_name(name), "", "needs to be unset") for name in _OLD_WAYS if _is_set(obj, name)),
        ]

    def validate_update(self, obj: Event, old: Event) -> list[FieldError]:
        """Only an Event of the new ways is held to them."""
        if not old.event_time:
            return []
        changed = [name for name in CORE_FIELDS if getattr(obj, name) != getattr(old, name)]
        return [invalid(_json_name(name), "", "field is immutable") for name in changed] + _series_errors(obj)

    def cells(self, obj: Event, age: str) -> list[Any]:
        return EventStrategy(core.EVENT).cells(to_core(obj), age)


def _controller_errors(name: str) -> list[FieldError]:
    if not name:
        return [required("reportingController")]
    return [invalid("reportingController", name, problem) for problem in qualified_name_problems(name)]


def _word_errors(path: str, word: str) -> list[FieldError]:
    if not word:
        return [required(path)]
    return [invalid(path, "", f"can have at most {_MAX_WORD} bytes")] if len(word.encode()) > _MAX_WORD else []


def _note_errors(note: str) -> list[FieldError]:
    return [invalid("note", "", f"can have at most {_MAX_NOTE} bytes")] if len(note.encode()) > _MAX_NOTE else []


def _series_errors(obj: Event) -> list[FieldError]:
    if obj.series is None:
        return []
    errors = [] if obj.series.count > 1 else [invalid("series.count", obj.series.count, "should be at least 2")]
    return errors if obj.series.last_observed_time else [*errors, required("series.lastObservedTime")]


def _is_set(obj: Event, name: str) -> bool:
    return bool(getattr(obj, name) != getattr(Event(), name))


def _json_name(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)
