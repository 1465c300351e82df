"""Terms: what an object can be found by besides its name, as numbers that an index can hold. Shared by the adapters.

An object has a term for each label, for each label's key, for each selectable field, and for each owner. A *posting*
says from which version until which an object had a term; it is written only when an object's terms change. A term is a
hash: a rare clash narrows a list too little, never too much, since `selection.selects` has the last word on each row.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from porch.store.interface import ANY_OWNER, NewVersion, Query, StoredVersion
from porch.store.selection import NAME, NAMESPACE
from porch.types.selectors import Requirement

_LABEL, _FIELD, _OWNER = "label", "field", "owner"
_RESOURCE_BITS = 24
_TERM_BITS = 63 - _RESOURCE_BITS
Name = tuple[str, str]
"""Namespace and name."""
_FEW = 2000
"""Fewer objects than these are simply all looked at."""
_MOST_VALUES = 50
"""A requirement with more values is judged row by row."""


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What a query says in terms. An object that is selected has one of each group of `among`, and none of
    `without`. Groups are never empty; no group at all means that nothing could be said.
    """

    among: tuple[tuple[int, ...], ...]
    without: tuple[int, ...]


def terms_of(version: NewVersion | StoredVersion) -> frozenset[int]:
    """All terms of an object."""
    return frozenset(_terms(version))


def _terms(version: NewVersion | StoredVersion) -> Iterator[int]:
    resource = version.key.resource
    for key, value in version.labels.items():
        yield _term(resource, _LABEL, key)
        yield _term(resource, _LABEL, key, value)
    for key, value in version.fields.items():
        yield _term(resource, _FIELD, key, value)
    if version.owners:
        yield _term(resource, _OWNER, ANY_OWNER)
    for uid in version.owners:
        yield _term(resource, _OWNER, uid)


def narrowing(query: Query) -> Narrowing:
    among: list[tuple[int, ...]] = []
    without: list[int] = []
    for requirement in query.labels.requirements:
        _narrow(query.resource, _LABEL, requirement, among, without)
    for requirement in query.fields.requirements:
        if requirement.key not in {NAME, NAMESPACE}:
            _narrow(query.resource, _FIELD, requirement, among, without)
    if query.owner:
        among.append((_term(query.resource, _OWNER, query.owner),))
    return Narrowing(tuple(among), tuple(without))


def _narrow(
    resource: str, kind: str, requirement: Requirement, among: list[tuple[int, ...]], without: list[int]
) -> None:
    key, values = requirement.key, requirement.values
    if requirement.operator in {"in", "notin"} and len(values) <= _MOST_VALUES:
        terms = tuple(_term(resource, kind, key, value) for value in values)
        if requirement.operator == "notin":
            without.extend(terms)
        elif terms:
            among.append(terms)
    elif requirement.operator == "!exists":
        without.append(_term(resource, kind, key))
    elif kind == _LABEL and requirement.operator != "notin":
        among.append((_term(resource, kind, key),))


def fewest(wanted: Narrowing, names_of: Callable[[tuple[int, ...], int], Iterable[Name]]) -> list[Name] | None:
    """The names, in order, that the most selective group leaves; None when even that one leaves many. `names_of` gives
    the names that have one of some terms, as many as are asked for.
    """
    few: list[Name] | None = None
    for group in wanted.among:
        most = _FEW if few is None else len(few)
        names = list(islice(names_of(group, most), most))
        if len(names) < most:
            few = names
    return None if few is None else sorted(set(few))


def range_of(resource: str) -> tuple[int, int]:
    """The first and the last number that a term of this resource can have."""
    first = _hash(resource, _RESOURCE_BITS) << _TERM_BITS
    return first, first + (1 << _TERM_BITS) - 1


def _term(resource: str, kind: str, key: str, *value: str) -> int:
    return range_of(resource)[0] + _hash("\0".join((kind, key, *value)), _TERM_BITS)


def _hash(text: str, bits: int) -> int:
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> (64 - bits)


def changed(old: StoredVersion | None, new: StoredVersion | None) -> tuple[Sequence[int], Sequence[int]]:
    """The terms that an object lost and those that it gained by a write."""
    if old is not None and new is not None and _same(old, new):
        return (), ()
    before, after = terms_of(old) if old else frozenset(), terms_of(new) if new else frozenset()
    return sorted(before - after), sorted(after - before)


def _same(old: StoredVersion, new: StoredVersion) -> bool:
    return old.labels == new.labels and old.fields == new.fields and old.owners == new.owners
