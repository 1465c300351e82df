"""YAML text to nodes that know their place in it, and to plain JSON values, as Go's yaml.v3 reads it.

libyaml finds the events; composing and resolving are ours, because PyYAML follows YAML 1.1 (`on` is no boolean here)
and knows no limits. Whatever is wrong with a text is a YamlError with its line; depth, nodes and the expansion of
aliases are bounded, so that a small text cannot become a big value.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import yaml
from yaml.reader import ReaderError

from porch.krm.errors import YamlError
from porch.krm.scalars import resolve

MAX_DEPTH = 100
MAX_NODES = 2_000_000
"""Values in one document."""
MAX_EXPANSION = 100_000
"""Nodes that the aliases of one document may stand for, together."""


@dataclass(slots=True)
class Scalar:
    start: int
    end: int
    line: int
    text: str
    tag: str | None = None
    style: str = ""
    """`'`, `"`, `|`, `>` or empty for plain."""


@dataclass(slots=True)
class Sequence:
    start: int
    end: int
    line: int
    flow: bool
    items: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class Mapping:
    start: int
    end: int
    line: int
    flow: bool
    pairs: list[tuple[Node, Node]] = field(default_factory=list)
    pending: Node | None = None

    def find(self, key: str) -> Node | None:
        return next((value for name, value in self.pairs if isinstance(name, Scalar) and name.text == key), None)


@dataclass(slots=True)
class Alias:
    start: int
    end: int
    line: int
    target: Node


Node: TypeAlias = Scalar | Sequence | Mapping | Alias
"""`start` and `end` are offsets in characters. A block collection ends where the next token begins."""


def documents(text: str, *, max_nodes: int = MAX_NODES) -> list[Node]:
    """The root node of each document. Raises YamlError."""
    return list(each_document(text, max_nodes=max_nodes))


def each_document(text: str, *, levels: int = MAX_DEPTH, max_nodes: int = MAX_NODES) -> Iterator[Node]:
    """The root nodes one by one, so that a long file need not be held as nodes; an error comes when its line is read.
    Below `levels` collections stay empty, which is enough to look at a header.
    """
    composer = _Composer(levels, max_nodes)
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            composer.take(event)
            if isinstance(event, yaml.DocumentEndEvent):
                yield composer.root
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise YamlError(str(error.problem or error.context), mark.line + 1 if mark else 0) from error
    except ReaderError as error:
        raise YamlError(str(error.reason), text.count("\n", 0, error.position) + 1) from error
    except UnicodeEncodeError as error:
        raise YamlError("the text holds half a surrogate pair", text.count("\n", 0, error.start) + 1) from error


def load_json_like(data: bytes) -> Any:
    """The one document in `data` as a JSON value. Raises YamlError."""
    roots = [root for root in documents(decode_text(data)) if not is_empty(root)]
    if len(roots) != 1:
        raise YamlError(f"expected exactly one YAML document, found {len(roots)}")
    return value_of(roots[0])


def decode_text(data: bytes) -> str:
    """UTF-8 without its byte order mark."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise YamlError("the text is not UTF-8", data.count(b"\n", 0, error.start) + 1) from error


def is_empty(node: Node) -> bool:
    """Whether this is the root of a document without content."""
    return isinstance(node, Scalar) and not node.style and node.tag is None and node.text == ""


def value_of(node: Node, *, texts: bool = False) -> Any:
    """The node as a JSON value. Raises YamlError for duplicate keys and for what JSON cannot hold. With `texts` every
    scalar but null is its text, which is how Go fills string fields.
    """
    return _Values(texts=texts).of(node, 0, expanding=False)


class _Composer:
    """Builds the tree with a stack instead of recursion."""

    def __init__(self, levels: int, max_nodes: int) -> None:
        self.root: Node
        self._max_nodes = max_nodes
        self._levels = levels
        self._open: list[Sequence | Mapping] = []
        self._anchors: dict[str, Node] = {}
        self._count = 0

    def take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.ScalarEvent):
            if event.anchor or len(self._open) <= self._levels:
                self._add(event, Scalar(*_place(event), event.value, event.tag, event.style or ""))
        elif isinstance(event, yaml.MappingStartEvent):
            self._enter(event, Mapping(*_place(event), bool(event.flow_style)))
        elif isinstance(event, yaml.SequenceStartEvent):
            self._enter(event, Sequence(*_place(event), bool(event.flow_style)))
        elif isinstance(event, yaml.CollectionEndEvent):
            self._open.pop().end = _place(event)[1]
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._anchors, self._count = {}, 0
            if event.version and event.version != (1, 1):  # Go refuses it, so the package would be unreadable there
                raise YamlError("found incompatible YAML document", _place(event)[2])

    def _enter(self, event: yaml.NodeEvent, node: Sequence | Mapping) -> None:
        if len(self._open) >= MAX_DEPTH:
            raise YamlError(f"nested deeper than {MAX_DEPTH} levels", node.line)
        self._add(event, node)
        self._open.append(node)

    def _alias(self, event: yaml.AliasEvent) -> None:
        start, end, line = _place(event)
        target = self._anchors.get(event.anchor or "")
        if target is None:
            raise YamlError(f"unknown anchor '{event.anchor}' referenced", line)
        if any(target is node for node in self._open):
            raise YamlError(f"anchor '{event.anchor}' value contains itself", line)
        self._add(event, Alias(start, end, line, target))

    def _add(self, event: yaml.NodeEvent, node: Node) -> None:
        self._count += 1
        if self._count > self._max_nodes:
            raise YamlError(f"more than {self._max_nodes} values", node.line)
        if event.anchor and not isinstance(node, Alias):
            self._anchors[event.anchor] = node
        if not self._open:
            self.root = node
        elif len(self._open) <= self._levels:
            _attach(self._open[-1], node)


def _attach(parent: Sequence | Mapping, node: Node) -> None:
    if isinstance(parent, Sequence):
        parent.items.append(node)
    elif parent.pending is None:
        parent.pending = node
    else:
        parent.pairs.append((parent.pending, node))
        parent.pending = None


def _place(event: yaml.Event) -> tuple[int, int, int]:
    start, end = event.start_mark, event.end_mark
    assert start is not None
    assert end is not None
    return start.index, end.index, start.line + 1


class _Values:
    def __init__(self, *, texts: bool) -> None:
        self._texts = texts
        self._expanded = 0

    def of(self, node: Node, depth: int, *, expanding: bool) -> Any:
        if depth > MAX_DEPTH:
            raise YamlError(f"nested deeper than {MAX_DEPTH} levels", node.line)
        if expanding:
            self._expanded += 1
            if self._expanded > MAX_EXPANSION:
                raise YamlError(f"aliases stand for more than {MAX_EXPANSION} values", node.line)
        match node:
            case Alias():
                return self.of(node.target, depth + 1, expanding=True)
            case Scalar():
                return self._scalar(node)
            case Sequence():
                return [self.of(item, depth + 1, expanding=expanding) for item in node.items]
            case Mapping():
                return self._mapping(node, depth, expanding=expanding)

    def _scalar(self, node: Scalar) -> Any:
        try:
            value = resolve(node.text, node.tag, plain=not node.style)
        except ValueError as error:
            raise YamlError(str(error), node.line) from error
        return value if value is None or not self._texts else node.text

    def _mapping(self, node: Mapping, depth: int, *, expanding: bool) -> dict[str, Any]:
        result: dict[str, Any] = {}
        merged: list[Node] = []
        lines: dict[str, int] = {}
        for key_node, value in node.pairs:
            key = key_of(key_node)
            if key in lines:
                raise YamlError(f'mapping key "{key}" already defined at line {lines[key]}', key_node.line)
            lines[key] = key_node.line
            if is_merge(key_node):
                merged.extend(merge_sources(value))
            else:
                result[key] = self.of(value, depth + 1, expanding=expanding)
        for source in merged:
            for key, item in self.of(source, depth + 1, expanding=expanding).items():
                result.setdefault(key, item)
        return result


def key_of(node: Node) -> str:
    """A mapping key as text. Raises YamlError for keys that are collections."""
    target = target_of(node)
    if not isinstance(target, Scalar) or (target.text in {"", "~", "null"} and not target.style and not target.tag):
        raise YamlError("invalid map key: it must be a word or string", node.line)
    return target.text


def is_merge(key: Node) -> bool:
    """Whether this mapping key is `<<`, whose value is merged into the mapping."""
    if not isinstance(key, Scalar) or key.text != "<<":
        return False
    return key.tag == "tag:yaml.org,2002:merge" or (key.tag is None and not key.style)


def merge_sources(value: Node) -> Iterator[Node]:
    """The mappings that a merge key brings in. Raises YamlError when they are none."""
    followed = target_of(value)
    for candidate in followed.items if isinstance(followed, Sequence) else [value]:
        if not isinstance(target_of(candidate), Mapping):
            raise YamlError("map merge requires map or sequence of maps as the value", candidate.line)
        yield candidate


def target_of(node: Node) -> Node:
    """The node itself, or what an alias stands for."""
    return node.target if isinstance(node, Alias) else node
