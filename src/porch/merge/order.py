"""The order of a merged list: that of the side that moved something; additions stand behind what they followed."""

from __future__ import annotations

from collections.abc import Collection, Hashable
from typing import TypeVar

from porch.merge.interface import Sides

_T = TypeVar("_T", bound=Hashable)


def both_moved(sides: Sides[list[_T]]) -> bool:
    """Whether both sides put what all three have in orders of their own."""
    return len(set(_common(sides).each(tuple))) == 3


def merged(sides: Sides[list[_T]], kept: Collection[_T], *, prefer_local: bool, local_first: bool) -> list[_T]:
    """`kept` in order. `prefer_local` decides when both sides moved, `local_first` when both added at one place."""
    before, ours, theirs = _common(sides)
    base_is_local = theirs in (ours, before) or (ours != before and prefer_local)
    base, other = (sides.local, sides.upstream) if base_is_local else (sides.upstream, sides.local)
    base, other = [item for item in base if item in kept], [item for item in other if item in kept]
    skip = base_is_local == local_first
    return _with_additions(base, other, skip=skip)


def _common(sides: Sides[list[_T]]) -> Sides[list[_T]]:
    common = set(sides.original).intersection(sides.local, sides.upstream)
    return sides.each(lambda side: [item for item in side if item in common])


def _with_additions(base: list[_T], other: list[_T], *, skip: bool) -> list[_T]:
    """`skip`: additions of `other` also go behind the additions of `base` that stand in the same place."""
    known, others = set(base), set(other)
    last_of_run: dict[_T, _T] = {}
    """For each item the end of the run of base's own additions that follows it."""
    following: _T | None = None
    for item in reversed(base):
        last_of_run[item] = last_of_run[following] if following is not None and following not in others else item
        following = item
    first: list[_T] = []
    behind: dict[_T, list[_T]] = {}
    place: _T | None = None
    for item in other:
        if item in known:
            place = item
        elif place is None:
            first.append(item)
        else:
            behind.setdefault(last_of_run[place] if skip else place, []).append(item)
    if first and base and (base[0] not in others if skip else known.isdisjoint(others)):
        behind.setdefault(last_of_run[base[0]], [])[:0] = first
        first = []
    return first + [added for item in base for added in (item, *behind.get(item, ()))]
