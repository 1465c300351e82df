"""`.krmignore`: which files of a package are no resources. The rules are .gitignore's.

Patterns come from users, so they are matched segment by segment, without regular expressions that could run away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache

_MAX_RULES = 1000


@dataclass(frozen=True, slots=True)
class _Rule:
    base: tuple[str, ...]
    """The directory of the .krmignore file; the rule knows nothing above it."""
    segments: tuple[str, ...]
    keep: bool
    directories_only: bool

    def matches(self, path: tuple[str, ...], *, is_directory: bool) -> bool:
        if self.directories_only and not is_directory:
            return False
        below = path[len(self.base) :]
        return path[: len(self.base)] == self.base and bool(below) and _match(self.segments, below)


class Ignored:
    """The ignore files of one package, by path."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._rules: list[_Rule] = []
        for path in sorted(files, key=lambda path: path.count("/")):
            base = tuple(path.split("/")[:-1])
            lines = files[path].decode("utf-8", "replace").splitlines()[:_MAX_RULES]
            self._rules += [rule for line in lines if (rule := _parse(base, line))]

    def matches(self, path: str) -> bool:
        """A file is ignored when a rule names it or a directory above it; later rules win."""
        if not self._rules:
            return False
        segments = tuple(path.split("/"))
        return any(
            self._decide(segments[:depth], is_directory=depth < len(segments)) for depth in range(1, len(segments) + 1)
        )

    def _decide(self, path: tuple[str, ...], *, is_directory: bool) -> bool:
        for rule in reversed(self._rules):
            if rule.matches(path, is_directory=is_directory):
                return not rule.keep
        return False


def _parse(base: tuple[str, ...], line: str) -> _Rule | None:
    line = line.rstrip()
    if not line or line.startswith("#"):
        return None
    keep = line.startswith("!")
    pattern = line.removeprefix("!").removeprefix("\\")
    directories_only = pattern.endswith("/")
    anchored = "/" in pattern.rstrip("/")
    segments = tuple(segment for segment in pattern.split("/") if segment)
    if not segments:
        return None
    return _Rule(base, segments if anchored else ("**", *segments), keep, directories_only)


@lru_cache(maxsize=10_000)
def _match(pattern: tuple[str, ...], path: tuple[str, ...]) -> bool:
    """Positions in `pattern` that the path so far can have reached; `**` stands for any number of segments."""
    reached = _skip(pattern, {0})
    for segment in path:
        after = set()
        for place in reached:
            if place == len(pattern):
                continue
            if pattern[place] == "**":
                after.add(place)
            elif fnmatchcase(segment, pattern[place]):
                after.add(place + 1)
        reached = _skip(pattern, after)
    return len(pattern) in reached


def _skip(pattern: tuple[str, ...], places: set[int]) -> set[int]:
    """A `**` may also stand for nothing."""
    found = set(places)
    for place in sorted(places):
        following = place
        while following < len(pattern) and pattern[following] == "**" and following + 1 not in found:
            following += 1
            found.add(following)
    return found
