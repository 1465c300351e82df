"""YAML documents as trees that the generator can change and write, and the checker can compare leaf by leaf.

It shares nothing with what it tests: lists have their keys from a table of its own, results are read with PyYAML.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

KEYED = {
    "containers": ("name",),
    "env": ("name",),
    "volumes": ("name",),
    "volumeMounts": ("mountPath",),
    "ports": ("containerPort", "port", "protocol"),
    "parts": ("name",),
    "mutators": ("image",),
    "readinessGates": ("conditionType",),
    "finalizers": (),
}
"""Items with none of the keys are told apart by themselves."""


@dataclass
class Tree:
    """A mapping or list with items, or a word with a value."""

    kind: str
    items: list[Item] = field(default_factory=list)
    value: Any = None
    style: str = ""
    """`flow` for a collection; quotes or `|` for a word."""

    def copy(self) -> Tree:
        items = [Item(item.key, item.tree.copy(), item.above, item.beside) for item in self.items]
        return Tree(self.kind, items, self.value, self.style)


@dataclass
class Item:
    """`key` is empty in lists."""

    key: str
    tree: Tree
    above: str = ""
    beside: str = ""


def from_value(value: Any) -> Tree:
    if isinstance(value, dict):
        return Tree("map", [Item(key, from_value(item)) for key, item in value.items()])
    if isinstance(value, list):
        return Tree("list", [Item("", from_value(item)) for item in value])
    return Tree("word", value=value)


def to_value(tree: Tree) -> Any:
    if tree.kind == "map":
        return {item.key: to_value(item.tree) for item in tree.items}
    return [to_value(item.tree) for item in tree.items] if tree.kind == "list" else tree.value


# --- places


def walk(tree: Tree, path: str = "", name: str = "") -> Iterator[tuple[str, Tree, Item]]:
    """Each item of a mapping or keyed list with its path and the collection that it is in."""
    for item in tree.items:
        if tree.kind == "map":
            below, inner = join(path, item.key), item.key
        elif name in KEYED:
            below, inner = path + label(item.tree, name), ""
        else:
            continue
        yield below, tree, item
        yield from walk(item.tree, below, inner)


def leaves(tree: Tree, path: str = "", name: str = "") -> Iterator[tuple[str, str]]:
    """Path and JSON of everything that is one value."""
    if tree.kind == "word" or not tree.items or (tree.kind == "list" and name not in KEYED):
        yield path, json.dumps(to_value(tree), sort_keys=True)
        return
    for item in tree.items:
        if tree.kind == "map":
            yield from leaves(item.tree, join(path, item.key), item.key)
        else:
            yield from leaves(item.tree, path + label(item.tree, name))


def join(path: str, key: str) -> str:
    if any(character in key for character in "./[] "):
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else key


def label(item: Tree, name: str) -> str:
    if item.kind != "map":
        return f"[{item.value}]"
    values = {below.key: below.tree.value for below in item.items}
    shown = [f"{key}={values[key]}" for key in KEYED[name] if key in values and key != "protocol"]
    if name == "ports":
        shown.append(f"protocol={values.get('protocol', 'TCP')}")
    if name == "mutators":
        shown = [f"image={values['image'].rpartition(':')[0]}"]
    return f"[{','.join(shown)}]"


# --- text


def text(tree: Tree, *, wide: bool) -> str:
    return "".join(f"{line}\n" for line in _map(tree, wide=wide))


def _map(tree: Tree, *, wide: bool) -> list[str]:
    lines = []
    for item in tree.items:
        if item.above:
            lines.append(item.above)
        beside = f" {item.beside}" if item.beside else ""
        lines += _pair(item.key, item.tree, beside, wide=wide)
    return lines


def _pair(key: str, tree: Tree, beside: str, *, wide: bool) -> list[str]:
    if tree.kind == "word" and tree.style == "|":
        return [f"{key}: |", *(f"  {line}" for line in tree.value.splitlines())]
    if tree.kind == "word" or not tree.items or tree.style == "flow":
        return [f"{key}: {_line(tree)}{beside}"]
    if tree.kind == "map":
        return [f"{key}:{beside}", *(f"  {line}" for line in _map(tree, wide=wide))]
    indent = "  " if wide else ""
    return [f"{key}:{beside}", *(f"{indent}{line}" for line in _list(tree, wide=wide))]


def _list(tree: Tree, *, wide: bool) -> list[str]:
    lines = []
    for item in tree.items:
        if item.above:
            lines.append(item.above)
        if item.tree.kind == "map" and item.tree.items and item.tree.style != "flow":
            below = _map(item.tree, wide=wide)
            commented = below[0].startswith("#")
            lines += [below[0]] * commented + [f"- {below[commented]}"]
            lines += [f"  {line}" for line in below[1 + commented :]]
        else:
            lines.append(f"- {_line(item.tree)}" + (f" {item.beside}" if item.beside else ""))
    return lines


def _line(tree: Tree) -> str:
    if tree.kind == "map":
        return "{" + ", ".join(f"{item.key}: {_line(item.tree)}" for item in tree.items) + "}"
    if tree.kind == "list":
        return "[" + ", ".join(_line(item.tree) for item in tree.items) + "]"
    if tree.style == "'" and isinstance(tree.value, str):
        return "'" + tree.value.replace("'", "''") + "'"
    if isinstance(tree.value, str) and tree.value.isascii() and tree.value.replace("-", "").isalnum():
        return tree.value if tree.value[0].isalpha() and tree.style != '"' else json.dumps(tree.value)
    return json.dumps(tree.value)
