"""The roles and bindings of a store as a Policy, read anew only after one of them has changed.

A request pays for comparing two numbers. The store reports commits before it acknowledges them, so whoever has seen a
change of a role acknowledged is judged by it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from threading import Lock
from typing import Any

from porch.apiserver.authz.policy import Policy
from porch.store import Change, Query, Reads, Store
from porch.types.kind import Kind
from porch.types.rbac import CLUSTER_ROLE, CLUSTER_ROLE_BINDING, ROLE, ROLE_BINDING

_RESOURCES = frozenset(str(kind.resource) for kind in (ROLE, CLUSTER_ROLE, ROLE_BINDING, CLUSTER_ROLE_BINDING))


def read_policy(reads: Reads) -> Policy:
    def stored(kind: Kind) -> Iterator[Any]:
        page = reads.versions.list(Query(resource=str(kind.resource)))
        return (kind.decode(item.version, item.tail) for item in page.items)

    return Policy(stored(ROLE), stored(CLUSTER_ROLE), stored(ROLE_BINDING), stored(CLUSTER_ROLE_BINDING))


class StoredRoles:
    """The RoleSource of a standalone server."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = Lock()
        self._changes = 1
        self._current = (0, Policy())
        store.on_commit(self._heard)

    def policy(self) -> Policy:
        seen, policy = self._current
        return policy if seen == self._changes else self._read()

    def _read(self) -> Policy:
        with self._lock:
            # Counted before the read: a change that comes during it makes the next request read again.
            changes = self._changes
            if self._current[0] != changes:
                with self._store.read() as reads:
                    self._current = (changes, read_policy(reads))
            return self._current[1]

    def _heard(self, changes: Sequence[Change]) -> None:
        if any(change.current.key.resource in _RESOURCES for change in changes):
            self._changes += 1
