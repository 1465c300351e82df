"""Gives a function's output the comments and the field order of its input, as kpt does after every function.

So a function may build a resource anew, from values, and the comments in the file still stay. It cannot take a comment
away that it was given. Two lists are compared place by place.
"""

from __future__ import annotations

from porch.kyaml import Node, emit
from porch.render.krm import wrong_kind

_MAX_DEPTH = 200


class CannotRestore(Exception):
    """The function made a field another kind of node: a list where a mapping was."""


def restore(old: Node, new: Node) -> None:
    """Raises CannotRestore."""
    if new.kind == "mapping" and new is not old:
        _copy_comments(old, new, 0)
        _sync_order(old, new)
        _lift_heads(new)


def _copy_comments(old: Node, new: Node, depth: int) -> None:
    _copy_own(old, new)
    _walk(old, new, depth)


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


def _walk(old: Node, new: Node, depth: int) -> None:
    """Both are there. What is null counts as missing."""
    kind = new.kind if old.tag == "!!null" else old.kind
    if new.tag == "!!null" and old.tag == "!!null":
        kind = "mapping"
    elif kind == "alias" or depth > _MAX_DEPTH:
        return
    elif new.kind != kind and new.tag != "!!null" and old.tag != "!!null":
        raise CannotRestore(f"{wrong_kind(kind, new)}: node contents:\n{emit(new)}")
    if kind == "mapping":
        _copy_own(old, new)
        if new.kind == "mapping":
            _walk_fields(old, new, depth)
    elif kind == "sequence":
        _copy_own(old, new)
        for before, after in zip(old.content, new.content, strict=False):
            if before.value == after.value:
                _copy_comments(before, after, depth + 1)
    else:
        if new.style == "folded":
            new.style = "double"
        _copy_own(old, new)


def _walk_fields(old: Node, new: Node, depth: int) -> None:
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
        _walk(old.content[place + 1], value, depth + 1)


def _sync_order(old: Node, new: Node) -> None:
    if old.kind == "mapping" and new.kind == "mapping":
        was, now = old.content, new.content
        if [key.value for key in was[::2]] != [key.value for key in now[::2]]:
            now = _ordered(was, now)
            new.content = now
        values = {now[at].value: now[at + 1] for at in range(len(now) - 2, -2, -2)}
        for at in range(0, len(was), 2):
            below = was[at + 1]
            if below.content and (value := values.get(was[at].value)) is not None:
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
    """A comment above the first field of a list's item belongs above the item, whatever field comes first now."""
    if node.kind == "sequence":
        for item in node.content:
            if item.content and item.content[0].kind == "scalar" and (head := item.content[0].head):
                if item.head:
                    item.head += "\n" + head
                    item.content[0].head = ""
                else:
                    item.head = head
    elif node.kind == "mapping":
        for value in node.content:
            if value.content:
                _lift_heads(value)
