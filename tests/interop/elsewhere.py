"""Upstream at work on the same repository, emulated with plain git from the description of what it writes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.support.githttp import git
from tests.support.handmade import KPTFILE

SUBJECTS = {
    "init": "Creating new empty revision",
    "edit": "Creating new revision by copying previous revision",
    "render": "Rendering package",
}
INIT = {"type": "init", "init": {"description": "made elsewhere"}}
RENDER = {"type": "render"}
_WHO = {
    "GIT_AUTHOR_NAME": "carol",
    "GIT_AUTHOR_EMAIL": "carol",
    "GIT_COMMITTER_NAME": "Package Orchestration Service",
    "GIT_COMMITTER_EMAIL": "porch@kpt.dev",
}


class Elsewhere:
    """Works on the bare repository that is served, on `branch`."""

    def __init__(self, path: Path, branch: str = "main") -> None:
        self.path = path
        self._branch = f"refs/heads/{branch}"
        self._clock = 1_900_000_000

    def draft(self, package: str, workspace: str, files: Mapping[str, str] | None = None, task: Any = None) -> str:
        """Makes a draft on the branch, or puts a commit on it; returns the commit."""
        ref = f"refs/heads/drafts/{package}/{workspace}"
        there = self.id(ref)
        task = task or (RENDER if there else INIT)
        content = files if files is not None else {"Kptfile": KPTFILE}
        note = {"package": package, "workspaceName": workspace, "revision": "0", "task": task}
        message = f"{SUBJECTS[task['type']]}\n\n\n{_line(note)}"
        parent = there or self.id(self._branch)
        commit = self._commit(self._tree(parent, package, content), [parent], message)
        self.set(ref, commit)
        return commit

    def propose(self, package: str, workspace: str) -> None:
        self._move(f"drafts/{package}/{workspace}", f"proposed/{package}/{workspace}")

    def reject(self, package: str, workspace: str) -> None:
        self._move(f"proposed/{package}/{workspace}", f"drafts/{package}/{workspace}")

    def approve(self, package: str, workspace: str, number: int) -> str:
        base = f"refs/heads/proposed/{package}/{workspace}"
        head, proposal = self.id(self._branch), self.id(base)
        index = self._index(head)
        self._git("rm", "-r", "--cached", "--quiet", "--ignore-unmatch", package, env=index)
        self._git("read-tree", f"--prefix={package}/", f"{proposal}:{package}", env=index)
        note = {"package": package, "workspaceName": workspace, "revision": str(number)}
        message = f"Approving package revision {package}/{number}\n\n{_line(note)}"
        commit = self._commit(self._git("write-tree", env=index), [head, proposal], message)
        self.set(self._branch, commit)
        self.set(f"refs/tags/{package}/v{number}", commit)
        self.delete(base)
        return commit

    def propose_deletion(self, package: str, number: int) -> None:
        self.set(f"refs/heads/deletionProposed/{package}/v{number}", self.id(f"refs/tags/{package}/v{number}"))

    def remove(self, package: str, number: int) -> None:
        self.delete(f"refs/tags/{package}/v{number}")
        self.delete(f"refs/heads/deletionProposed/{package}/v{number}")

    def id(self, ref: str) -> str:
        """Empty when there is no such ref."""
        return self._git("for-each-ref", "--format=%(objectname)", ref)

    def set(self, ref: str, target: str) -> None:
        self._git("update-ref", ref, target)

    def delete(self, ref: str) -> None:
        self._git("update-ref", "-d", ref)

    def _move(self, old: str, new: str) -> None:
        self.set(f"refs/heads/{new}", self.id(f"refs/heads/{old}"))
        self.delete(f"refs/heads/{old}")

    def _tree(self, parent: str, package: str, files: Mapping[str, str]) -> str:
        index = self._index(parent)
        self._git("rm", "-r", "--cached", "--quiet", "--ignore-unmatch", package, env=index)
        for path, content in files.items():
            blob = self._git("hash-object", "-w", "--stdin", stdin=content)
            self._git("update-index", "--add", "--cacheinfo", f"100644,{blob},{package}/{path}", env=index)
        return self._git("write-tree", env=index)

    def _commit(self, tree: str, parents: list[str], message: str) -> str:
        self._clock += 1
        at = f"{self._clock} +0000"
        who = _WHO | {"GIT_AUTHOR_DATE": at, "GIT_COMMITTER_DATE": at}
        arguments = [word for parent in parents for word in ("-p", parent)]
        return self._git("commit-tree", tree, *arguments, stdin=message, env=who)

    def _index(self, commit: str) -> dict[str, str]:
        top = self.path.parent
        index = {"GIT_INDEX_FILE": str(top / f"{self.path.name}-index"), "GIT_WORK_TREE": str(top)}
        self._git("read-tree", commit, env=index)
        return index

    def _git(self, *arguments: str, stdin: str = "", env: Mapping[str, str] | None = None) -> str:
        return git(*arguments, cwd=self.path.parent, stdin=stdin, env={"GIT_DIR": str(self.path)} | dict(env or {}))


def _line(note: Any) -> str:
    return f"kpt:{json.dumps(note, separators=(',', ':'))}\n"
