"""The core kinds that a standalone server needs: Namespace, Secret, ConfigMap, Event."""

from __future__ import annotations

from typing import Annotated

import msgspec

from porch.types.base import Part, described
from porch.types.kind import CRUD, Kind
from porch.types.meta import Object


class NamespaceSpec(Part):
    finalizers: list[str] = []


class NamespaceCondition(Part):
    """How far the deletion of a namespace is."""

    type: str = ""
    status: Annotated[str, described("True, False or Unknown.")] = ""
    last_transition_time: Annotated[str | None, described(format="date-time")] = None
    reason: str = ""
    message: str = ""


class NamespaceStatus(Part):
    phase: str = ""
    conditions: Annotated[list[NamespaceCondition], described(merge_key="type")] = []


class Namespace(Object):
    spec: NamespaceSpec = msgspec.field(default_factory=NamespaceSpec)
    status: NamespaceStatus = msgspec.field(default_factory=NamespaceStatus)


class Secret(Object):
    type: Annotated[str, described("Opaque when empty; fixed once set.")] = ""
    data: Annotated[dict[str, str], described("Values in base64.")] = {}
    string_data: Annotated[dict[str, str], described("Plain values; merged into data, never returned.")] = {}
    immutable: bool | None = None


class ConfigMap(Object):
    data: Annotated[dict[str, str], described("Values in UTF-8.")] = {}
    binary_data: Annotated[dict[str, str], described("Values in base64.")] = {}
    immutable: bool | None = None


class ObjectReference(Part):
    """An object somewhere; everything may be left out."""

    kind: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""
    api_version: str = ""
    resource_version: str = ""
    field_path: str = ""


class EventSource(Part):
    component: str = ""
    host: str = ""


class EventSeries(Part):
    """The same thing, again and again."""

    count: Annotated[int, described(format="int32")] = 0
    last_observed_time: Annotated[str | None, described(format="date-time")] = None


class Event(Object):
    """What happened to an object. Kept for a while only, so it is for people, not for programs."""

    involved_object: Annotated[ObjectReference, described("What it happened to.")] = msgspec.field(
        default_factory=ObjectReference
    )
    reason: Annotated[str, described("Why, in one word.")] = ""
    message: Annotated[str, described("Why, for people.")] = ""
    source: EventSource = msgspec.field(default_factory=EventSource)
    first_timestamp: Annotated[str | None, described(format="date-time")] = None
    last_timestamp: Annotated[str | None, described(format="date-time")] = None
    count: Annotated[int, described("How often it happened.", format="int32")] = 0
    type: Annotated[str, described("Normal or Warning.")] = ""
    event_time: Annotated[str | None, described("When it happened first.", format="date-time")] = None
    series: EventSeries | None = None
    action: Annotated[str, described("What was done or attempted.")] = ""
    related: ObjectReference | None = None
    reporting_component: Annotated[str, described("Who tells, like example.com/controller.")] = ""
    reporting_instance: Annotated[str, described("Which one of them tells.")] = ""


NAMESPACE = Kind(
    "",
    "v1",
    "Namespace",
    "namespaces",
    Namespace,
    namespaced=False,
    short_names=("ns",),
    verbs=tuple(verb for verb in CRUD if verb != "deletecollection"),  # nobody means all namespaces
    subresources=(("finalize", ("update",)), ("status", ("get", "patch", "update"))),
)
SECRET = Kind("", "v1", "Secret", "secrets", Secret)
EVENT = Kind("", "v1", "Event", "events", Event, short_names=("ev",))
CONFIG_MAP = Kind("", "v1", "ConfigMap", "configmaps", ConfigMap, short_names=("cm",))
