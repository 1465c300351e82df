"""Aliases that an edit would change without being asked: those of an anchor at, above or below the edited place."""

from __future__ import annotations

from collections.abc import Iterator

from porch.krm.places import Path
from porch.krm.yaml import Alias, Mapping, Node, Scalar, Sequence, is_merge


def shared(root: Node, path: Path) -> list[Path]:
    """The places of these aliases, last ones first. A merge key has no place."""
    anchored = {id(node) for node in _around(root, path)}
    places = [place for place, alias in _aliases(root, ()) if id(alias.target) in anchored]
    return places[::-1]


def _around(root: Node, path: Path) -> Iterator[Node]:
    node: Node | None = root
    for part in path:
        if node is None:
            return
        yield node
        node = _child(node, part)
    if node is not None:
        yield from _within(node)


def _child(node: Node, part: str | int) -> Node | None:
    if isinstance(node, Mapping):
        return node.find(str(part))
    if isinstance(node, Sequence) and isinstance(part, int) and part < len(node.items):
        return node.items[part]
    return None


def _within(node: Node) -> Iterator[Node]:
    yield node
    for _, child in _children(node):
        yield from _within(child)


def _aliases(node: Node, place: Path) -> Iterator[tuple[Path, Alias]]:
    if isinstance(node, Alias):
        yield place, node
    for part, child in _children(node):
        yield from _aliases(child, (*place, part))


def _children(node: Node) -> Iterator[tuple[str | int, Node]]:
    if isinstance(node, Mapping):
        yield from ((key.text, value) for key, value in node.pairs if isinstance(key, Scalar) and not is_merge(key))
    elif isinstance(node, Sequence):
        yield from enumerate(node.items)
