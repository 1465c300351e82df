"""Which stored objects a Query selects, and where in the order of the index they can be. Shared by the adapters.

Databases order objects by (namespace, name) and narrow by `bounds` and `pinned_name`; `selects` has the last word on
each row, so narrowing needs to be right only about what it leaves out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from porch.errors import ServiceUnavailable
from porch.store.interface import ANY_OWNER, Query, RefMove
from porch.types.selectors import Requirement, Selector

NAME = "metadata.name"
NAMESPACE = "metadata.namespace"
_LAST = "\U0010ffff"  # no namespace sorts behind it
_STRINGS = msgspec.json.Decoder(dict[str, str])
_MOVES = msgspec.json.Decoder(tuple[RefMove, ...])
_LIST = msgspec.json.Decoder(tuple[str, ...])


class Candidate(NamedTuple):
    """The columns of an object that selectors look at; labels, fields and owners as JSON."""

    namespace: str
    name: str
    alias: str | None
    labels: str
    fields: str
    owners: str


@dataclass(frozen=True, slots=True)
class Bounds:
    """Objects behind (namespace, name) whose namespace is not above `last`."""

    namespace: str
    name: str
    last: str


def bounds(query: Query) -> Bounds | None:
    """None when no object can be selected. `after` comes from clients: it never widens the namespace."""
    only = query.namespace
    pinned = query.fields.exactly(NAMESPACE)
    if only is not None and pinned is not None and only != pinned:
        return None
    if only is None:
        only = pinned
    start = (only or "", "")
    namespace, name = max(start, query.after or start)
    return Bounds(namespace, name, _LAST if only is None else only)


def pinned_name(query: Query) -> str | None:
    """The one name, or alias, that the query asks for."""
    return query.fields.exactly(NAME)


def strings(encoded: str) -> Mapping[str, str]:
    """Decodes a column of labels or fields."""
    try:
        return {} if encoded == "{}" else _STRINGS.decode(encoded)
    except (msgspec.MsgspecError, TypeError) as error:
        raise ServiceUnavailable.damaged("the database") from error


def owners(encoded: str) -> tuple[str, ...]:
    """Decodes a column of owners."""
    try:
        return () if encoded == "[]" else _LIST.decode(encoded)
    except (msgspec.MsgspecError, TypeError) as error:
        raise ServiceUnavailable.damaged("the database") from error


def moves_in(encoded: str) -> tuple[RefMove, ...]:
    """Decodes an intent's column of moves."""
    try:
        return _MOVES.decode(encoded)
    except (msgspec.MsgspecError, TypeError) as error:
        raise ServiceUnavailable.damaged("the database") from error


def judges(query: Query) -> bool:
    """Whether rows have to be looked at one by one."""
    return bool(query.labels) or bool(query.fields) or bool(query.owner)


def selects(query: Query, candidate: Candidate) -> bool:
    if query.labels and not query.labels.matches(strings(candidate.labels)):
        return False
    if query.owner and not _is_owned(query.owner, owners(candidate.owners)):
        return False
    return not query.fields or _fields_match(query.fields, candidate)


def _is_owned(owner: str, found: tuple[str, ...]) -> bool:
    return bool(found) if owner == ANY_OWNER else owner in found


def _fields_match(selector: Selector, candidate: Candidate) -> bool:
    values = {**strings(candidate.fields), NAMESPACE: candidate.namespace}
    names = (candidate.name, candidate.alias) if candidate.alias else (candidate.name,)
    return all(
        _name_matches(requirement, names) if requirement.key == NAME else requirement.matches(values)
        for requirement in selector.requirements
    )


def _name_matches(requirement: Requirement, names: tuple[str, ...]) -> bool:
    """An object is meant by either of its names, so it is excluded by either of them too."""
    matches = [requirement.matches({NAME: name}) for name in names]
    return all(matches) if requirement.operator == "notin" else any(matches)
