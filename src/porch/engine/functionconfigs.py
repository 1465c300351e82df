"""How functions are run now: what the settings say, and the FunctionConfigs of one namespace.

Only that namespace counts: whoever may write there decides which programs run with the server's rights.
"""

from __future__ import annotations

from collections.abc import Sequence

from porch.function.options import FunctionOptions, options_of
from porch.settings import Settings
from porch.store import Change, Query, Store
from porch.types.functionconfig import FUNCTION_CONFIG, FunctionConfigSpec

_RESOURCE = str(FUNCTION_CONFIG.resource)


class ConfiguredFunctions:
    """Reads again what was read before only after a change."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings, self._store = settings, store
        self._changes = 0
        self._read: tuple[int, FunctionOptions] | None = None
        store.on_commit(self._hear)

    def options(self) -> FunctionOptions:
        read, changes = self._read, self._changes
        if read is None or read[0] != changes:
            self._read = read = changes, options_of(self._settings, tuple(self._specs()))
        return read[1]

    def _hear(self, changes: Sequence[Change]) -> None:
        if any(change.current.key.resource == _RESOURCE for change in changes):
            self._changes += 1

    def _specs(self) -> list[FunctionConfigSpec]:
        with self._store.read() as reads:
            page = reads.versions.list(Query(resource=_RESOURCE, namespace=self._settings.function_namespace))
        return [FUNCTION_CONFIG.decode(item.version, item.tail).spec for item in page.items]
