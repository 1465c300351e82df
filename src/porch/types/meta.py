"""ObjectMeta and its kin, and the shape that all objects share."""

from __future__ import annotations

from typing import Annotated

import msgspec

from porch.types.base import Part, always, described


class OwnerReference(Part):
    api_version: str = ""
    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool | None = None
    block_owner_deletion: bool | None = None


class ObjectMeta(Part):
    """Standard object metadata. `resource_version` comes first so that encoded objects can be kept in two halves
    around it (see types.kind). Times are RFC 3339 in UTC with seconds.
    """

    resource_version: Annotated[
        str,
        described("Opaque version of this object; send it back to be refused when the object has changed."),
    ] = ""
    name: Annotated[str, described("Name, unique in its namespace.")] = ""
    generate_name: Annotated[str, described("Prefix for a generated name, used when name is empty.")] = ""
    namespace: Annotated[str, described("Namespace; empty for cluster-scoped kinds.")] = ""
    uid: Annotated[str, described("Unique id, set by the server.")] = ""
    generation: Annotated[int, described("Counts changes of the desired state.")] = 0
    creation_timestamp: Annotated[str | None, described("Set by the server.", format="date-time")] = None
    deletion_timestamp: Annotated[
        str | None, described("Set when deletion waits for finalizers.", format="date-time")
    ] = None
    deletion_grace_period_seconds: int | None = None
    labels: Annotated[dict[str, str], described("Labels to select by.")] = {}
    annotations: Annotated[dict[str, str], described("Free-form notes, at most 262144 bytes in all.")] = {}
    owner_references: Annotated[list[OwnerReference], described("Objects that own this one.", merge_key="uid")] = []
    finalizers: Annotated[
        list[str], described("Names that must be taken away before deletion completes.", merge_set=True)
    ] = []
    self_link: Annotated[str, described("Ignored.", deprecated=True)] = ""
    managed_fields: Annotated[
        list[dict[str, object]], described("Accepted and dropped until server-side apply is built.")
    ] = []


class Object(Part):
    """What every object has. Subclasses add spec, status, data..."""

    kind: Annotated[str, described("The kind of this object.")] = ""
    api_version: Annotated[str, described("The group and version of this representation.")] = ""
    metadata: ObjectMeta = msgspec.field(default_factory=ObjectMeta)


class Condition(Part):
    """metav1.Condition."""

    type: str = ""
    status: Annotated[str, described("True, False or Unknown.")] = ""
    observed_generation: int = 0
    last_transition_time: Annotated[str | None, described(format="date-time")] = None
    reason: str = ""
    message: str = ""


class NameReference(Part):
    """The name of an object in the same namespace. Always sent, as Go clients do, even when empty."""

    name: str = always(str)
