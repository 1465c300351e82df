"""Text to nodes, by the quick reader where it can and by the scanner where it must."""

from __future__ import annotations

from porch.krm.errors import YamlError
from porch.kyaml.compose import compose
from porch.kyaml.node import Node
from porch.kyaml.plain import Unusual, compose_plain


def parse(text: str) -> list[Node]:
    """The root of each document. Raises YamlError."""
    try:
        return [compose_plain(text)]
    except Unusual:
        return list(compose(text))


def parse_one(text: str, offset: int = 0) -> Node | None:
    """The root of the only document, None when there is none. `offset` lines stand before `text` in its file. Raises
    YamlError, also when there is more; the Go tools read the first document and lose the rest.
    """
    try:
        return compose_plain(text, offset)
    except Unusual:
        roots = list(compose(text, offset))
    for other in roots[1:]:
        if other.tag != "!!null":
            raise YamlError("a second document", other.row)
    return roots[0] if roots else None
