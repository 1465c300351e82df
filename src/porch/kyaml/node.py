"""One YAML node: a mapping, a sequence, a scalar or an alias, with its style and its comments.

The fields are those of Go's yaml.v3, so that what holds there holds here: the comment above a node is its `head`, the
one behind it on the same line its `line`, the one below its `foot`. A block mapping keeps them on its keys (a line
comment on the value). There is no document node: what stands above and below a whole document is `before` and `after`
of its root.

A node is a msgspec Struct: made, compared and copied in C, since a render does that to each of them many times.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

import msgspec

from porch.krm.style import Style

Kind: TypeAlias = Literal["mapping", "sequence", "scalar", "alias"]

# A scalar has no content. It shares this one; a tuple, so that nobody can put something into it.
_NOTHING = cast("list[Node]", ())
_SHORT = {
    "kind": "k",
    "tag": "t",
    "value": "v",
    "style": "s",
    "content": "c",
    "head": "h",
    "line": "l",
    "foot": "f",
    "anchor": "a",
    "tagged": "g",
    "before": "b",
    "after": "e",
}


class _Beside:
    """What does not count when nodes are compared or packed."""

    __slots__ = ("row", "target")
    row: int
    target: Node | None

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Nobody gives most nodes these two."""
            if name in _UNSET:
                return _UNSET[name]
            raise AttributeError(name)


_UNSET = {"row": 0, "target": None}


class Node(msgspec.Struct, _Beside, eq=False, omit_defaults=True, rename=_SHORT):
    """`content` of a mapping is key, value, key, value and so on. `tag` is short (`!!str`); empty means that it follows
    from the value. `tagged` says that the text spells the tag. `row` counts from 1; 0 is a node that nobody read. Only
    an alias has a `target`.
    """

    kind: Kind
    tag: str = ""
    value: str = ""
    style: Style = ""
    content: list[Node] = _NOTHING
    head: str = ""
    line: str = ""
    foot: str = ""
    anchor: str = ""
    tagged: bool = False
    before: str = ""
    after: str = ""

    def __repr__(self) -> str:
        what = self.value if self.kind in {"scalar", "alias"} else f"{len(self.content)} nodes"
        return f"<{self.kind} {self.tag} {what!r} at line {self.row}>"

    def __reduce__(self) -> tuple[Any, ...]:
        # As a state, not as arguments: an anchor's content may hold an alias of it.
        names = (*self.__struct_fields__, *_Beside.__slots__)
        state = {name: value for name in names if (value := getattr(self, name))}
        return Node, (self.kind,), (None, state)


def placed(node: Node, row: int) -> Node:
    """The node, read from this line."""
    node.row = row
    return node


def mapping(*content: Node, style: Style = "") -> Node:
    return Node("mapping", "!!map", style=style, content=list(content))


def sequence(*content: Node, style: Style = "") -> Node:
    return Node("sequence", "!!seq", style=style, content=list(content))


def text(value: str, style: Style = "") -> Node:
    """A string. It is quoted when it is written, if it would mean something else unquoted; lines become a literal."""
    return Node("scalar", "!!str", value, "literal" if "\n" in value and not style else style)


def followed(node: Node) -> Node:
    """The node itself, or what an alias stands for."""
    return node if node.kind != "alias" or node.target is None else node.target


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it, in the order of the text. Aliases are not followed."""
    todo = [node]
    while todo:
        current = todo.pop()
        yield current
        todo.extend(reversed(current.content))


# --- as bytes


class _Packed(msgspec.Struct, array_like=True):
    roots: list[Node]
    rows: list[int]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Packed).decode
_ALIAS = msgspec.msgpack.encode("alias")
_PICKLED = b"p"
"""No packed value begins with it."""


def to_bytes(node: Node) -> bytes:
    """Equal for nodes that are written alike."""
    try:
        return _encode(node)
    except UnicodeEncodeError:  # half a surrogate pair
        return pickle.dumps(node)


def pack(roots: list[Node]) -> bytes:
    """The nodes and all that is below, for `unpack`."""
    try:
        data = _encode(_Packed(roots, [node.row for node in _flat(roots)]))
    except UnicodeEncodeError:
        data = _ALIAS
    # An alias must stand for the same node afterwards.
    return _PICKLED + pickle.dumps(roots) if _ALIAS in data else data


def unpack(data: bytes) -> list[Node]:
    """New nodes."""
    if data.startswith(_PICKLED):
        return cast("list[Node]", pickle.loads(data[1:]))  # noqa: S301 - ours
    packed = _decode(data)
    for node, row in zip(_flat(packed.roots), packed.rows, strict=True):
        node.row = row
    return packed.roots


def _flat(roots: Iterable[Node]) -> list[Node]:
    """All nodes, level by level."""
    found = list(roots)
    for node in found:
        if node.content:
            found += node.content
    return found


def copy(node: Node) -> Node:
    """A deep copy. Aliases in it stand for the copied anchors, or for the same node when the anchor is outside."""
    packed = pack([node])
    if not packed.startswith(_PICKLED):
        return unpack(packed)[0]
    made: dict[int, Node] = {}
    result = _copied(node, made)
    for alias in walk(result):
        if alias.target is not None:
            alias.target = made.get(id(alias.target), alias.target)
    return result


def _copied(node: Node, made: dict[int, Node]) -> Node:
    result = Node(**{name: getattr(node, name) for name in node.__struct_fields__})
    result.row, result.target = node.row, node.target
    if node.content:
        result.content = [_copied(item, made) for item in node.content]
    elif node.kind in {"mapping", "sequence"}:
        result.content = []
    if node.anchor:
        made[id(node)] = result
    return result
