"""Fields of mappings: get, put and drop them, follow a path, set a value and keep its style; annotations in the manners
of the two Go frameworks.

Changes keep what the Go tools keep: the key with its comments and its place, and the comment on the line of a replaced
scalar where they keep it.
"""

from __future__ import annotations

from collections.abc import Iterator

from porch.krm.style import Style
from porch.kyaml.node import Node, followed, mapping, text


def pairs(node: Node) -> Iterator[tuple[Node, Node]]:
    """Key and value of each field."""
    content = node.content
    return zip(content[::2], content[1::2], strict=False)


def place(node: Node, key: str) -> int:
    """Where the key is in `content`; -1 when it is not there or this is no mapping."""
    if node.kind == "mapping":
        content = node.content
        for at in range(0, len(content), 2):
            if content[at].value == key:
                return at
    return -1


def get(node: Node, key: str) -> Node | None:
    """The value of a field, an alias followed; None when there is none or `node` is no mapping."""
    at = place(node, key)
    return followed(node.content[at + 1]) if at >= 0 else None


def find(node: Node, *keys: str) -> Node | None:
    """The value at the end of a path of keys."""
    found: Node | None = node
    for key in keys:
        if found is None:
            return None
        found = get(found, key)
    return found


def text_of(node: Node | None, *keys: str) -> str:
    """The text of the scalar at the end of a path of keys; empty when there is none."""
    found = find(node, *keys) if node is not None else None
    return found.value if found is not None and found.kind == "scalar" and found.tag != "!!null" else ""


def put(node: Node, key: str, value: Node) -> None:
    """Set a field: a new one comes last, an old one keeps its key and its place."""
    at = place(node, key)
    if at >= 0:
        node.content[at + 1] = value
    else:
        node.content += [text(key), value]


def drop(node: Node, key: str) -> Node | None:
    """Take a field away, and return its value. Comments of the key go with it."""
    at = place(node, key)
    if at < 0:
        return None
    value = node.content[at + 1]
    del node.content[at : at + 2]
    return value


def require(node: Node, *keys: str) -> Node:
    """The mapping at the end of a path; made where it is missing or null."""
    for key in keys:
        found = get(node, key)
        if found is None or (found.kind == "scalar" and found.tag == "!!null"):
            found = mapping()
            put(node, key, found)
        node = found
    return node


def change(node: Node, value: str, tag: str = "!!str") -> None:
    """Give a scalar another value; its style and its comments stay."""
    node.kind, node.tag, node.value, node.tagged = "scalar", tag, value, False


def annotation(resource: Node, key: str) -> str | None:
    found = find(resource, "metadata", "annotations", key)
    return found.value if found is not None and found.kind == "scalar" else None


def annotate(resource: Node, key: str, value: str, style: Style = "single") -> None:
    """Set an annotation. kyaml's setter quotes each value with single quotes, the default here; the functions' SDK
    writes it plain (`style=""`) where that is a string.
    """
    put(require(resource, "metadata", "annotations"), key, text(value, style))


def unannotate(resource: Node, key: str) -> None:
    """Take an annotation away, and `annotations` too when it was the last one."""
    metadata = get(resource, "metadata")
    annotations = get(metadata, "annotations") if metadata is not None else None
    if metadata is None or annotations is None:
        return
    drop(annotations, key)
    if not annotations.content:
        drop(metadata, "annotations")
