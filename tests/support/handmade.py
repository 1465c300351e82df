"""Repositories made by hand: commits with any files, messages, authors and times, and refs on them, with plain git."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from tests.support.githttp import git, new_repository

KPTFILE = "apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: x\n"
PORCH = "Package Orchestration Service <porch@kpt.dev>"
NOON = 1_700_000_000
Files = Mapping[str, "str | bytes | tuple[str, str]"]
"""Contents by path; a pair is a mode and a content, or an id for a submodule."""


class Handmade:
    """`with` nothing: each commit is one run of `git fast-import`, found again by its id."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._number = 0

    @classmethod
    def new(cls, path: Path) -> Handmade:
        return cls(new_repository(path))

    def git(self, *arguments: str, stdin: str = "") -> str:
        return git(*arguments, cwd=self.path, stdin=stdin)

    def commit(
        self,
        files: Files,
        *parents: str,
        message: str = "by hand",
        at: int = NOON,
        author: str = "Hand Maker <hand@example.com>",
        committer: str = "",
    ) -> str:
        """A commit that has exactly these files. Nothing but a private ref leads to it."""
        self._number += 1
        who = f"author {author} {at} +0000\ncommitter {committer or author} {at} +0000\n"
        base = "".join(f"{'merge' if index else 'from'} {parent}\n" for index, parent in enumerate(parents))
        stream = [f"commit refs/handmade/{self._number}\nmark :1\n{who}".encode(), _data(message.encode())]
        stream.append(f"{base}deleteall\n".encode())
        for path, content in files.items():
            mode, data = content if isinstance(content, tuple) else ("100644", content)
            if mode == "160000":
                stream.append(f"M {mode} {data!s} {path}\n".encode())
            else:
                stream += [
                    f"M {mode} inline {path}\n".encode("utf-8", "surrogateescape"),
                    _data(data.encode() if isinstance(data, str) else data),
                ]
        stream.append(b"get-mark :1\n")
        done = subprocess.run(
            ["git", "fast-import", "--quiet", "--force"],
            cwd=self.path,
            input=b"".join(stream),
            capture_output=True,
            check=True,
        )
        return done.stdout.decode().strip()

    def set(self, ref: str, target: str) -> None:
        self.git("update-ref", ref, target)

    def delete(self, ref: str) -> None:
        self.git("update-ref", "-d", ref)

    def tag(self, name: str, target: str) -> None:
        """An annotated one."""
        self.git("tag", "-a", "-m", "annotated", name, target)


def _data(content: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(content), content)
