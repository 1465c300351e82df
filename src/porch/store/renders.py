"""Verdicts of renders, and renders that take long; both adapters use this with their own statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from porch.store.interface import Operation, Verdict


class RenderReader:
    def __init__(self, db: Any, queries: Mapping[str, Any]) -> None:
        """`db` is the driver's connection, `queries` are the adapter's statements."""
        self._db, self._queries = db, queries

    def verdict(self, tree: str) -> Verdict | None:
        row = self._db.execute(self._queries["verdict_get"], {"tree": tree}).fetchone()
        if row is None:
            return None
        succeeded, functions, status, when = row
        ran = msgspec.json.decode(functions, type=tuple[tuple[str, str], ...])
        return Verdict(tree, bool(succeeded), ran, bytes(status), when)

    def operations(self) -> Sequence[Operation]:
        return [Operation(*row) for row in self._db.execute(self._queries["operation_all"])]


class RenderWriter(RenderReader):
    def put_verdict(self, verdict: Verdict) -> None:
        self._db.execute(
            self._queries["verdict_put"],
            {
                "tree": verdict.tree,
                "succeeded": verdict.succeeded,
                "functions": msgspec.json.encode(verdict.functions).decode(),
                "status": verdict.status,
                "rendered": verdict.when,
            },
        )

    def drop_verdicts(self, before: int) -> int:
        dropped: int = self._db.execute(self._queries["verdict_drop"], {"before": before}).rowcount
        return dropped

    def begin(self, operation: Operation) -> None:
        self._db.execute(
            self._queries["operation_begin"],
            {"id": operation.id, "namespace": operation.namespace, "name": operation.name},
        )

    def end(self, operation_id: str) -> None:
        self._db.execute(self._queries["operation_end"], {"id": operation_id})
