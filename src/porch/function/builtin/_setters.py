"""Setters: names in comments like `# kpt-set: ${image}:${tag}`, and what they stand for in the value before them."""

from __future__ import annotations

import re

_MARK = "# kpt-set: "
_NAMES = re.compile(r"\$\{[^}]*\}")


def pattern_of(comment: str) -> str:
    """The pattern in a line comment; empty when it is no setter comment."""
    return comment[len(_MARK) :].strip() if comment.startswith(_MARK) else ""


def references(pattern: str) -> list[str]:
    """All `${name}` of a pattern, as often as they stand there."""
    return _NAMES.findall(pattern)


def bare(reference: str) -> str:
    return reference.strip().removeprefix("${").removesuffix("}")


def derive(pattern: str, value: str) -> dict[str, str]:
    """What each name must be for `value` to hold the pattern. The first names take as much as they can. Empty when
    the pattern does not fit or when a name would be empty.
    """
    names = references(pattern)
    literals = _NAMES.split(pattern)
    for line in value.split("\n"):
        if (taken := _fit(literals, line)) is not None:
            if not all(taken):
                return {}
            return dict(zip(map(bare, names), taken, strict=True))
    return {}


def _fit(literals: list[str], line: str) -> list[str] | None:
    """The texts between the literals, as the regular expression `a(.*)b(.*)c` would find them, in linear time: the
    first literal stands as far left as it can, each other one as far right.
    """
    first, *others = literals
    start = line.find(first)
    if start < 0:
        return None
    taken: list[str] = []
    end = len(line)
    if others:
        end = line.rfind(others[-1], 0, end)
        places = [end]
        for literal in reversed(others[:-1]):
            end = line.rfind(literal, 0, end)
            places.append(end)
            if end < 0:
                return None
        begin = start + len(first)
        for literal, at in zip(others, reversed(places), strict=True):
            if at < begin:
                return None
            taken.append(line[begin:at])
            begin = at + len(literal)
    return taken
