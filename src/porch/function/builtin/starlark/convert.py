"""Nodes of YAML to the script's values and back, as the Go function converts them.

What comes back has its keys sorted, its styles gone and its numbers normalised, since it was a value in between.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from porch.function.builtin.starlark.errors import StarlarkError
from porch.function.builtin.starlark.numbers import go_float
from porch.function.builtin.starlark.order import sorted_keys
from porch.function.builtin.starlark.times import Time, time_of_yaml
from porch.function.builtin.starlark.values import Anything, StarlarkSet, items_of, type_name
from porch.krm.scalars import means_text
from porch.krm.style import Style
from porch.kyaml import Node, YamlError, followed
from porch.kyaml.values import merge_sources, scalar_value

_DEEPEST = 500
_TEXT = {str}
_NO_WORDS: Mapping[str, bool] = {}
_MOST_VALUES = 2_000_000
"""What aliases may grow to."""


class _Reader:
    def __init__(self, words: Mapping[str, bool]) -> None:
        self._count = 0
        self._words = words

    def value(self, node: Node, depth: int) -> Anything:
        self._count += 1
        if depth > _DEEPEST or self._count > _MOST_VALUES:
            raise StarlarkError("the resources are nested too deeply, or their aliases grow too large")
        if node.kind == "scalar":
            tag = node.tag
            if tag == "!!str":
                return node.value if node.style or node.tagged else self._words.get(node.value, node.value)
            return time_of_yaml(node.value) if tag == "!!timestamp" else _scalar(node)
        if node.kind == "alias" and node.target is not None:
            return self.value(node.target, depth + 1)
        if node.kind == "sequence":
            return [self.value(item, depth + 1) for item in node.content]
        return self._mapping(node, depth)

    def _mapping(self, node: Node, depth: int) -> dict[str, Anything]:
        content = node.content
        made: dict[str, Anything] = {}
        merged: list[Node] = []
        for at in range(0, len(content), 2):
            key = content[at]
            if key.tag == "!!merge":
                merged += merge_sources(content[at + 1])
            else:
                made[followed(key).value] = self.value(content[at + 1], depth + 1)
        for source in merged:
            for name, value in self.value(source, depth + 1).items():
                made.setdefault(name, value)
        return made


def _scalar(node: Node) -> Anything:
    try:
        return scalar_value(node)
    except YamlError as error:
        raise StarlarkError(str(error)) from None


def value_of(node: Node, words: Mapping[str, bool] = _NO_WORDS) -> Anything:
    """`words` are plain scalars that mean a bool, in old YAML. Raises StarlarkError for what has no value."""
    return _Reader(words).value(node, 0)


def node_of(value: Anything, depth: int = 0) -> Node:  # noqa: C901, PLR0911 - one case for each kind
    """Raises StarlarkError for functions, sets and the like."""
    kind = type(value)
    if kind is str:
        return _text(value)
    if kind is dict:
        return _mapping_of(value, depth)
    if kind is list or kind is tuple:
        if depth > _DEEPEST:
            raise StarlarkError("a value is nested too deeply, or contains itself")
        return Node("sequence", "!!seq", content=[node_of(item, depth + 1) for item in value])
    if value is None:
        return Node("scalar", "!!null", "null")
    if kind is bool:
        return Node("scalar", "!!bool", "true" if value else "false")
    if kind is int:
        if not -(1 << 63) <= value < 1 << 63:
            raise StarlarkError(f"{value} out of range (want value in signed 64-bit range)")
        return Node("scalar", "!!int", str(value))
    if kind is float:
        return _float(value)
    if kind is Time:
        return Node("scalar", "!!timestamp", value.rfc3339())
    if kind is StarlarkSet:
        raise StarlarkError("sets aren't yet supported")
    raise StarlarkError(f"unrecognized starlark type: {type_name(value)}")


def _text(value: str) -> Node:
    """Words that older YAML would take for something else are put in double quotes."""
    return Node("scalar", "!!str", value, _style(value))


@lru_cache(8192)
def _style(value: str) -> Style:
    if "\n" in value:
        return "literal"
    return "" if means_text(value) else "double"


def _float(value: float) -> Node:
    """A whole number reads as an integer, once it is written."""
    if value != value:  # noqa: PLR0124 - NaN
        return Node("scalar", "!!float", ".nan")
    if value in {float("inf"), float("-inf")}:
        return Node("scalar", "!!float", ".inf" if value > 0 else "-.inf")
    written = go_float(value)
    return Node("scalar", "!!int" if written.lstrip("-").isdigit() else "!!float", written)


def _mapping_of(value: dict[Anything, Anything], depth: int) -> Node:
    if depth > _DEEPEST:
        raise StarlarkError("a value is nested too deeply, or contains itself")
    content: list[Node] = []
    try:
        if set(map(type, value)) <= _TEXT:
            for key in sorted_keys(tuple(value)):
                content.append(_text(key))
                content.append(node_of(value[key], depth + 1))
        else:
            for name, item in _ordered(items_of(value)):
                content += (node_of(name), node_of(item, depth + 1))
    except StarlarkError as error:
        raise StarlarkError(f"unmarshaling starlark value: {error}") from None
    return Node("mapping", "!!map", content=content)


def _ordered(items: list[tuple[Anything, Anything]]) -> list[tuple[Anything, Anything]]:
    """Numbers before texts, as Go's writer of YAML has them."""

    def rank(item: tuple[Anything, Anything]) -> tuple[int, Any]:
        key = item[0]
        if isinstance(key, (int, float)):
            return (0, key)
        return (1, str(key))

    return sorted(items, key=rank)
