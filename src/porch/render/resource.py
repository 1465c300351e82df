"""A resource on its way through the functions, with a fingerprint of what it is and a way back to what it was.

Functions change nodes in place. The fingerprint tells afterwards whether one did; only then is the resource looked at
again, compared with its former self and copied. So a function costs little for what it leaves alone.
"""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from porch.kyaml import Node, copy, walk
from porch.render.annotations import INDEX, OLD_INDEX, OLD_PATH, PACKAGE, PATH, annotations_of


@dataclass(frozen=True, slots=True)
class Place:
    """Where a resource belongs: the path of its package, that of its file in it, and the number in the file as text."""

    package: str
    path: str
    index: str


class Saved(NamedTuple):
    """One of the nodes in the pickle of a file."""

    data: bytes
    number: int


class Resource:
    __slots__ = ("_saved", "changed_by", "has_folded", "node", "place", "print")

    def __init__(self, node: Node, fingerprint: bytes, place: Place, saved: Saved | Node | None = None) -> None:
        self.node = node
        self.print = fingerprint
        self.place = place
        self._saved = saved
        self.has_folded = False
        """Whether it may hold folded text, which becomes quoted text at the first function."""
        self.changed_by = ""
        """The image of the last function that changed it."""

    @classmethod
    def made_by(cls, image: str, node: Node) -> Resource:
        resource = cls(node, fingerprint(node), place_of(node))
        resource.changed_by = image
        return resource

    def save(self) -> None:
        """Before somebody may change the node."""
        if self._saved is None:
            self._saved = copy(self.node)

    def original(self) -> Node:
        """The node as it was saved. It must not be changed."""
        if isinstance(self._saved, Saved):
            self._saved = pickle.loads(self._saved.data)[0][self._saved.number]  # noqa: S301 - ours
        assert isinstance(self._saved, Node), "saved before anybody got the node"
        return self._saved

    def go_back(self) -> None:
        """Forget what was done to the node since it was saved; nothing was, if it never was."""
        if self._saved is not None:
            self.node = copy(self.original())


def fingerprint(root: Node) -> bytes:
    """Equal for nodes that are written alike. It looks at every node after each function, so it is written for speed:
    what most nodes do not have is only noted where it is there, behind a mark.
    """
    words: list[str] = []
    note = words.append
    nodes = [root]
    marks = 0
    for node in nodes:
        note(node.value)
        note(node.tag)
        if node.style:
            note(f"\2{node.style}")
            marks += 1
        if node.head or node.line or node.foot or node.anchor or node.before or node.after or node.tagged:
            note("\2")
            marks += 1
            words += (node.head, node.line, node.foot, node.anchor, node.before, node.after, str(node.tagged))
        if content := node.content:
            note(f"\2{node.kind} {len(content)}")
            marks += 1
            nodes += content
    whole = "\0".join(words)
    if whole.count("\0") != len(words) - 1 or whole.count("\2") != marks:  # somebody's text holds one
        whole = repr(words)
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).digest()


def fingerprint_of_all(resources: Iterable[Resource]) -> str:
    """Of many resources in this order."""
    digest = hashlib.sha256()
    for resource in resources:
        digest.update(resource.print)
    return f"sha256:{digest.hexdigest()}"


def place_of(node: Node) -> Place:
    found = annotations_of(node)
    path = found.get(PATH) or found.get(OLD_PATH, "")
    return Place(found.get(PACKAGE, ""), path, found.get(INDEX) or found.get(OLD_INDEX, ""))


def has_folded(node: Node) -> bool:
    return any(below.style == "folded" for below in walk(node))
