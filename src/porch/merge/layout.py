"""Text on its way from one document into another: moved to another column, given the other's line ends, or in flow."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from porch.krm.scalars import means_text
from porch.krm.yaml import value_of
from porch.merge.tree import Entry, Node

_PLAIN_IN_FLOW = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./")


@dataclass(frozen=True, slots=True)
class Piece:
    """An entry of the result: the lines above it, and its text, whose first line has no indentation yet."""

    name: str
    head: str
    body: str
    same: int
    source: Entry | None = None
    """The local entry that this is, unchanged."""


def verbatim(entry: Entry) -> Piece:
    return Piece(entry.name, entry.head, entry.body, entry.value.same, entry)


def moved(text: str, delta: int, line_end: str) -> str:
    """All lines but the first go `delta` columns to the right."""
    first, *rest = text.replace("\r\n", "\n").split("\n")
    lines = [first, *(_shifted(line, delta) for line in rest)]
    return line_end.join(lines)


def moved_lines(text: str, delta: int, line_end: str) -> str:
    """Whole lines, all of them moved."""
    return line_end.join(_shifted(line, delta) for line in text.replace("\r\n", "\n").split("\n"))


def _shifted(line: str, delta: int) -> str:
    if not line or delta == 0:
        return line
    if delta > 0:
        return " " * delta + line
    return line[min(-delta, len(line) - len(line.lstrip(" "))) :]


def assembled(pieces: list[Piece], column: int, line_end: str, *, inline: bool) -> str:
    """The text of a block collection. `inline`: the first entry stands behind a dash and its head goes elsewhere."""
    parts: list[str] = []
    for index, piece in enumerate(pieces):
        if parts and not parts[-1].endswith("\n"):
            parts[-1] += line_end
        if index == 0 and inline:
            parts.append(piece.body)
            continue
        head = piece.head
        if head and not head.endswith("\n"):
            head += line_end
        parts.append(f"{head}{' ' * column}{piece.body}")
    return "".join(parts)


def flow_text(entry: Entry) -> str:
    """The entry of any mapping or list as it can stand in a flow collection."""
    node = entry.value
    if entry.flow and "\n" not in entry.body:
        return entry.body
    return (f"{_flow_word(entry.name)}: " if entry.name else "") + flow_value(value_of(node.yaml))


def flow_value(value: Any) -> str:
    match value:
        case dict():
            return "{" + ", ".join(f"{_flow_word(key)}: {flow_value(item)}" for key, item in value.items()) + "}"
        case list():
            return "[" + ", ".join(map(flow_value, value)) + "]"
        case str():
            return _flow_word(value)
    return json.dumps(value)


def _flow_word(text: str) -> str:
    if text and _PLAIN_IN_FLOW.issuperset(text) and text[0].isalnum() and means_text(text):
        return text
    return json.dumps(text, ensure_ascii=False)


def shown(node: Node) -> str:
    """The value as compact JSON, for reports."""
    return json.dumps(value_of(node.yaml), ensure_ascii=False, separators=(",", ":"))
