"""One page of a LIST: the rows within the query's bounds, in order, until the page is full.

Without selectors the database does all of it. With selectors the postings say which objects may be meant, if they are
few; else what is not excluded is read in blocks. Each row is judged.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from porch.store.interface import Query
from porch.store.postgres.connection import Database
from porch.store.postgres.queries import QUERIES
from porch.store.selection import Candidate, bounds, judges, pinned_name, selects
from porch.store.terms import Name, fewest, narrowing

Row = tuple[Any, ...]

_LIST = QUERIES["version_list"]
_LIST_AT = QUERIES["version_list_at"]
_LIST_NAMED = QUERIES["version_list_named"]
_OF_NAMES = QUERIES["version_of_names"]
_OF_NAMES_AT = QUERIES["version_of_names_at"]
_WITH = QUERIES["names_with"]
_WITH_AT = QUERIES["names_with_at"]
_NEWEST = QUERIES["version_newest"]
_JUDGED = len(Candidate._fields)  # the columns behind the version
_BLOCK = 500


def list_page(db: Database, query: Query, at: int) -> tuple[list[Row], bool]:
    """The page's rows in the state at `at`, and whether objects follow."""
    within = bounds(query)
    if within is None:
        return [], False
    judge = judges(query)
    wanted = query.limit + 1 if query.limit else None
    parameters = {
        "resource": query.resource,
        "after_namespace": within.namespace,
        "after_name": within.name,
        "last_namespace": within.last,
        "at": at,
        "name": pinned_name(query),
        "without": None,
        "limit": _BLOCK if judge else wanted,
    }
    listing = _Listing(db, parameters, past=_is_past(db, query, at))
    candidates = listing.candidates(query) if judge else listing.rows()
    found = (row for row in candidates if not judge or selects(query, Candidate(*row[1 : _JUDGED + 1])))
    rows = list(itertools.islice(found, wanted))
    more = wanted is not None and len(rows) == wanted
    return rows[: query.limit] if more else rows, more


def _is_past(db: Database, query: Query, at: int) -> bool:
    if query.at is None:
        return False
    row = db.execute(_NEWEST, {"resource": query.resource}).fetchone()
    return row is not None and row[0] is not None and row[0] > at


@dataclass(frozen=True, slots=True)
class _Listing:
    """`past`: the state at `parameters["at"]` is not the current one."""

    db: Database
    parameters: Mapping[str, Any]
    past: bool

    def rows(self, **more: Any) -> Sequence[Row]:
        return self.db.execute(_LIST_AT if self.past else _LIST, {**self.parameters, **more}).fetchall()

    def candidates(self, query: Query) -> Iterator[Row]:
        """All that are selected, in order, and some more."""
        if self.parameters["name"] is not None and not self.past:
            return iter(self.db.execute(_LIST_NAMED, self.parameters).fetchall())
        wanted = narrowing(query)
        names = fewest(wanted, self._with)
        return self._blocks(wanted.without) if names is None else self._named(names)

    def _with(self, terms: tuple[int, ...], most: int) -> Sequence[Name]:
        parameters = {**self.parameters, "terms": list(terms), "most": most}
        return self.db.execute(_WITH_AT if self.past else _WITH, parameters).fetchall()

    def _blocks(self, without: tuple[int, ...]) -> Iterator[Row]:
        place: dict[str, Any] = {"without": list(without) or None}
        while True:
            rows = self.rows(**place)
            yield from rows
            if len(rows) < _BLOCK:
                return
            place |= {"after_namespace": rows[-1][1], "after_name": rows[-1][2]}

    def _named(self, names: Sequence[Name]) -> Iterator[Row]:
        statement = _OF_NAMES_AT if self.past else _OF_NAMES
        for start in range(0, len(names), _BLOCK):
            namespaces, some = zip(*names[start : start + _BLOCK], strict=True)
            parameters = {**self.parameters, "namespaces": list(namespaces), "names": list(some)}
            yield from self.db.execute(statement, parameters).fetchall()
