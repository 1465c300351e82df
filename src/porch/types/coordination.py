"""coordination.k8s.io/v1 Lease: who of several holds something, and since when. Leader elections write these."""

from __future__ import annotations

from typing import Annotated

import msgspec

from porch.types.base import Part, described
from porch.types.kind import Kind
from porch.types.meta import Object

GROUP = "coordination.k8s.io"


class LeaseSpec(Part):
    """A field that was sent stays, even when it is empty: a holder who lets go writes an empty identity."""

    holder_identity: Annotated[str | None, described("Who holds the lease; empty when nobody does.")] = None
    lease_duration_seconds: Annotated[
        int | None, described("How long others wait after renewTime before they may take it.", format="int32")
    ] = None
    acquire_time: Annotated[str | None, described("When the holder took it.", format="date-time")] = None
    renew_time: Annotated[str | None, described("When the holder last said that it is there.", format="date-time")] = (
        None
    )
    lease_transitions: Annotated[int | None, described("How often the holder changed.", format="int32")] = None
    strategy: Annotated[str | None, described("How a coordinator picks the holder, like OldestEmulationVersion.")] = (
        None
    )
    preferred_holder: Annotated[str | None, described("Whom the holder should make room for; needs a strategy.")] = None


class Lease(Object):
    spec: LeaseSpec = msgspec.field(default_factory=LeaseSpec)


LEASE = Kind(GROUP, "v1", "Lease", "leases", Lease)
