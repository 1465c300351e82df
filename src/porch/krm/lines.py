"""Places in a YAML text by line and column, and edits of it by offset."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from porch.krm.yaml import Mapping, Node, Scalar, Sequence


@dataclass(frozen=True, slots=True)
class Edit:
    """The characters from `start` to `end` become `text`."""

    start: int
    end: int
    text: str


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """They do not overlap; of two at one place the earlier one comes first."""
    pieces, position = [], 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        pieces += [text[position : edit.start], edit.text]
        position = edit.end
    return "".join([*pieces, text[position:]])


def node_end(text: str, node: Node) -> int:
    """Where the last character of the node is; collections in block style end with their last part."""
    while isinstance(node, Mapping | Sequence) and not node.flow:
        last = node.pairs[-1][1] if isinstance(node, Mapping) else node.items[-1]
        if isinstance(last, Scalar) and last.start == last.end and isinstance(node, Mapping):
            last = node.pairs[-1][0]  # an empty value is nowhere; its key is
        node = last
    end = node.end
    if isinstance(node, Scalar) and node.style in {"|", ">"} and "+" not in text[node.start : node.start + 3]:
        while end > node.start and text[end - 1] in "\r\n":
            end -= 1
    return end


def block_end(text: str, node: Node) -> int:
    """The start of the line after a block collection."""
    end = node_end(text, node)
    return end if text[end - 1] == "\n" else line_end_after(text, end)


def line_start(text: str, place: int) -> int:
    return text.rfind("\n", 0, place) + 1


def line_end_after(text: str, place: int) -> int:
    """The start of the next line; the end of the text when there is none."""
    return text.find("\n", place) + 1 or len(text)


def column(text: str, place: int) -> int:
    return place - line_start(text, place)


def own_line(text: str, line: str, indent: int) -> str:
    """`line` as a whole line of `text`, with the line ends that it has."""
    return " " * indent + line + ("\r\n" if "\r\n" in text else "\n")
