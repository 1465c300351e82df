"""The core kinds that a standalone server needs: Namespace, Secret, ConfigMap, and Event to read."""

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


class Event(Object):
    """What happened to an object. Listed for the sake of `kubectl describe`; this server records none yet."""

    involved_object: ObjectReference = msgspec.field(default_factory=ObjectReference)
    reason: str = ""
    message: str = ""
    source: EventSource = msgspec.field(default_factory=EventSource)
    first_timestamp: Annotated[str | None, described(format="date-time")] = None
    last_timestamp: Annotated[str | None, described(format="date-time")] = None
    count: int = 0
    type: str = ""
    reporting_component: str = ""


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
EVENT = Kind("", "v1", "Event", "events", Event, short_names=("ev",), verbs=("get", "list", "watch"))
CONFIG_MAP = Kind("", "v1", "ConfigMap", "configmaps", ConfigMap, short_names=("cm",))
