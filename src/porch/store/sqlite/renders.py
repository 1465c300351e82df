"""Verdicts of renders, and renders that take long."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import msgspec

from porch.store.interface import Operation, Verdict
from porch.store.sqlite.queries import QUERIES

_GET = QUERIES["verdict_get"]
_PUT = QUERIES["verdict_put"]
_DROP = QUERIES["verdict_drop"]
_OPERATIONS = QUERIES["operation_all"]
_BEGIN = QUERIES["operation_begin"]
_END = QUERIES["operation_end"]


class SqliteRenderReader:
    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def verdict(self, tree: str) -> Verdict | None:
        row = self._db.execute(_GET, {"tree": tree}).fetchone()
        if row is None:
            return None
        succeeded, functions, status, when = row
        ran = msgspec.json.decode(functions, type=tuple[tuple[str, str], ...])
        return Verdict(tree, bool(succeeded), ran, bytes(status), when)

    def operations(self) -> Sequence[Operation]:
        return [Operation(*row) for row in self._db.execute(_OPERATIONS)]


class SqliteRenderWriter(SqliteRenderReader):
    def put_verdict(self, verdict: Verdict) -> None:
        self._db.execute(
            _PUT,
            {
                "tree": verdict.tree,
                "succeeded": verdict.succeeded,
                "functions": msgspec.json.encode(verdict.functions).decode(),
                "status": verdict.status,
                "rendered": verdict.when,
            },
        )

    def drop_verdicts(self, before: int) -> int:
        return self._db.execute(_DROP, {"before": before}).rowcount

    def begin(self, operation: Operation) -> None:
        self._db.execute(_BEGIN, {"id": operation.id, "namespace": operation.namespace, "name": operation.name})

    def end(self, operation_id: str) -> None:
        self._db.execute(_END, {"id": operation_id})
