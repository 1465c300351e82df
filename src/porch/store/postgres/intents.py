"""Intents: the redo records of moves of refs, and which refs are on the move."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from porch.keys import RepositoryKey
from porch.store.interface import Intent
from porch.store.postgres.connection import Database
from porch.store.postgres.queries import QUERIES
from porch.store.selection import moves_in

_ALL = QUERIES["intent_all"]
_OPEN = QUERIES["intent_open"]
_APPLIED = QUERIES["intent_applied"]
_IS_OPEN = QUERIES["intent_is_open"]
_MOVING = QUERIES["intent_moving"]
_ADD = QUERIES["intent_add"]
_ADD_REF = QUERIES["intent_add_ref"]
_APPLY = QUERIES["intent_apply"]
_SETTLE_REFS = QUERIES["intent_settle_refs"]
_REMOVE = QUERIES["intent_remove"]


class PostgresIntentReader:
    def __init__(self, db: Database) -> None:
        self._db = db

    def all(self) -> Sequence[Intent]:
        return self._intents(_ALL)

    def open(self) -> Sequence[Intent]:
        return self._intents(_OPEN)

    def applied(self) -> Sequence[str]:
        return [intent_id for (intent_id,) in self._db.execute(_APPLIED)]

    def is_open(self, intent_id: str) -> bool:
        return self._db.execute(_IS_OPEN, {"id": intent_id}).fetchone() is not None

    def _intents(self, statement: bytes) -> list[Intent]:
        return [
            Intent(
                id=intent_id,
                repository=RepositoryKey(namespace, repository),
                mirror=mirror,
                moves=moves_in(moves),
                payload=payload,
                pack=pack,
                applied=bool(applied),
            )
            for intent_id, namespace, repository, mirror, moves, payload, pack, applied in self._db.execute(statement)
        ]

    def moving(self, mirror: str, refs: Iterable[str]) -> set[str]:
        parameters = {"mirror": mirror, "refs": list(refs)}
        return {ref for (ref,) in self._db.execute(_MOVING, parameters)}


class PostgresIntentWriter(PostgresIntentReader):
    def add(self, intent: Intent) -> None:
        self._db.execute(
            _ADD,
            {
                "id": intent.id,
                "namespace": intent.repository.namespace,
                "repository": intent.repository.name,
                "mirror": intent.mirror,
                "moves": msgspec.json.encode(intent.moves).decode(),
                "payload": intent.payload,
                "pack": intent.pack,
                "applied": intent.applied,
            },
        )
        if not intent.applied:
            refs = [{"mirror": intent.mirror, "ref": move.ref, "intent": intent.id} for move in intent.moves]
            self._db.cursor().executemany(_ADD_REF, refs)

    def mark_applied(self, intent_id: str) -> None:
        self._db.execute(_APPLY, {"id": intent_id})
        self._db.execute(_SETTLE_REFS, {"id": intent_id})

    def remove(self, intent_ids: Iterable[str]) -> None:
        self._db.cursor().executemany(_REMOVE, [{"id": intent_id} for intent_id in intent_ids])
