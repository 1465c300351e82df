"""Nodes to JSON values and back.

Reading a value is bounded like everywhere: in depth, and in what aliases may stand for. A timestamp stays its text.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from porch.krm.errors import YamlError
from porch.krm.scalars import resolve
from porch.krm.write import scalar as written
from porch.krm.yaml import MAX_DEPTH, MAX_EXPANSION
from porch.kyaml.fields import pairs
from porch.kyaml.node import Node, followed, mapping, sequence, text

_LONG = "tag:yaml.org,2002:"
_TAGS = {type(None): "!!null", bool: "!!bool", int: "!!int", float: "!!float"}


def from_value(value: Any) -> Node:
    """A JSON value as nodes in block style; fields keep their order."""
    match value:
        case dict():
            content: list[Node] = []
            for key, item in value.items():
                content += [text(key), from_value(item)]
            return mapping(*content)
        case list():
            return sequence(*map(from_value, value))
        case str():
            return text(value)
    return Node("scalar", _TAGS[type(value)], written(value))


def to_value(node: Node) -> Any:
    """The node as a JSON value. Raises YamlError for duplicate keys, and for what JSON cannot hold."""
    return _Values().of(node, 0, expanding=False)


class _Values:
    def __init__(self) -> None:
        self._expanded = 0
        self._aliases: set[int] = set()
        """Those that are being followed."""

    def of(self, node: Node, depth: int, *, expanding: bool) -> Any:
        if depth > MAX_DEPTH:
            raise YamlError(f"nested deeper than {MAX_DEPTH} levels", node.row)
        if expanding:
            self._expanded += 1
            if self._expanded > MAX_EXPANSION:
                raise YamlError(f"aliases stand for more than {MAX_EXPANSION} values", node.row)
        if node.kind == "scalar":
            return scalar_value(node)
        if node.kind == "alias" and node.target is not None:
            return self._alias(node, node.target, depth)
        if node.kind == "sequence":
            return [self.of(item, depth + 1, expanding=expanding) for item in node.content]
        return self._mapping(node, depth, expanding=expanding)

    def _alias(self, node: Node, target: Node, depth: int) -> Any:
        if id(target) in self._aliases:
            raise YamlError(f"anchor '{node.value}' value contains itself", node.row)
        self._aliases.add(id(target))
        value = self.of(target, depth + 1, expanding=True)
        self._aliases.discard(id(target))
        return value

    def _mapping(self, node: Node, depth: int, *, expanding: bool) -> dict[str, Any]:
        result: dict[str, Any] = {}
        rows: dict[str, int] = {}
        merged: list[Node] = []
        for key_node, value in pairs(node):
            key = key_text(key_node)
            if key in rows:
                raise YamlError(f'mapping key "{key}" already defined at line {rows[key]}', key_node.row)
            rows[key] = key_node.row
            if key_node.tag == "!!merge":
                merged += merge_sources(value)
            else:
                result[key] = self.of(value, depth + 1, expanding=expanding)
        for source in merged:
            for key, item in self.of(source, depth + 1, expanding=expanding).items():
                result.setdefault(key, item)
        return result


def scalar_value(node: Node) -> Any:
    tag = node.tag
    if tag == "!!str":
        return node.value
    long = _LONG + tag[2:] if node.tagged and tag.startswith("!!") else None
    try:
        return resolve(node.value, long, plain=node.style in {"", "flow"})
    except ValueError as error:
        raise YamlError(str(error), node.row) from error


def key_text(key: Node) -> str:
    """A mapping key as text. Raises YamlError for one that is a collection or null."""
    target = followed(key)
    if target.kind != "scalar" or target.tag == "!!null":
        raise YamlError("invalid map key: it must be a word or string", key.row)
    return target.value


def merge_sources(value: Node) -> Iterator[Node]:
    """The mappings that a merge key brings in. Raises YamlError when they are none."""
    target = followed(value)
    for candidate in target.content if target.kind == "sequence" else [value]:
        if followed(candidate).kind != "mapping":
            raise YamlError("map merge requires map or sequence of maps as the value", candidate.row)
        yield candidate
