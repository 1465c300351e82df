"""Text to nodes, by the quick reader where it can and by the scanner where it must."""

from __future__ import annotations

from porch.kyaml.compose import compose, compose_first
from porch.kyaml.node import Node
from porch.kyaml.plain import Unusual, compose_plain


def parse(text: str) -> list[Node]:
    """The root of each document. Raises YamlError."""
    try:
        return [compose_plain(text)]
    except Unusual:
        return compose(text)


def parse_first(text: str, offset: int = 0) -> Node | None:
    """The root of the first document, None when there is none. What follows it is not looked at, as in the Go tools.
    `offset` lines stand before `text` in its file. Raises YamlError.
    """
    try:
        return compose_plain(text, offset)
    except Unusual:
        return compose_first(text, offset)
