"""Objects and refs of a bare repository, through `git cat-file --batch`."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

DIRECTORY, FILE = "40000", "100644"
_ENVIRONMENT = {"PATH": os.environ["PATH"], "HOME": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


@dataclass(frozen=True)
class Commit:
    """`author` and `committer` are `Name <address>`; `at` are the two times, zone included."""

    id: str
    headers: tuple[str, ...]
    tree: str
    parents: tuple[str, ...]
    author: str
    committer: str
    at: tuple[str, str]
    message: str

    @property
    def subject(self) -> str:
        return self.message.split("\n", 1)[0]


@dataclass(frozen=True)
class Entry:
    mode: str
    id: str


def run(path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["git", *arguments], cwd=path, env=_ENVIRONMENT, capture_output=True, text=True, errors="replace", check=False
    )


class Bare:
    def __init__(self, path: Path) -> None:
        self.path = path
        self._commits: dict[str, Commit] = {}
        self._trees: dict[str, dict[str, Entry]] = {}
        self._process = subprocess.Popen(
            ["git", "cat-file", "--batch"],
            cwd=path,
            env=_ENVIRONMENT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.communicate()

    def object(self, name: str) -> tuple[str, bytes]:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(f"{name}\n".encode())
        self._process.stdin.flush()
        head = self._process.stdout.readline().split()
        assert len(head) == 3, f"{name} is not in {self.path}"
        content = self._process.stdout.read(int(head[2]) + 1)[:-1]
        return head[1].decode(), content

    def commit(self, name: str) -> Commit:
        if name not in self._commits:
            kind, content = self.object(name)
            assert kind == "commit", f"{name} is a {kind}"
            self._commits[name] = _parse_commit(name, content.decode("utf-8", "replace"))
        return self._commits[name]

    def tree(self, name: str) -> dict[str, Entry]:
        if name not in self._trees:
            self._trees[name] = dict(_parse_tree(self.object(name)[1]))
        return self._trees[name]

    def at(self, commit: str, path: str) -> Entry | None:
        """What a commit has at a path."""
        found: Entry | None = Entry(DIRECTORY, self.commit(commit).tree)
        for segment in path.split("/"):
            if found is None or found.mode != DIRECTORY:
                return None
            found = self.tree(found.id).get(segment)
        return found

    def files(self, tree: str, prefix: str = "") -> Iterator[tuple[str, Entry]]:
        for name, entry in self.tree(tree).items():
            if entry.mode == DIRECTORY:
                yield from self.files(entry.id, f"{prefix}{name}/")
            else:
                yield f"{prefix}{name}", entry

    def differing(self, before: str, after: str, prefix: str = "") -> Iterator[str]:
        """Paths of files that two trees do not have alike."""
        if before == after:
            return
        left, right = self.tree(before) if before else {}, self.tree(after) if after else {}
        for name in sorted(left.keys() | right.keys()):
            one, other = left.get(name), right.get(name)
            if one == other:
                continue
            folders = [entry.id if entry and entry.mode == DIRECTORY else "" for entry in (one, other)]
            if any(folders):
                yield from self.differing(folders[0], folders[1], f"{prefix}{name}/")
            if any(entry and entry.mode != DIRECTORY for entry in (one, other)):
                yield f"{prefix}{name}"

    def refs(self) -> dict[str, tuple[str, str]]:
        """By name: the id that a ref holds, and the commit that it leads to."""
        form = "--format=%(refname) %(objectname) %(objecttype) %(*objectname)"
        found = {}
        for line in run(self.path, "for-each-ref", form).stdout.splitlines():
            name, target, kind, *peeled = line.split(" ")
            found[name] = (target, target if kind == "commit" else peeled[0])
        return found

    def reachable(self, *tips: str) -> list[str]:
        """Commits that the tips lead to, newest first; of all refs without tips."""
        return run(self.path, "rev-list", *(tips or ("--all",)), "--").stdout.split()

    def complaints(self) -> list[str]:
        """What a strict check of all objects says, but for what nothing leads to."""
        done = run(self.path, "fsck", "--strict", "--full", "--no-dangling", "--no-progress")
        lines = [line for line in (done.stdout + done.stderr).splitlines() if not line.startswith("notice:")]
        return lines or ([f"git fsck ends with {done.returncode}"] if done.returncode else [])


def _parse_commit(name: str, text: str) -> Commit:
    head, _, message = text.partition("\n\n")
    pairs = [line.partition(" ")[::2] for line in head.split("\n")]
    values = dict(pairs)
    author, author_at = values["author"].rsplit(">", 1)
    committer, committer_at = values["committer"].rsplit(">", 1)
    return Commit(
        id=name,
        headers=tuple(key for key, _ in pairs),
        tree=values["tree"],
        parents=tuple(value for key, value in pairs if key == "parent"),
        author=f"{author}>",
        committer=f"{committer}>",
        at=(author_at, committer_at),
        message=message,
    )


def _parse_tree(data: bytes) -> Iterator[tuple[str, Entry]]:
    position = 0
    while position < len(data):
        end = data.index(b"\0", position)
        mode, _, name = data[position:end].partition(b" ")
        yield name.decode("utf-8", "surrogateescape"), Entry(mode.decode(), data[end + 1 : end + 21].hex())
        position = end + 21
