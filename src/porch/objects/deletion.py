"""What a delete does to an object's metadata, the same for objects in the store and for package revisions.

A delete removes an object at once, unless finalizers hold it: then it marks the object, once, and the update that takes
the last finalizer away removes it. Two finalizers are the server's own, set by the delete's propagation policy and
taken away by the garbage collector (`controllers.garbage`): `orphan` while dependents are let go, `foregroundDeletion`
while they are deleted first.
"""

from __future__ import annotations

import enum

from porch.objects.metadata import now
from porch.types.meta import ObjectMeta

ORPHAN, FOREGROUND = "orphan", "foregroundDeletion"
COLLECTED = (ORPHAN, FOREGROUND)
"""Finalizers that wait for the garbage collector."""
_OF_POLICY = {"Orphan": [ORPHAN], "Foreground": [FOREGROUND], "Background": []}


class Fate(enum.Enum):
    """What a delete comes to: the object is removed; it is marked now; it was marked before and nothing changes."""

    REMOVED = "removed"
    MARKED = "marked"
    WAITING = "waiting"


def condemn(meta: ObjectMeta, propagation: str, *, held: bool = False) -> Fate:
    """Does to `meta` what a delete does. Without a propagation policy the finalizers decide that are there. `held` is
    whether something else than them holds the object.
    """
    if meta.deletion_timestamp:
        return Fate.WAITING if meta.finalizers or held else Fate.REMOVED
    if propagation:
        kept = [name for name in meta.finalizers if name not in COLLECTED]
        meta.finalizers = kept + _OF_POLICY[propagation]
    if not meta.finalizers and not held:
        return Fate.REMOVED
    meta.deletion_timestamp, meta.deletion_grace_period_seconds = now(), 0
    if meta.generation:
        meta.generation += 1
    return Fate.MARKED


def is_released(meta: ObjectMeta, old: ObjectMeta, *, held: bool = False) -> bool:
    """Whether the update from `old` to `meta` takes away the last that held an object that is being deleted."""
    return bool(old.deletion_timestamp) and not meta.finalizers and not held


def owners(meta: ObjectMeta) -> tuple[str, ...]:
    """What the store finds the object by for the garbage collector: the uids of its owners and, while it waits for the
    garbage collector, the finalizer that it waits by. So whoever starts anew finds all its work without a scan.
    """
    waits = [name for name in meta.finalizers if name in COLLECTED] if meta.deletion_timestamp else []
    return tuple(dict.fromkeys([*(owner.uid for owner in meta.owner_references), *waits]))
