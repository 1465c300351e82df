"""A resource on its way through the functions, with a fingerprint of what it is and a way back to what it was.

Functions change nodes in place. The fingerprint tells afterwards whether one did; only then is the resource looked at
again, compared with its former self and copied. So a function costs little for what it leaves alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from porch.kyaml import Node, copy, to_bytes, unpack, walk
from porch.render.annotations import INDEX, OLD_INDEX, OLD_PATH, PACKAGE, PATH, annotations_of


@dataclass(frozen=True, slots=True)
class Place:
    """Where a resource belongs: the path of its package, that of its file in it, and the number in the file as text."""

    package: str
    path: str
    index: str


class Saved(NamedTuple):
    """One of the packed nodes of a file."""

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
            self._saved = unpack(self._saved.data)[self._saved.number]
        assert isinstance(self._saved, Node), "saved before anybody got the node"
        return self._saved

    def go_back(self) -> None:
        """Forget what was done to the node since it was saved; nothing was, if it never was."""
        if self._saved is not None:
            self.node = copy(self.original())


def fingerprint(node: Node) -> bytes:
    """Equal for nodes that are written alike."""
    return hashlib.sha256(to_bytes(node)).digest()


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
