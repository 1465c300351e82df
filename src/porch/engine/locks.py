"""One request at a time for each package revision: a lock that is taken or refused, never waited for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from porch.errors import Conflict
from porch.keys import GroupResource


class Locks:
    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._held: set[tuple[str, str]] = set()

    @contextmanager
    def hold(self, resource: GroupResource, namespace: str, name: str, why: str) -> Iterator[None]:
        """Raises Conflict with `why` when another request holds (namespace, name), whatever resource it came by."""
        key = namespace, name
        with self._guard:
            if key in self._held:
                raise Conflict.of(resource.group, resource.resource, name, why)
            self._held.add(key)
        try:
            yield
        finally:
            with self._guard:
                self._held.discard(key)
