"""The quick way to merge two edits of one document: by its lines, when they are in different entries.

Most documents are plainly written and most edits far apart. Then indentation alone tells the entries, and each can be
taken whole from the side that changed it, ten times as fast as by parsing. Whatever is not quite plain, and all that
both sides changed, is left to the merge by fields: `merge` then returns None. An entry here is what it is there, so
both ways give the same values.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from porch.merge.interface import Sides
from porch.merge.moved import Removed
from porch.merge.shapes import Shape

_KEY = re.compile(r"([A-Za-z0-9_][\w./-]*):(?: +(.*))?")
_NOT_PLAIN = re.compile(r"[\r\t]|^[ \t]*(?:- )*(?:[?%]|<<)|[:\-\[,{] *[&*]\w|[|>]\d?[+]", re.MULTILINE)
_CLOSED = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^']|'')*'|\[[^\n]*\]|\{[^\n]*\}")
_NOTHING = Removed()
_MAX_TEXT = 256 * 1024
_MAX_ITEMS = 400
_MAX_COLUMN = 60
"""Longer texts and lists, and deeper nesting, are not plain."""


@dataclass(slots=True)
class _Entry:
    name: str
    head: list[str]
    first: str
    bare: bool
    """Whether its first line has no value."""
    below: list[str] = field(default_factory=list)
    compact: bool = False
    """Whether a list below it begins in its own column."""

    @property
    def lines(self) -> list[str]:
        return [*self.head, self.first, *self.below]


@dataclass(slots=True)
class _Level:
    """The entries of one collection and the comments below the last."""

    entries: list[_Entry]
    foot: list[str]


class _NotPlain(Exception):
    """The merge by fields has to look at it."""


def merge(original: str, local: str, upstream: str, shape: Shape, removed: Removed = _NOTHING) -> str | None:
    """The merged text, None when lines do not decide it."""
    texts = Sides(original, local, upstream)
    if any(len(text) > _MAX_TEXT or not text.endswith("\n") or _NOT_PLAIN.search(text) for text in texts):
        return None
    if removed.within(texts):
        return None
    try:
        lines = _mapping(texts.each(lambda text: text.split("\n")[:-1]), 0, shape)
    except _NotPlain:
        return None
    return "".join(f"{line}\n" for line in lines)


def _mapping(sides: Sides[list[str]], column: int, shape: Shape) -> list[str]:
    if column > _MAX_COLUMN:
        raise _NotPlain
    levels = sides.each(lambda lines: _entries(lines, column))
    result: list[str] = []
    for entries in _rows(levels):
        name = entries.local.name
        if name in shape.marks:
            result += entries.local.lines
            continue
        decided = _decided(entries.each(lambda entry: entry.lines))
        result += decided if decided is not None else _within(entries, column, shape)
    return result + _take(levels.each(lambda level: level.foot))


def _within(entries: Sides[_Entry], column: int, shape: Shape) -> list[str]:
    """An entry that both sides changed somewhere."""
    if not all(entry.bare for entry in entries):
        raise _NotPlain
    name = entries.local.name
    below = entries.each(lambda entry: entry.below)
    columns = below.each(_column)
    if len(set(columns)) > 1:
        raise _NotPlain
    above = _take(entries.each(lambda entry: entry.head)) + _take(entries.each(lambda entry: [entry.first]))
    inner = columns.local
    if not below.local[_first(below.local)].startswith("-", inner):
        if inner <= column:
            raise _NotPlain
        return above + _mapping(below, inner, shape.child(name))
    keys = shape.list_keys(name)
    if not keys or len(keys) > 1:
        raise _NotPlain
    return above + _list(below, inner, keys[0], shape.child(name))


def _list(sides: Sides[list[str]], column: int, key: str, shape: Shape) -> list[str]:
    """Items that begin with their key, the same ones on all sides."""
    levels = sides.each(lambda lines: _items(lines, column, key))
    result: list[str] = []
    for items in _rows(levels):
        decided = _decided(items.each(lambda item: item.lines))
        if decided is None:
            if len({item.first for item in items}) > 1:
                raise _NotPlain
            decided = [*_take(items.each(lambda item: item.head)), items.local.first]
            decided += _mapping(items.each(lambda item: item.below), column + 2, shape)
        result += decided
    return result + _take(levels.each(lambda level: level.foot))


def _rows(levels: Sides[_Level]) -> list[Sides[_Entry]]:
    """The entries side by side; they must be the same ones in the same order."""
    names = levels.each(lambda level: [entry.name for entry in level.entries])
    if names.original != names.local or names.local != names.upstream or len(set(names.local)) < len(names.local):
        raise _NotPlain
    rows = zip(*(level.entries for level in levels), strict=True)
    return [Sides(*row) for row in rows]


def _entries(lines: list[str], column: int) -> _Level:
    level = _Level([], [])
    for line in lines:
        indent = len(line) - len(line.lstrip(" "))
        if _belongs_below(line, indent, column, level):
            continue
        match = _KEY.fullmatch(line, indent)
        if match is None or indent != column:
            raise _NotPlain
        value = match[2] or ""
        _open(level, match[1], line, bare=not value or value.startswith("#"))
        if value[:1] in {'"', "'", "[", "{"} and not _is_closed(value):
            raise _NotPlain
    return _checked(level)


def _items(lines: list[str], column: int, key: str) -> _Level:
    level = _Level([], [])
    begin = f"- {key}: "
    for line in lines:
        indent = len(line) - len(line.lstrip(" "))
        if _belongs_below(line, indent, column, level):
            continue
        if indent != column or not line.startswith(begin, column) or len(level.entries) > _MAX_ITEMS:
            raise _NotPlain
        _open(level, line[column + len(begin) :], line, bare=True)
    return _checked(level)


def _belongs_below(line: str, indent: int, column: int, level: _Level) -> bool:
    """Takes lines that begin no entry: comments wait for the next one, what is further right belongs to the last."""
    if indent == len(line) or (line[indent] == "#" and indent <= column):
        level.foot.append(line)
        return True
    compact = indent == column and line[indent] == "-" and bool(level.entries) and level.entries[-1].bare
    is_item = compact and not level.entries[-1].first.startswith("-", column)
    if indent <= column and not is_item:
        return False
    if not level.entries:
        raise _NotPlain
    entry = level.entries[-1]
    if is_item and entry.below and not entry.compact:
        raise _NotPlain
    entry.compact = is_item or entry.compact
    entry.below += [*level.foot, line]
    level.foot = []
    return True


def _open(level: _Level, name: str, line: str, *, bare: bool) -> None:
    level.entries.append(_Entry(name, level.foot, line, bare))
    level.foot = []


def _checked(level: _Level) -> _Level:
    for entry in level.entries:
        text = "".join(entry.lines)
        block = entry.first.rpartition(": ")[2][:1] in {"|", ">"}
        if (entry.below and not entry.bare and not block) or text.count('"') % 2 or text.count("'") % 2:
            raise _NotPlain
    return level


def _is_closed(value: str) -> bool:
    match = _CLOSED.match(value)
    return match is not None and (match.end() == len(value) or value[match.end() :].lstrip(" ").startswith("#"))


def _first(lines: list[str]) -> int:
    """The first line that is no comment."""
    found = (index for index, line in enumerate(lines) if line.strip(" ") and line.lstrip(" ")[0] != "#")
    place = next(found, None)
    if place is None:
        raise _NotPlain
    return place


def _column(lines: list[str]) -> int:
    line = lines[_first(lines)]
    return len(line) - len(line.lstrip(" "))


def _decided(sides: Sides[list[str]]) -> list[str] | None:
    original, local, upstream = sides
    if upstream in (local, original):
        return local
    return upstream if local == original else None


def _take(sides: Sides[list[str]]) -> list[str]:
    decided = _decided(sides)
    if decided is None:
        raise _NotPlain
    return decided
