"""Git objects as bytes: ids, trees and commits, built without libgit2 and without a process.

A draft collects what it makes in `NewObjects`; nothing here touches a disk. Ids are 40 hex digits, modes are git's
octal ones. The formats are those of `git hash-object`, so `git fsck --strict` accepts every result.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

BLOB, TREE, COMMIT, TAG = "blob", "tree", "commit", "tag"
FILE, EXECUTABLE, LINK, SUBMODULE, DIRECTORY = 0o100644, 0o100755, 0o120000, 0o160000, 0o040000
_LINES_OF_A_HEADER = str.maketrans("", "", "<>\n\r\0")


@dataclass(frozen=True, slots=True)
class TreeItem:
    name: bytes
    mode: int
    id: str

    @property
    def is_directory(self) -> bool:
        return self.mode == DIRECTORY

    @property
    def is_file(self) -> bool:
        """A regular file, executable or not, also with the odd permissions of old histories."""
        return self.mode & 0o170000 == 0o100000


def header(kind: str, size: int) -> bytes:
    return b"%s %d\0" % (kind.encode(), size)


def object_id(kind: str, data: bytes) -> str:
    digest = hashlib.sha1(header(kind, len(data)), usedforsecurity=False)
    digest.update(data)
    return digest.hexdigest()


class NewObjects:
    """Objects that a draft has made and nobody has seen yet, in the order of making."""

    def __init__(self) -> None:
        self._objects: dict[str, tuple[str, bytes]] = {}

    def add(self, kind: str, data: bytes) -> str:
        name = object_id(kind, data)
        self._objects.setdefault(name, (kind, data))
        return name

    def get(self, name: str) -> tuple[str, bytes] | None:
        return self._objects.get(name)

    def __iter__(self) -> Iterator[tuple[str, str, bytes]]:
        return ((name, kind, data) for name, (kind, data) in self._objects.items())

    def __len__(self) -> int:
        return len(self._objects)


def parse_tree(data: bytes) -> list[TreeItem]:
    """Raises ValueError for bytes that are no tree."""
    items = []
    position = 0
    while position < len(data):
        space = data.index(b" ", position)
        end = data.index(b"\0", space)
        items.append(TreeItem(data[space + 1 : end], int(data[position:space], 8), data[end + 1 : end + 21].hex()))
        position = end + 21
    return items


def encode_tree(items: Iterable[TreeItem]) -> bytes:
    """Sorted as git wants it: a directory compares as if its name ended in a slash."""
    ordered = sorted(items, key=lambda item: item.name + b"/" if item.is_directory else item.name)
    return b"".join(b"%o %s\0%s" % (item.mode, item.name, bytes.fromhex(item.id)) for item in ordered)


@dataclass(frozen=True, slots=True)
class Signature:
    """Who, and when in seconds since the epoch. Always written in UTC: a server has no zone of its own."""

    name: str
    email: str
    seconds: int

    def __str__(self) -> str:
        name = self.name.translate(_LINES_OF_A_HEADER).strip()
        email = self.email.translate(_LINES_OF_A_HEADER).strip()
        return f"{name} <{email}> {self.seconds} +0000"


def encode_commit(
    tree: str, parents: Sequence[str], author: Signature, committer: Signature, message: str | bytes
) -> bytes:
    lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents), f"author {author}", f"committer {committer}"]
    body = message.encode() if isinstance(message, str) else message
    return "\n".join(lines).encode() + b"\n\n" + body


@dataclass(frozen=True, slots=True)
class Commit:
    """What is read of a commit. Times are seconds since the epoch."""

    tree: str
    parents: tuple[str, ...]
    author_email: str
    authored: int
    committed: int
    message: bytes


def parse_commit(data: bytes) -> Commit:
    """Lenient about identities, since histories contain odd ones; raises ValueError for bytes that are no commit."""
    head, _, message = data.partition(b"\n\n")
    tree, parents, author, committer = "", [], b"", b""
    for line in head.split(b"\n"):
        key, _, value = line.partition(b" ")
        if key == b"tree":
            tree = value.decode("ascii")
        elif key == b"parent":
            parents.append(value.decode("ascii"))
        elif key == b"author":
            author = value
        elif key == b"committer":
            committer = value
    if len(tree) != 40:
        raise ValueError("a commit without a tree")
    email = author.partition(b"<")[2].partition(b">")[0].decode("utf-8", "replace")
    return Commit(tree, tuple(parents), email, _seconds(author), _seconds(committer), message)


def _seconds(identity: bytes) -> int:
    digits = identity.rpartition(b">")[2].split()
    return int(digits[0]) if digits and digits[0].isdigit() else 0


def peel_tag(data: bytes) -> tuple[str, str]:
    """Kind and id of what an annotated tag points at. Raises ValueError for bytes that are no tag."""
    fields = dict(line.partition(b" ")[::2] for line in data.split(b"\n\n", 1)[0].split(b"\n")[:2])
    if not fields.keys() >= {b"type", b"object"}:
        raise ValueError("a tag of nothing")
    return fields[b"type"].decode("ascii"), fields[b"object"].decode("ascii")
