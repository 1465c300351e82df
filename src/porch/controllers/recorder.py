"""Events that the server writes itself, so that `kubectl describe` tells people what its log tells operators.

The same thing told again is counted on the Event that is there: its name is made of what it says, so this holds over
restarts. An Event that cannot be written is dropped, for whatever it was about goes on without it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256

import structlog

from porch.cache import SYSTEM
from porch.errors import AlreadyExists, NotFound, PorchError
from porch.objects import Call, ResourceStorage
from porch.strategy.times import seconds_text
from porch.types.core import Event, EventSource, ObjectReference
from porch.types.kind import Kind
from porch.types.meta import Object, ObjectMeta

_log = structlog.get_logger("porch.controllers")
_MAX_NAME, _MAX_MESSAGE = 200, 1024
NORMAL, WARNING = "Normal", "Warning"


def reference(kind: Kind, obj: Object) -> ObjectReference:
    """What an Event says of the object that it is about."""
    meta = obj.metadata
    return ObjectReference(
        kind=kind.name,
        api_version=kind.api_version,
        namespace=meta.namespace,
        name=meta.name,
        uid=meta.uid,
        resource_version=meta.resource_version,
    )


class EventRecorder:
    """Any thread. `events` is the storage of the core group's Events, `component` who tells."""

    def __init__(self, events: ResourceStorage, component: str) -> None:
        self._events, self._component = events, component

    def record(self, about: ObjectReference, kind: str, reason: str, message: str) -> None:
        """`kind` is NORMAL or WARNING. Never raises an error of ours."""
        event = self._event(about, kind, reason, message[:_MAX_MESSAGE])
        try:
            self._write(event)
        except PorchError as error:
            _log.warning("an Event could not be recorded", reason=reason, about=about.name, error=error.message)

    def _write(self, event: Event) -> None:
        meta, call = event.metadata, Call(SYSTEM)
        again = _again(event)
        try:
            self._events.update(call, meta.namespace, meta.name, again)
        except NotFound:
            try:
                self._events.create(call, meta.namespace, event)
            except AlreadyExists:
                self._events.update(call, meta.namespace, meta.name, again)

    def _event(self, about: ObjectReference, kind: str, reason: str, message: str) -> Event:
        told = repr((self._component, about.api_version, about.kind, about.uid, kind, reason, message))
        name = f"{about.name[:_MAX_NAME].rstrip('.-')}.{sha256(told.encode()).hexdigest()[:16]}"
        now = seconds_text(datetime.now(UTC))
        return Event(
            metadata=ObjectMeta(name=name, namespace=about.namespace or "default"),
            involved_object=about,
            reason=reason,
            message=message,
            type=kind,
            source=EventSource(component=self._component),
            reporting_component=self._component,
            first_timestamp=now,
            last_timestamp=now,
            count=1,
        )


def _again(event: Event) -> Callable[[Event], Event]:
    def count(current: Event) -> Event:
        current.count += 1
        current.last_timestamp = event.last_timestamp
        current.involved_object = event.involved_object
        return current

    return count
