"""One YAML node: a mapping, a sequence, a scalar or an alias, with its style and its comments.

The fields are those of Go's yaml.v3, so that what holds there holds here: the comment above a node is its `head`, the
one behind it on the same line its `line`, the one below its `foot`. A block mapping keeps them on its keys (a line
comment on the value). There is no document node: what stands above and below a whole document is `before` and `after`
of its root.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, TypeAlias, cast

from porch.krm.style import Style as Style  # noqa: PLC0414 - a part of this module

Kind: TypeAlias = Literal["mapping", "sequence", "scalar", "alias"]

# A scalar has no content. It shares this one; a tuple, so that nobody can put something into it.
_NOTHING = cast("list[Node]", ())


class Node:
    """`content` of a mapping is key, value, key, value and so on. `tag` is short (`!!str`); empty means that it follows
    from the value. `tagged` says that the text spells the tag. `row` counts from 1; 0 is a node that nobody read.
    """

    __slots__ = (
        "after",
        "anchor",
        "before",
        "content",
        "foot",
        "head",
        "kind",
        "line",
        "row",
        "style",
        "tag",
        "tagged",
        "target",
        "value",
    )

    def __init__(
        self,
        kind: Kind,
        tag: str = "",
        value: str = "",
        style: Style = "",
        row: int = 0,
        *,
        content: list[Node] = _NOTHING,
        head: str = "",
        line: str = "",
        foot: str = "",
        anchor: str = "",
        target: Node | None = None,
        tagged: bool = False,
        before: str = "",
        after: str = "",
    ) -> None:
        self.kind = kind
        self.tag = tag
        self.value = value
        self.style = style
        self.row = row
        self.content = content
        self.head = head
        self.line = line
        self.foot = foot
        self.anchor = anchor
        self.target = target
        self.tagged = tagged
        self.before = before
        self.after = after

    def __repr__(self) -> str:
        what = self.value if self.kind in {"scalar", "alias"} else f"{len(self.content)} nodes"
        return f"<{self.kind} {self.tag} {what!r} at line {self.row}>"

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled as few short values, because files are kept as pickles of their nodes."""
        short = (self.kind, self.tag, self.value, self.style, self.row)
        if not (self.head or self.line or self.foot or self.anchor or self.tagged or self.before or self.after):
            if self.kind == "scalar":
                return Node, short
            if self.target is None:
                return _collection, (short, self.content)
        # As a state, not as arguments: an anchor's content may hold an alias of it.
        state = {name: getattr(self, name) for name in _RARE if getattr(self, name)}
        if self.kind in {"mapping", "sequence"}:
            state["content"] = self.content
        return Node, short, (None, state)


_RARE = ("head", "line", "foot", "anchor", "target", "tagged", "before", "after")


def _collection(short: tuple[Any, ...], content: list[Node]) -> Node:
    return Node(*short, content=content)


def mapping(*content: Node, style: Style = "") -> Node:
    return Node("mapping", "!!map", style=style, content=list(content))


def sequence(*content: Node, style: Style = "") -> Node:
    return Node("sequence", "!!seq", style=style, content=list(content))


def text(value: str, style: Style = "") -> Node:
    """A string. It is quoted when it is written, if it would mean something else unquoted; lines become a literal."""
    return Node("scalar", "!!str", value, "literal" if "\n" in value and not style else style)


def followed(node: Node) -> Node:
    """The node itself, or what an alias stands for."""
    return node.target if node.target is not None else node


def copy(node: Node) -> Node:
    """A deep copy. Aliases in it stand for the copied anchors, or for the same node when the anchor is outside."""
    made: dict[int, Node] = {}
    result = _copied(node, made)
    if made:
        for alias in walk(result):
            if alias.target is not None:
                alias.target = made.get(id(alias.target), alias.target)
    return result


def _copied(node: Node, made: dict[int, Node]) -> Node:
    result = Node(
        node.kind,
        node.tag,
        node.value,
        node.style,
        node.row,
        head=node.head,
        line=node.line,
        foot=node.foot,
        anchor=node.anchor,
        target=node.target,
        tagged=node.tagged,
        before=node.before,
        after=node.after,
    )
    if node.kind in {"mapping", "sequence"}:
        result.content = [_copied(item, made) for item in node.content]
    if node.anchor:
        made[id(node)] = result
    return result


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it, in the order of the text. Aliases are not followed."""
    todo = [node]
    while todo:
        current = todo.pop()
        yield current
        todo.extend(reversed(current.content))
