"""Gives a function's output the comments and the field order of its input, as kpt does after every function.

So a function may build a resource anew, from values, and the comments in the file still stay. It cannot take a comment
away that it was given. Lists are compared place by place, those of built-in types also by the keys of their items.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from porch.kyaml import Node, emit, pairs, to_bytes
from porch.render.keyed import Shape, same_items, shape_of
from porch.render.krm import wrong_kind


class CannotRestore(Exception):
    """The function made a field another kind of node: a list where a mapping was."""


def restore(old: Node, new: Node) -> None:
    """Raises CannotRestore."""
    if new.kind == "mapping" and new is not old:
        alike = _alike(old, new)
        _copy_own(old, new)
        if old.kind == "mapping":
            _walk_fields(old, new, shape_of(old), alike)
        else:
            _walk(old, new, None)
        _sync_order(old, new, alike)
        _lift_heads(new)


def _alike(old: Node, new: Node) -> AbstractSet[str]:
    """The fields that need not be looked at further: mostly a function changes one, or puts them into another order."""
    if old.kind != "mapping":
        return frozenset()
    before = {key.value: value for key, value in pairs(old)}
    after = {key.value: value for key, value in pairs(new)}
    if 2 * len(before) != len(old.content) or 2 * len(after) != len(new.content):
        return frozenset()
    return {key for key, value in after.items() if value.content and key in before and _is_alike(before[key], value)}


def _is_alike(before: Node, after: Node) -> bool:
    data = to_bytes(after)
    return data == to_bytes(before) and b"folded" not in data


def _copy_comments(old: Node, new: Node, shape: Shape | None = None) -> None:
    _copy_own(old, new)
    _walk(old, new, shape)


def _copy_own(old: Node, new: Node) -> None:
    if old.line and not new.line:
        new.line = old.line
    if old.head and not new.head:
        new.head = old.head
    if old.foot and not new.foot:
        new.foot = old.foot
    if old.before and not new.before:
        new.before = old.before
    if old.after and not new.after:
        new.after = old.after


def _walk(old: Node, new: Node, shape: Shape | None) -> None:
    """Both are there. What is null counts as missing."""
    kind = new.kind if old.tag == "!!null" else old.kind
    if new.tag == "!!null" and old.tag == "!!null":
        kind = "mapping"
    elif kind == "alias":
        return
    elif new.kind != kind and new.tag != "!!null" and old.tag != "!!null":
        raise CannotRestore(f"{wrong_kind(kind, new)}: node contents:\n{emit(new)}")
    if kind == "mapping":
        _copy_own(old, new)
        if new.kind == "mapping":
            _walk_fields(old, new, shape)
    elif kind == "sequence":
        _copy_own(old, new)
        for before, after in zip(old.content, new.content, strict=False):
            if before.value == after.value:
                _copy_comments(before, after)
    else:
        if new.style == "folded":
            new.style = "double"
        _copy_own(old, new)


def _walk_fields(old: Node, new: Node, shape: Shape | None, alike: AbstractSet[str] = frozenset()) -> None:
    content = old.content
    places = {content[at].value: at for at in range(len(content) - 2, -2, -2)} if old.kind == "mapping" else {}
    content = new.content
    for at in range(0, len(content), 2):
        key, value = content[at], content[at + 1]
        place = places.get(key.value)
        if place is None:
            if value.style == "folded":
                value.style = "double"
            continue
        _copy_own(old.content[place], key)
        if key.value in alike:
            continue
        _walk(old.content[place + 1], value, shape.fields.get(key.value) if shape else None)
        if shape and value.kind == "sequence" and key.value in shape.lists:
            keys, below = shape.lists[key.value]
            for before, after in same_items(old.content[place + 1], value, keys):
                _walk(before, after, below)


def _sync_order(old: Node, new: Node, alike: AbstractSet[str] = frozenset()) -> None:
    if old.kind == "mapping" and new.kind == "mapping":
        was, now = old.content, new.content
        if [key.value for key in was[::2]] != [key.value for key in now[::2]]:
            now = _ordered(was, now)
            new.content = now
        values = {now[at].value: now[at + 1] for at in range(len(now) - 2, -2, -2)}
        for at in range(0, len(was), 2):
            below = was[at + 1]
            name = was[at].value
            if below.content and name not in alike and (value := values.get(name)) is not None:
                _sync_order(below, value)
    elif old.kind == "sequence" and new.kind == "sequence":
        for before, after in zip(old.content, new.content, strict=False):
            if before.content:
                _sync_order(before, after)


def _ordered(was: list[Node], now: list[Node]) -> list[Node]:
    """The fields of `now`: those of `was` first, in its order, then the others in theirs."""
    rank = {key.value: number for number, key in reversed(list(enumerate(was[::2])))}
    fields = sorted(range(0, len(now), 2), key=lambda at: rank.get(now[at].value, len(was)))
    return [node for at in fields for node in now[at : at + 2]]


def _lift_heads(node: Node) -> None:
    """A comment above the first field of a list's item belongs above the item, whatever field comes first now. Upstream
    leaves it above the field, too.
    """
    if node.kind == "sequence":
        for item in node.content:
            if item.content and item.content[0].kind == "scalar" and (head := item.content[0].head):
                item.head = f"{item.head}\n{head}" if item.head else head
                item.content[0].head = ""
    elif node.kind == "mapping":
        for value in node.content:
            if value.content:
                _lift_heads(value)
