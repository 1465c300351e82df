"""How functions on kyaml's framework see and change resources. Their items keep the order of the input.

Kyaml's setters replace a whole value: its quotes stay, its comments go (a render restores them). Its anchor goes too in
Go, which breaks the aliases that need it; here it stays. Annotations that are set as a whole are written anew: sorted,
and in quotes only where a string needs them.
"""

from __future__ import annotations

from collections.abc import Mapping

from porch.function.interface import FunctionFailed
from porch.function.results import FileRef
from porch.krm.scalars import implied_tag
from porch.kyaml import Node, drop, emit, followed, get, mapping, text
from porch.kyaml.fields import pairs, place

PATH = "internal.config.kubernetes.io/path"
INDEX = "internal.config.kubernetes.io/index"
OLD_PATH = "config.kubernetes.io/path"
OLD_INDEX = "config.kubernetes.io/index"
_KINDS = {"mapping": "MappingNode", "sequence": "SequenceNode", "scalar": "ScalarNode", "alias": "AliasNode"}


def twice(message: str) -> FunctionFailed:
    """Most of these programs print an error twice: the framework does, and then their `main`."""
    return FunctionFailed(f"{message}{message}\n")


def is_null(node: Node | None) -> bool:
    return node is None or (node.kind == "scalar" and node.tag == "!!null")


def is_empty(node: Node | None) -> bool:
    return node is None or is_null(node) or (node.kind in {"mapping", "sequence"} and not node.content)


def value_of(node: Node | None) -> str:
    """The text of a scalar; empty for null and for everything else."""
    return node.value if node is not None and node.kind == "scalar" and node.tag != "!!null" else ""


def string_map(node: Node | None) -> dict[str, str]:
    """A mapping as texts, whatever its values are."""
    if node is None or node.kind != "mapping":
        return {}
    return {key.value: value_of(followed(value)) for key, value in pairs(node)}


def data_of(config: Node | None) -> dict[str, str]:
    """`data` of a functionConfig, of whatever kind it is."""
    return string_map(get(config, "data")) if config is not None else {}


def annotations_of(item: Node) -> dict[str, str]:
    metadata = get(item, "metadata")
    return string_map(get(metadata, "annotations")) if metadata is not None else {}


def file_of(annotations: Mapping[str, str]) -> FileRef:
    """The file that an item is from, by its annotations."""
    index = annotations.get(INDEX) or annotations.get(OLD_INDEX) or ""
    return FileRef(annotations.get(PATH) or annotations.get(OLD_PATH) or "", int(index) if index.isdecimal() else 0)


def path_of(item: Node) -> str:
    metadata = get(item, "metadata")
    annotations = get(metadata, "annotations") if metadata is not None else None
    if annotations is None or annotations.kind != "mapping":
        return ""
    return value_of(get(annotations, PATH)) or value_of(get(annotations, OLD_PATH))


def settle(node: Node) -> None:
    """Give a scalar the tag that its text will have once it is written and read again."""
    node.tagged = False
    node.tag = implied_tag(node.value) if not node.style and "\n" not in node.value else "!!str"


def set_scalar(node: Node, value: str) -> None:
    """Replace a scalar: the style stays."""
    node.value = value
    node.head = node.line = node.foot = ""
    settle(node)


def set_field(node: Node, key: str, value: Node) -> None:
    """Set a field of a mapping: in its place and in its style, or as the last one."""
    at = place(node, key)
    if at < 0:
        node.content += [text(key), value]
        return
    old = node.content[at + 1]
    value.style = old.style if old.style != "flow" else ""
    node.content[at + 1] = _anew(old, value)


def set_annotations(item: Node, annotations: Mapping[str, str]) -> None:
    """Replace all annotations. A block that was there keeps neither its comments nor its place in `metadata`."""
    metadata = get(item, "metadata")
    if metadata is None or is_null(metadata):
        if not annotations:
            return
        metadata = mapping()
        set_field(item, "metadata", metadata)
    if metadata.kind != "mapping":
        raise FunctionFailed(wrong_kind(metadata, "mapping"))
    old = drop(metadata, "annotations")
    if annotations:
        known = {key.value: value for key, value in pairs(old)} if old is not None else {}
        content: list[Node] = []
        for key in sorted(annotations):
            content += [text(key), _anew(known.get(key), text(annotations[key]))]
        metadata.content += [text("annotations"), _anew(old, mapping(*content))]


def _anew(old: Node | None, new: Node) -> Node:
    """The new node in the place of the old one. When that has an anchor its aliases hold it, and so it must stay."""
    if old is None or not old.anchor:
        return new
    old.kind, old.tag, old.value, old.style, old.content = new.kind, new.tag, new.value, new.style, new.content
    old.head = old.line = old.foot = ""
    old.tagged = False
    return old


def wrong_kind(node: Node, expected: str) -> str:
    """Kyaml's complaint about a node that is of another kind."""
    return f"wrong node kind: expected {_KINDS[expected]} but got {_KINDS[node.kind]}: node contents:\n{emit(node)}"
