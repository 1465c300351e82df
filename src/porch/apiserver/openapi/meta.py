"""The meta/v1 types that no kind stores but that operations take and answer; only their schemas are used."""

from __future__ import annotations

from typing import Annotated

import msgspec

from porch.types.base import Part, described

_API_VERSION = described("The group and version of this representation.")
_KIND = described("The kind of this object.")


class ListMeta(Part):
    """Metadata of a list."""

    resource_version: Annotated[str, described("Where a watch goes on from.")] = ""
    continue_token: Annotated[str, described("Send it back to get the next page.")] = msgspec.field(
        default="", name="continue"
    )
    remaining_item_count: Annotated[int | None, described("How many objects follow this page.")] = None
    self_link: Annotated[str, described("Ignored.", deprecated=True)] = ""


class StatusCause(Part):
    """One cause of a failure."""

    reason: str = ""
    message: str = ""
    field: Annotated[str, described("JSON path of the field.")] = ""


class StatusDetails(Part):
    """What a failure is about."""

    name: str = ""
    group: str = ""
    kind: Annotated[str, described("The plural resource, or the kind when the object is invalid.")] = ""
    uid: str = ""
    causes: list[StatusCause] = []
    retry_after_seconds: Annotated[int, described(format="int32")] = 0


class Status(Part):
    """The outcome of a request that returns no object."""

    api_version: Annotated[str, _API_VERSION] = ""
    kind: Annotated[str, _KIND] = ""
    metadata: ListMeta = msgspec.field(default_factory=ListMeta)
    status: Annotated[str, described("Success or Failure.")] = ""
    message: str = ""
    reason: Annotated[str, described("Why it failed, in one word.")] = ""
    details: StatusDetails | None = None
    code: Annotated[int, described("The HTTP status code.", format="int32")] = 0


class Preconditions(Part):
    """What must hold for a deletion."""

    uid: str | None = None
    resource_version: str | None = None


class DeleteOptions(Part):
    """How to delete."""

    api_version: Annotated[str, _API_VERSION] = ""
    kind: Annotated[str, _KIND] = ""
    dry_run: Annotated[list[str], described("`All`, to try without deleting.")] = []
    grace_period_seconds: int | None = None
    orphan_dependents: Annotated[bool | None, described(deprecated=True)] = None
    preconditions: Preconditions | None = None
    propagation_policy: Annotated[str | None, described("Orphan, Background or Foreground.")] = None
