"""One page of a LIST: the rows within the query's bounds, judged in order until the page is full.

Without selectors the database does all of it. With selectors rows come without their tails, which may be large, and
those that match are read whole. An old state that is still the current one is read as such.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterator
from typing import Any

from porch.store.interface import ANY_OWNER, Query
from porch.store.selection import Candidate, bounds, pinned_name, selects
from porch.store.sqlite.queries import QUERIES

Row = tuple[Any, ...]

_AT = QUERIES["version_at"]
_LIST = QUERIES["version_list"]
_LIST_AT = QUERIES["version_list_at"]
_LIST_NAMED = QUERIES["version_list_named"]
_COUNT = QUERIES["version_count"]
_COUNT_AT = QUERIES["version_count_at"]
_NEWEST = QUERIES["version_newest"]
_JUDGED = len(Candidate._fields)  # the columns behind the version
_ALL = -1  # SQLite's "no limit"


def list_page(db: sqlite3.Connection, query: Query, at: int) -> tuple[list[Row], bool, int | None]:
    """The page's rows in the state at `at`; whether objects follow; and how many, if that is known."""
    within = bounds(query)
    if within is None:
        return [], False, None
    judge = bool(query.labels) or bool(query.fields) or bool(query.owner)
    parameters = {
        "resource": query.resource,
        "after_namespace": within.namespace,
        "after_name": within.name,
        "last_namespace": within.last,
        "at": at,
        "judge": judge,
        "name": pinned_name(query),
        "limit": _ALL if judge or not query.limit else query.limit + 1,
    }
    past = _is_past(db, query, at)
    candidates = db.execute(_statement(past=past, named=parameters["name"] is not None), parameters)
    rows = list(itertools.islice(_selected(db, query, candidates) if judge else candidates, _wanted(query)))
    candidates.close()
    if not query.limit or len(rows) <= query.limit:
        return rows, False, None
    rows.pop()
    if judge:
        return rows, True, None
    parameters |= {"after_namespace": rows[-1][1], "after_name": rows[-1][2]}
    (remaining,) = db.execute(_COUNT_AT if past else _COUNT, parameters).fetchone()
    return rows, True, remaining


def _wanted(query: Query) -> int | None:
    """One more than the page holds tells whether objects follow."""
    return query.limit + 1 if query.limit else None


def _is_past(db: sqlite3.Connection, query: Query, at: int) -> bool:
    if query.at is None:
        return False
    (newest,) = db.execute(_NEWEST, {"resource": query.resource}).fetchone()
    return newest is not None and newest > at


def _statement(*, past: bool, named: bool) -> str:
    if past:
        return _LIST_AT
    return _LIST_NAMED if named else _LIST


def _selected(db: sqlite3.Connection, query: Query, candidates: Iterator[Row]) -> Iterator[Row]:
    for version, *columns in candidates:
        if _owned(query.owner, columns[_JUDGED]) and selects(query, Candidate(*columns[:_JUDGED])):
            yield db.execute(_AT, {"version": version}).fetchone()


def _owned(owner: str, owners: str) -> bool:
    return not owner or (owners != "[]" if owner == ANY_OWNER else f'"{owner}"' in owners)
