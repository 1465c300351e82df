"""A disk below a real server that remembers what it was asked to do, and what a power cut at any moment leaves of it.

The server and the git processes that it starts are loaded with disk.c, whose journal is read here. `DiskAt` follows
the journal up to a moment. What was synced is safe: the bytes of a file by a sync of that file, names by a sync of
their directory, everything by a sync of the file system. The rest is lost or not, as `Survives` decides for each 512
bytes and each change of a name. So a file can be there without its bytes or with some of them, and a rename undone.
Names change in order, as file systems with a journal have it, and a rename is whole or not done.
"""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import pytest

from tests.scenario.running import Api, Porch

SECTOR = 512
_HEADER = struct.Struct("<QQQII")
_AWAY_SECONDS = 300  # that the power is away: what was left locked is known to be left by then
_IGNORED = "porch.db-shm"
"""SQLite makes this anew from its log after a power cut, and writes it where the journal does not see it."""
Survives = Callable[[int], bool]
"""Whether a change that was not synced is on the disk; changes are numbered in the order of their making."""


@dataclass(frozen=True, slots=True)
class Record:
    kind: str
    inode: int
    offset: int
    path: str
    more: bytes


@dataclass(slots=True, eq=False)
class File:
    """Its safe bytes, and since then writes of data at an offset, or to a size when data is None."""

    inode: int
    safe: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int, int, bytes | None]] = field(default_factory=list)

    def sync(self) -> None:
        self._add_to(self.safe, lambda _: True)
        self.pending.clear()

    def after(self, survives: Survives) -> bytearray:
        content = self.safe[:]
        self._add_to(content, survives)
        return content

    def _add_to(self, content: bytearray, survives: Survives) -> None:
        for number, offset, data in self.pending:
            if data is not None:
                _write(content, offset, data, number, survives)
            elif survives(number):
                _resize(content, offset)


@dataclass(slots=True, eq=False)
class Folder:
    inode: int
    now: dict[str, Node] = field(default_factory=dict)
    safe: dict[str, Node] = field(default_factory=dict)


Node = File | Folder


@dataclass(frozen=True, slots=True)
class Edit:
    """A name of a folder has become another node, or none."""

    folder: Folder
    name: str
    node: Node | None


class Disk:
    """`directory` is the disk; its journal lies beside it."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir()
        self.directory = directory.resolve()
        self._journal = directory.with_name(f"{directory.name}.journal")
        self._library = directory.with_name(f"{directory.name}.so")
        self._bin = directory.with_name(f"{directory.name}-bin")
        source = Path(__file__).with_name("disk.c")
        subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", self._library, source, "-ldl"], check=True)
        self._wrap_git()

    def _wrap_git(self) -> None:
        """The server gives git a clean environment, so a git of ours comes first on its PATH."""
        self._bin.mkdir()
        script = self._bin / "git"
        environment = "\n".join(f"export {name}='{value}'" for name, value in self._environment.items())
        script.write_text(f'#!/bin/sh\n{environment}\nexec {shutil.which("git")} "$@"\n')
        script.chmod(0o700)

    @property
    def _environment(self) -> dict[str, str]:
        return {
            "LD_PRELOAD": str(self._library),
            "TEST_DISK": str(self.directory),
            "TEST_JOURNAL": str(self._journal),
        }

    def launch(self, porch: Porch) -> Api:
        """Starts a server whose data directory is on the disk."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self._environment.items():
                patch.setenv(name, value)
            patch.setenv("PATH", str(self._bin), prepend=":")
            return porch.launch()

    def run(self, program: str) -> None:
        """Runs a Python program that writes to the disk."""
        subprocess.run([sys.executable, "-c", program], env=os.environ | self._environment, check=True)

    @property
    def moment(self) -> int:
        """Everything that the server has done so far is before it."""
        return self._journal.stat().st_size

    def at_first(self) -> DiskAt:
        return DiskAt(self.directory.stat().st_ino, PurePosixPath(self.directory), self.records())

    def records(self) -> Iterator[tuple[int, Record]]:
        """Each with the moment behind it. A last one that is cut off was not done for anybody."""
        moment = 0
        with self._journal.open("rb") as journal:
            while len(head := journal.read(_HEADER.size)) == _HEADER.size:
                kind, inode, offset, path, more = _HEADER.unpack(head)
                body = journal.read(path + more)
                if len(body) < path + more:
                    return
                moment += len(head) + len(body)
                yield moment, Record(chr(kind), inode, offset, body[:path].decode(), body[path:])


class DiskAt:
    """The disk at a moment; time only goes on."""

    def __init__(self, inode: int, path: PurePosixPath, records: Iterator[tuple[int, Record]]) -> None:
        self._path, self._records = path, records
        self._root = Folder(inode)
        self._nodes: dict[int, Node] = {inode: self._root}
        self._unsynced: list[tuple[int, list[Edit]]] = []
        self._next: tuple[int, Record] | None = next(records, None)
        self.number = 0
        """Of the last change; those before that are not synced have smaller ones."""

    def go_on(self, moment: int) -> None:
        while self._next is not None and self._next[0] <= moment:
            self.number += 1
            self._do(self._next[1])
            self._next = next(self._records, None)

    def _do(self, record: Record) -> None:
        match record.kind:
            case "w" | "t":
                node = self._nodes.get(record.inode)
                if isinstance(node, File):  # else one without a name
                    node.pending.append((self.number, record.offset, record.more if record.kind == "w" else None))
            case "c" | "d":
                made = File(record.inode) if record.kind == "c" else Folder(record.inode)
                self._nodes[record.inode] = made
                self._edit((record.path, made))
            case "r":
                node = self._find(record.path)
                self._edit((record.path, None), (record.more.decode(), node))
            case "l":
                self._edit((record.more.decode(), self._find(record.path)))
            case "u":
                self._edit((record.path, None))
            case "s":
                self._sync(self._nodes.get(record.inode))
            case "a":
                self._sync_all(self._root)
                self._unsynced.clear()

    def _edit(self, *names: tuple[str, Node | None]) -> None:
        edits = []
        for path, node in names:
            folder, name = self._find(str(PurePosixPath(path).parent)), PurePosixPath(path).name
            assert isinstance(folder, Folder), path
            edits.append(Edit(folder, name, node))
            _enter(folder.now, name, node)
        self._unsynced.append((self.number, edits))

    def _find(self, path: str) -> Node:
        node: Node = self._root
        for name in PurePosixPath(path).relative_to(self._path).parts:
            assert isinstance(node, Folder), path
            node = node.now[name]
        return node

    def _sync(self, node: Node | None) -> None:
        if isinstance(node, File):
            node.sync()
        elif node is not None:
            node.safe = dict(node.now)
            left = [(number, [edit for edit in edits if edit.folder is not node]) for number, edits in self._unsynced]
            self._unsynced = [(number, edits) for number, edits in left if edits]

    def _sync_all(self, folder: Folder) -> None:
        folder.safe = dict(folder.now)
        for node in folder.now.values():
            if isinstance(node, Folder):
                self._sync_all(node)
            else:
                node.sync()

    def leave(self, survives: Survives, target: Path) -> None:
        """Writes to the new directory `target` what is on the disk when the power comes back."""
        names = self._names(survives)
        target.mkdir(parents=True)
        self._write(self._root, target, names, survives)

    def _names(self, survives: Survives) -> dict[Folder, dict[str, Node]]:
        """Of the directories that have unsynced names."""
        names: dict[Folder, dict[str, Node]] = {}
        for number, edits in self._unsynced:
            if not survives(number):
                break
            for edit in edits:
                _enter(names.setdefault(edit.folder, dict(edit.folder.safe)), edit.name, edit.node)
        return names

    def _write(
        self, folder: Folder, target: Path, names: Mapping[Folder, Mapping[str, Node]], survives: Survives
    ) -> None:
        then = time.time() - _AWAY_SECONDS
        for name, node in names.get(folder, folder.safe).items():
            if isinstance(node, Folder):
                (target / name).mkdir(mode=0o700)
                self._write(node, target / name, names, survives)
            else:
                (target / name).write_bytes(node.after(survives))
            os.utime(target / name, (then, then))

    def differences(self, directory: Path) -> list[str]:
        """Paths at which a real directory is not as the journal tells: the journal has missed something."""
        found = {str(path.relative_to(directory)): path for path in directory.rglob("*") if path.name != _IGNORED}
        known = dict(self._all(self._root, ""))
        wrong = sorted(found.keys() ^ known.keys())
        wrong += [name for name in found.keys() & known.keys() if not _is_like(known[name], found[name])]
        return wrong

    def _all(self, folder: Folder, prefix: str) -> Iterator[tuple[str, Node]]:
        for name, node in folder.now.items():
            if name != _IGNORED:
                yield prefix + name, node
            if isinstance(node, Folder):
                yield from self._all(node, f"{prefix}{name}/")


def _is_like(node: Node, path: Path) -> bool:
    if isinstance(node, Folder) or path.is_dir():
        return isinstance(node, Folder) and path.is_dir()
    return node.after(lambda _: True) == path.read_bytes()


def _enter(names: dict[str, Node], name: str, node: Node | None) -> None:
    if node is None:
        names.pop(name, None)
    else:
        names[name] = node


def _resize(content: bytearray, size: int) -> None:
    del content[size:]
    content.extend(bytes(size - len(content)))


def _write(content: bytearray, offset: int, data: bytes, number: int, survives: Survives) -> None:
    """By sectors: one that did not survive is what it was, or zeros."""
    position = 0
    while position < len(data):
        end = min(len(data), position + SECTOR - (offset + position) % SECTOR)
        if survives(number):
            if len(content) < offset + position:
                _resize(content, offset + position)
            content[offset + position : offset + end] = data[position:end]
        position = end
