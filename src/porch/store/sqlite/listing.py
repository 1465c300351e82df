"""One page of a LIST: the rows within the query's bounds, in order, until the page is full.

Without selectors the database does all of it. With selectors the postings say which objects may be meant: the fewest
that a requirement leaves, or, where all leave many, what a merge of the sorted lists of names leaves. Each of those is
read and judged. An old state that is still the current one is read as such.
"""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from porch.store.interface import Query
from porch.store.selection import Candidate, bounds, judges, pinned_name, selects
from porch.store.sqlite.queries import QUERIES
from porch.store.terms import Name, Narrowing, fewest, narrowing

Row = tuple[Any, ...]
Names = Iterable[Name]

_GET = QUERIES["version_get"]
_GET_AT = QUERIES["version_get_at"]
_LIST = QUERIES["version_list"]
_LIST_AT = QUERIES["version_list_at"]
_LIST_NAMED = QUERIES["version_list_named"]
_ALL = QUERIES["names_all"]
_ALL_AT = QUERIES["names_all_at"]
_WITH = QUERIES["names_with"]
_WITH_AT = QUERIES["names_with_at"]
_NEWEST = QUERIES["version_newest"]
_JUDGED = len(Candidate._fields)  # the columns behind the version
_NO_LIMIT = -1  # SQLite's word for it
_MOST_MERGED = 40


def list_page(db: sqlite3.Connection, query: Query, at: int) -> tuple[list[Row], bool]:
    """The page's rows in the state at `at`, and whether objects follow."""
    within = bounds(query)
    if within is None:
        return [], False
    judge = judges(query)
    parameters = {
        "resource": query.resource,
        "after_namespace": within.namespace,
        "after_name": within.name,
        "last_namespace": within.last,
        "at": at,
        "name": pinned_name(query),
        "limit": _NO_LIMIT if judge or not query.limit else query.limit + 1,
    }
    listing = _Listing(db, parameters, past=_is_past(db, query, at))
    candidates = listing.candidates(query) if judge else listing.everything()
    found = (row for row in candidates if selects(query, Candidate(*row[1 : _JUDGED + 1]))) if judge else candidates
    rows = list(itertools.islice(found, query.limit + 1 if query.limit else None))
    if not query.limit or len(rows) <= query.limit:
        return rows, False
    return rows[:-1], True


def _is_past(db: sqlite3.Connection, query: Query, at: int) -> bool:
    if query.at is None:
        return False
    (newest,) = db.execute(_NEWEST, {"resource": query.resource}).fetchone()
    return newest is not None and newest > at


@dataclass(frozen=True, slots=True)
class _Listing:
    """`past`: the state at `parameters["at"]` is not the current one."""

    db: sqlite3.Connection
    parameters: Mapping[str, Any]
    past: bool

    def everything(self) -> Iterator[Row]:
        return self.db.execute(_LIST_AT if self.past else _LIST, self.parameters)

    def candidates(self, query: Query) -> Iterator[Row]:
        """All that are selected, in order, and some more."""
        if self.parameters["name"] is not None and not self.past:
            return self.db.execute(_LIST_NAMED, self.parameters)
        wanted = narrowing(query)
        if not wanted.among and not wanted.without:
            return self.everything()
        # The names with one term are sorted already: a page of them costs a page, however many there are.
        sorted_already = len(wanted.among) == 1 and len(wanted.among[0]) == 1
        names = None if sorted_already else fewest(wanted, self._of_group)
        return self._read(self._merged(wanted) if names is None else names)

    def _of_group(self, group: tuple[int, ...], _most: int) -> Names:
        statement = _WITH_AT if self.past else _WITH
        for term in group:
            yield from self.db.execute(statement, {**self.parameters, "term": term})

    def _merged(self, wanted: Narrowing) -> Names:
        """SQLite merges the sorted parts as they are asked for, so an early end costs little."""
        alone = [group[0] for group in wanted.among if len(group) == 1]
        terms = [*alone, *wanted.without][:_MOST_MERGED]
        one, everything = (_WITH_AT, _ALL_AT) if self.past else (_WITH, _ALL)
        parts = [one.replace(":term", f":term{place}") for place in range(len(terms))]
        words = ["INTERSECT"] * len(alone) + ["EXCEPT"] * len(wanted.without)
        statement = "" if alone else everything
        for word, part in zip(words, parts, strict=False):
            statement += f" {word} {part}" if statement else part
        numbered = {f"term{place}": term for place, term in enumerate(terms)}
        return self.db.execute(f"{statement} ORDER BY namespace, name", {**self.parameters, **numbered})

    def _read(self, names: Names) -> Iterator[Row]:
        statement = _GET_AT if self.past else _GET
        for namespace, name in names:
            row = self.db.execute(statement, {**self.parameters, "namespace": namespace, "name": name}).fetchone()
            if row is not None:
                yield row
