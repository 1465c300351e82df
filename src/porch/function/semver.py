"""Versions and ranges of versions, as far as kpt understands them in a function's `tag`.

A version has one to three numbers, perhaps a `v` in front, perhaps a pre-release: v0.4, 1.2.3-rc.1. A range is versions
with `=`, `!=`, `>`, `<`, `>=`, `<=`, `~`, `^`, `x` or `*` for a number, `a - b`; joined by blanks or commas (all must
hold), or by `||` (one must). A pre-release is only in a range that names one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

_VERSION = re.compile(
    r"v?(\d{1,18})(?:\.(\d{1,18}))?(?:\.(\d{1,18}))?(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z.-]+)?",
    re.ASCII,
)
_TERM = re.compile(
    r"(=|!=|>|<|>=|=>|<=|=<|~|~>|\^)?\s*"
    r"v?(\d{1,18}|[xX*])(?:\.(\d{1,18}|[xX*]))?(?:\.(\d{1,18}|[xX*]))?(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?",
    re.ASCII,
)
_BETWEEN = re.compile(r"(\S+)\s+-\s+(\S+)")
_MAX_LENGTH = 256
_Numbers = tuple[int, int, int]


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """Compared as semantic versions are; a pre-release is before its release."""

    numbers: _Numbers
    order: tuple[tuple[int, int, str], ...] = ((2, 0, ""),)
    text: str = field(default="", compare=False)

    @classmethod
    def parse(cls, text: str) -> Self | None:
        found = _VERSION.fullmatch(text) if len(text) <= _MAX_LENGTH else None
        if not found:
            return None
        major, minor, patch, pre = found.groups()
        return cls((int(major), int(minor or 0), int(patch or 0)), _order(pre), text)

    @property
    def is_prerelease(self) -> bool:
        return self.order != ((2, 0, ""),)


@dataclass(frozen=True, slots=True)
class _Term:
    """Versions from `low` and before `high`; those outside when `inverted`."""

    low: Version
    high: Version | None
    inverted: bool = False
    names_prerelease: bool = False

    def holds(self, version: Version) -> bool:
        if version.is_prerelease and not self.names_prerelease:
            return False
        inside = self.low <= version and (self.high is None or version < self.high)
        return inside is not self.inverted


Constraint = tuple[tuple[_Term, ...], ...]
"""One of the outer must hold, of which all of the inner."""


def parse_constraint(text: str) -> Constraint | None:
    """None when it is no range."""
    if len(text) > _MAX_LENGTH:
        return None
    groups = []
    for part in text.split("||"):
        terms = _terms(_BETWEEN.sub(r">=\1 <=\2", part.strip()))
        if not terms:
            return None
        groups.append(terms)
    return tuple(groups)


def highest(constraint: Constraint, tags: Iterable[str]) -> str:
    """The tag of the highest version in the range; empty when there is none."""
    versions = (version for tag in tags if (version := Version.parse(tag)))
    fitting = [version for version in versions if any(all(term.holds(version) for term in g) for g in constraint)]
    return max(fitting).text if fitting else ""


def _terms(text: str) -> tuple[_Term, ...]:
    terms, place = [], 0
    while place < len(text):
        if text[place] in " ,":
            place += 1
            continue
        found = _TERM.match(text, place)
        if not found or (found.end() < len(text) and text[found.end()] not in " ,"):
            return ()
        terms.append(_term(found))
        place = found.end()
    return tuple(terms)


def _term(found: re.Match[str]) -> _Term:
    sign, *texts, pre = found.groups()
    given = [int(text) for text in _before_wildcard(texts)]
    low, behind = Version(_filled(given), _order(pre)), _behind(given)
    if len(given) == len(texts):  # a whole version: behind it comes the very next one
        behind = Version(low.numbers, (*low.order, (0, 0, "")))
    sign = _SIGNS.get(sign or "=", sign)
    high = {"~": _behind(given[:2]), "^": _behind(_caret(given)), "<": low, ">": None, ">=": None}.get(sign, behind)
    lowest = {">": behind or _NEVER, "<": _FIRST, "<=": _FIRST}.get(sign, low)
    return _Term(lowest, high, sign == "!=", bool(pre))


_SIGNS = {"=>": ">=", "=<": "<=", "~>": "~"}
_FIRST = Version((0, 0, 0), ())
_NEVER = Version((10**18, 0, 0))


def _before_wildcard(texts: Iterable[str | None]) -> list[str]:
    known: list[str] = []
    for text in texts:
        if text is None or text in "xX*":
            break
        known.append(text)
    return known


def _caret(given: list[int]) -> list[int]:
    """What `^` keeps: everything up to the first number that is not 0."""
    for place, number in enumerate(given):
        if number:
            return given[: place + 1]
    return given


def _behind(given: list[int]) -> Version | None:
    """The first version that does not begin with these numbers; None when all do."""
    return Version(_filled([*given[:-1], given[-1] + 1]), ()) if given else None


def _filled(numbers: list[int]) -> _Numbers:
    major, minor, patch = (*numbers, 0, 0, 0)[:3]
    return major, minor, patch


def _order(pre: str | None) -> tuple[tuple[int, int, str], ...]:
    """Numbers before words; nothing at all, a release, behind both."""
    if not pre:
        return ((2, 0, ""),)
    return tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in pre.split("."))
