"""What makes an item of a list the same one on all three sides: its keys, or for a set the item itself."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TypeAlias

from porch.krm.yaml import Scalar, target_of
from porch.merge.interface import Sides
from porch.merge.shapes import DEFAULTS, FUNCTION, INFERRED_KEYS, Shape
from porch.merge.tree import Entry, Node

Items: TypeAlias = dict[Hashable, Entry]


def keyed(shape: Shape, name: str, sides: Sides[Node | None]) -> Sides[Items] | None:
    """The items of the list `name` by identity; None when it can only be merged as one value."""
    keys = shape.list_keys(name)
    if keys == FUNCTION:
        return _functions(sides)
    if keys is not None:
        return _by(keys, sides)
    if shape.inferred:
        fitting = (found for key in INFERRED_KEYS if (found := _by((key,), sides)) is not None)
        return next(fitting, None)
    return None


def label(entry: Entry, identity: Hashable) -> str:
    """How a field path names the item: `[name=web]`."""
    if not isinstance(identity, tuple):
        return f"[{word(entry.value) or ''}]"
    return "[" + ",".join(f"{key}={value}" for key, value in identity if value is not None) + "]"


def word(node: Node | None) -> str | None:
    """The text of a scalar."""
    target = target_of(node.yaml) if node else None
    return target.text if isinstance(target, Scalar) else None


def field(node: Node, name: str) -> Node | None:
    return next((entry.value for entry in node.entries if entry.name == name), None)


def _by(keys: tuple[str, ...], sides: Sides[Node | None]) -> Sides[Items] | None:
    found: list[Items] = []
    for side in sides:
        items: Items = {}
        for entry in side.entries if side else ():
            identity = _identity(entry, keys)
            if identity is None or identity in items:
                return None
            items[identity] = entry
        found.append(items)
    return Sides(*found)


def _identity(entry: Entry, keys: tuple[str, ...]) -> Hashable:
    if not keys:
        return entry.value.same if entry.value.kind == "word" else None
    if entry.value.kind != "map":
        return None
    values = tuple((key, word(field(entry.value, key)) or DEFAULTS.get(key)) for key in keys)
    return None if values[0][1] is None else values


def _functions(sides: Sides[Node | None]) -> Sides[Items] | None:
    """By name if it has one, else by image without version. Several alike are counted through, if all sides have as
    many of them: then nobody added or removed one in between.
    """
    found: list[Items] = []
    counts: list[dict[Hashable, int]] = []
    for side in sides:
        items: Items = {}
        count: dict[Hashable, int] = {}
        for entry in side.entries if side else ():
            if entry.value.kind != "map":
                return None
            key = _function(entry.value)
            count[key] = count.get(key, 0) + 1
            items[(*key, ("number", str(count[key]) if count[key] > 1 else None))] = entry
        found.append(items)
        counts.append(count)
    several = {key for count in counts for key, number in count.items() if number > 1}
    if any(len({count.get(key, 0) for count in counts}) > 1 for key in several):
        return None
    return Sides(*found)


def _function(function: Node) -> tuple[tuple[str, str | None], ...]:
    for key in ("name", "image", "exec"):
        if text := word(field(function, key)):
            return ((key, _without_version(text) if key == "image" else text),)
    return (("name", None),)


def _without_version(image: str) -> str:
    path, slash, last = image.partition("@")[0].rpartition("/")
    return path + slash + last.partition(":")[0]
