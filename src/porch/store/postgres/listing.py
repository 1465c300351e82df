"""One page of a LIST: the rows within the query's bounds, judged in order until the page is full.

Without selectors the database does all of it. With selectors rows come in blocks without their tails, which may be
large, and those that match are read whole.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import msgspec

from porch.store.interface import ANY_OWNER, Query
from porch.store.postgres.connection import Database
from porch.store.postgres.queries import QUERIES
from porch.store.selection import Candidate, bounds, pinned_name, selects

Row = tuple[Any, ...]

_AT = QUERIES["version_at"]
_LIST = QUERIES["version_list"]
_LIST_AT = QUERIES["version_list_at"]
_LIST_NAMED = QUERIES["version_list_named"]
_NEWEST = QUERIES["version_newest"]
_JUDGED = len(Candidate._fields)  # the columns behind the version; the owners follow
_BLOCK = 500


def list_page(db: Database, query: Query, at: int) -> tuple[list[Row], bool]:
    """The page's rows in the state at `at`, and whether objects follow."""
    within = bounds(query)
    if within is None:
        return [], False
    judge = bool(query.labels) or bool(query.fields) or bool(query.owner)
    wanted = query.limit + 1 if query.limit else None
    parameters = {
        "resource": query.resource,
        "after_namespace": within.namespace,
        "after_name": within.name,
        "last_namespace": within.last,
        "at": at,
        "judge": judge,
        "name": pinned_name(query),
        "limit": _BLOCK if judge else wanted,
    }
    past = _is_past(db, query, at)
    if not judge:
        rows = db.execute(_LIST_AT if past else _LIST, parameters).fetchall()
    elif parameters["name"] is not None and not past:
        rows = list(itertools.islice(_selected(db, query, db.execute(_LIST_NAMED, parameters)), wanted))
    else:
        candidates = _blocks(db, _LIST_AT if past else _LIST, parameters)
        rows = list(itertools.islice(_selected(db, query, candidates), wanted))
    more = wanted is not None and len(rows) == wanted
    return rows[: query.limit] if more else rows, more


def _is_past(db: Database, query: Query, at: int) -> bool:
    if query.at is None:
        return False
    row = db.execute(_NEWEST, {"resource": query.resource}).fetchone()
    return row is not None and row[0] is not None and row[0] > at


def _blocks(db: Database, statement: bytes, parameters: dict[str, Any]) -> Iterator[Row]:
    while True:
        rows = db.execute(statement, parameters).fetchall()
        yield from rows
        if len(rows) < _BLOCK:
            return
        parameters = parameters | {"after_namespace": rows[-1][1], "after_name": rows[-1][2]}


def _selected(db: Database, query: Query, candidates: Iterator[Row]) -> Iterator[Row]:
    for version, *columns in candidates:
        if _owned(query.owner, columns[_JUDGED]) and selects(query, Candidate(*columns[:_JUDGED])):
            yield from db.execute(_AT, {"version": version}).fetchall()


def _owned(owner: str, owners: str) -> bool:
    if not owner:
        return True
    found = msgspec.json.decode(owners, type=tuple[str, ...])
    return bool(found) if owner == ANY_OWNER else owner in found
