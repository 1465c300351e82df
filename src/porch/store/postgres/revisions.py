"""The index of package revisions, the refs last seen, and what users put on package revisions."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from porch.keys import RepositoryKey
from porch.store.interface import RevisionRow
from porch.store.paths import above, below, of_repository
from porch.store.postgres.connection import Database
from porch.store.postgres.queries import QUERIES

_GET = QUERIES["revision_get"]
_OF_REPOSITORY = QUERIES["revision_of_repository"]
_OF_PACKAGE = QUERIES["revision_of_package"]
_AT_REFS = QUERIES["revision_at_refs"]
_COUNT = QUERIES["revision_count"]
_OVERLAPPING = QUERIES["revision_overlapping"]
_PUT = QUERIES["revision_put"]
_DELETE = QUERIES["revision_delete"]
_REFS = QUERIES["ref_list"]
_TARGETS = QUERIES["ref_targets"]
_BELOW = QUERIES["ref_below"]
_CLASHING = QUERIES["ref_clashing"]
_PUT_REF = QUERIES["ref_put"]
_DELETE_REF = QUERIES["ref_delete"]
_METADATA = QUERIES["metadata_get"]
_METADATA_NAMES = QUERIES["metadata_names"]
_PUT_METADATA = QUERIES["metadata_put"]
_DELETE_METADATA = QUERIES["metadata_delete"]
_VANISHED = QUERIES["metadata_vanished"]
_SET_VANISHED = QUERIES["metadata_set_vanished"]
_SET_PRESENT = QUERIES["metadata_set_present"]
_DROP_VANISHED = QUERIES["metadata_drop_vanished"]


class PostgresRevisionReader:
    def __init__(self, db: Database) -> None:
        self._db = db

    def get(self, namespace: str, name: str) -> RevisionRow | None:
        return next(iter(self._rows(_GET, namespace=namespace, name=name)), None)

    def of_repository(self, repository: RepositoryKey) -> Sequence[RevisionRow]:
        return self._rows(_OF_REPOSITORY, namespace=repository.namespace, repository=repository.name)

    def of_package(self, repository: RepositoryKey, path: str) -> Sequence[RevisionRow]:
        return self._rows(_OF_PACKAGE, namespace=repository.namespace, repository=repository.name, path=path)

    def at_refs(self, repository: RepositoryKey, refs: Iterable[str]) -> Sequence[RevisionRow]:
        among = list(refs)
        return self._rows(_AT_REFS, namespace=repository.namespace, repository=repository.name, refs=among)

    def count(self, repository: RepositoryKey) -> int:
        parameters = {"namespace": repository.namespace, "repository": repository.name}
        ((count,),) = self._db.execute(_COUNT, parameters).fetchall()
        return int(count)

    def overlapping(self, location: str, full_path: str) -> Sequence[RevisionRow]:
        lower, beyond = below(full_path)
        at_or_above = [*above(full_path), full_path]
        return self._rows(_OVERLAPPING, location=location, at_or_above=at_or_above, below=lower, beyond=beyond)

    def refs(self, mirror: str) -> dict[str, str]:
        return dict(self._db.execute(_REFS, {"mirror": mirror}))

    def targets(self, mirror: str, refs: Iterable[str]) -> dict[str, str]:
        return dict(self._db.execute(_TARGETS, {"mirror": mirror, "refs": list(refs)}))

    def refs_below(self, mirror: str, path: str) -> Sequence[str]:
        lower, beyond = below(path)
        return [ref for (ref,) in self._db.execute(_BELOW, {"mirror": mirror, "below": lower, "beyond": beyond})]

    def clashing_ref(self, mirror: str, ref: str) -> str | None:
        lower, beyond = below(ref)
        prefixes = above(ref)
        row = self._db.execute(
            _CLASHING, {"mirror": mirror, "above": prefixes, "below": lower, "beyond": beyond}
        ).fetchone()
        return None if row is None else str(row[0])

    def user_metadata(self, namespace: str, name: str) -> bytes | None:
        row = self._db.execute(_METADATA, {"namespace": namespace, "name": name}).fetchone()
        return None if row is None else bytes(row[0])

    def with_user_metadata(self, repository: RepositoryKey) -> Sequence[str]:
        first, last = of_repository(repository.name)
        where = {"namespace": repository.namespace, "above": first, "below": last}
        return [name for (name,) in self._db.execute(_METADATA_NAMES, where)]

    def vanished_since(self, namespace: str, name: str) -> int | None:
        row = self._db.execute(_VANISHED, {"namespace": namespace, "name": name}).fetchone()
        return None if row is None or row[0] is None else int(row[0])

    def _rows(self, statement: bytes, **parameters: object) -> list[RevisionRow]:
        return [_revision(row) for row in self._db.execute(statement, parameters)]


def _revision(row: Sequence[Any]) -> RevisionRow:
    """The table has RevisionRow's columns in its order."""
    *columns, latest = row
    values = (*columns, bool(latest))
    return RevisionRow(*values)


class PostgresRevisionWriter(PostgresRevisionReader):
    def put(self, row: RevisionRow) -> None:
        self._db.execute(_PUT, dataclasses.astuple(row))

    def delete(self, namespace: str, name: str) -> None:
        self._db.execute(_DELETE, {"namespace": namespace, "name": name})

    def put_refs(self, mirror: str, moved: Mapping[str, str | None]) -> None:
        gone = [{"mirror": mirror, "ref": ref} for ref, target in moved.items() if target is None]
        kept = [{"mirror": mirror, "ref": ref, "target": target} for ref, target in moved.items() if target is not None]
        self._db.cursor().executemany(_DELETE_REF, gone)
        self._db.cursor().executemany(_PUT_REF, kept)

    def put_user_metadata(self, namespace: str, name: str, metadata: bytes | None) -> None:
        parameters = {"namespace": namespace, "name": name, "metadata": metadata}
        self._db.execute(_DELETE_METADATA if metadata is None else _PUT_METADATA, parameters)

    def set_vanished(self, namespace: str, names: Iterable[str], when: int | None) -> None:
        rows = [{"namespace": namespace, "name": name, "vanished": when} for name in names]
        self._db.cursor().executemany(_SET_PRESENT if when is None else _SET_VANISHED, rows)

    def drop_vanished(self, before: int) -> Sequence[tuple[str, str]]:
        return [(namespace, name) for namespace, name in self._db.execute(_DROP_VANISHED, {"before": before})]
