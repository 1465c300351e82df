"""The FunctionConfigs of a store that count: those in one namespace, read anew only after one has changed.

Who may write there decides which programs run on the server, so it is one namespace and not all.
"""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock

from porch.store import Change, Query, Store
from porch.types.functionconfig import FUNCTION_CONFIG, FunctionConfig, FunctionConfigSpec

_RESOURCE = str(FUNCTION_CONFIG.resource)


class StoredFunctionConfigs:
    def __init__(self, store: Store, namespace: str) -> None:
        self._store, self._namespace = store, namespace
        self._lock = Lock()
        self._changes = 1
        self._current: tuple[int, tuple[FunctionConfigSpec, ...]] = (0, ())
        store.on_commit(self._heard)

    def specs(self) -> tuple[FunctionConfigSpec, ...]:
        """Ordered by name. The same tuple as long as nothing has changed."""
        seen, specs = self._current
        return specs if seen == self._changes else self._read()

    def _read(self) -> tuple[FunctionConfigSpec, ...]:
        with self._lock:
            # Counted before the read: a change that comes during it makes the next request read again.
            changes = self._changes
            if self._current[0] != changes:
                with self._store.read() as reads:
                    page = reads.versions.list(Query(_RESOURCE, namespace=self._namespace))
                configs: list[FunctionConfig] = [FUNCTION_CONFIG.decode(item.version, item.tail) for item in page.items]
                self._current = changes, tuple(config.spec for config in configs)
            return self._current[1]

    def _heard(self, changes: Sequence[Change]) -> None:
        if any(change.current.key.resource == _RESOURCE for change in changes):
            self._changes += 1
