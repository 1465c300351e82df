"""The requests that made upstream's repositories, sent to us: what comes of them, and how it is compared.

Users are those of the scenario; what was done by hand with git is done by hand again, on our git server.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.interop.conftest import address_of
from tests.interop.plain.objects import Bare
from tests.scenario.running import Porch, synchronise, wait_ready
from tests.support.githttp import GitHttp
from tests.support.upstream import ADDRESS, FIXTURES, SERVED

Json = Any
USERS = ("admin", "alice")
_NAMESPACE_UID = "26913be0-c5fb-4725-b3b4-e70c484c6d1d"
_LOCK = re.compile(r"^( +commit: )[0-9a-f]{40}$", re.MULTILINE)
_RENDERING = "Rendering package\n"


@dataclass
class Replay:
    """`answers` are short: those of upstream and ours, where they differ, by step."""

    porch: Porch
    remote: GitHttp
    different: dict[str, tuple[Json, Json]] = field(default_factory=dict)

    def run(self) -> None:
        for name in SERVED:
            self.remote.create(name)
        tokens = {user: self.porch.user(user, "system:masters") for user in USERS}
        uid = self.porch.api.do("GET", "/api/v1/namespaces/default")["metadata"]["uid"]
        text = (FIXTURES / "requests.jsonl").read_text("utf-8")
        text = text.replace(ADDRESS, address_of(self.remote)).replace(_NAMESPACE_UID, uid)
        for line in text.rstrip("\n").split("\n"):
            step = json.loads(line)
            if "script" in step:
                self._by_hand(step["step"], step["script"])
            else:
                self._send(step, tokens[step["as"]])

    def _send(self, step: Json, token: str) -> None:
        with self.porch.client(token) as client:
            kind = step["type"] or "application/json"
            answer = client.send(step["method"], step["path"], step["body"], content_type=kind)
        ours = _short(answer.status, answer.json())
        if any(step["answer"].get(key) != value for key, value in ours.items()):
            self.different[step["step"]] = step["answer"], ours
        if "-register-" in step["step"]:
            wait_ready(self.porch.api, step["body"]["metadata"]["name"])

    def _by_hand(self, step: str, script: str) -> None:
        """Whoever works with git does not tell the server: it looks again."""
        folder = self.remote.root / step
        folder.mkdir()
        who = {f"GIT_{role}_NAME": "Hand Maker" for role in ("AUTHOR", "COMMITTER")}
        who |= {f"GIT_{role}_EMAIL": "hand@example.com" for role in ("AUTHOR", "COMMITTER")}
        branch = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "init.defaultBranch", "GIT_CONFIG_VALUE_0": "main"}
        env = {"PATH": os.environ["PATH"], "HOME": str(folder), **who, **branch}
        subprocess.run(["bash", "-e", "-c", script], cwd=folder, env=env, capture_output=True, check=True)
        for repository in self.porch.api.names("/apis/config.porch.kpt.dev/v1alpha1/namespaces/default/repositories"):
            synchronise(self.porch.api, repository)


def _short(code: int, body: Json) -> Json:
    """What a step tells of an answer. A deletion is answered with a Status by us, with the object by upstream."""
    if code >= 300 or body["kind"] == "Status":
        return {"code": code}
    found = {"code": code, "name": body["metadata"]["name"]}
    found |= {key: body["spec"][key] for key in ("lifecycle", "revision") if body["spec"].get(key)}
    return found


class Written:
    """What a repository has, with the address and the ids of commits taken out of it."""

    def __init__(self, path: Path, address: str) -> None:
        self._bare = Bare(path)
        self._address = address
        self.refs = {ref: commit for ref, (_, commit) in self._bare.refs().items()}

    def close(self) -> None:
        self._bare.__exit__(None, None, None)

    def commits(self) -> Counter[tuple[str, str, str]]:
        """Message, author and committer of all but renders: upstream makes one where nothing changed, too."""
        found = map(self._bare.commit, self._bare.reachable())
        return Counter(
            (self._plain(commit.message), commit.author, commit.committer)
            for commit in found
            if not commit.message.startswith(_RENDERING)
        )

    def files(self, ref: str) -> dict[str, tuple[str, str]]:
        """Mode and content of every file by path."""
        tree = self._bare.commit(self.refs[ref]).tree
        return {
            path: (entry.mode, self._plain(self._bare.object(entry.id)[1].decode("latin-1")))
            for path, entry in self._bare.files(tree)
        }

    def _plain(self, text: str) -> str:
        return _LOCK.sub(r"\1(commit)", text.replace(self._address, ADDRESS))


def differing(theirs: Written, ours: Written, renamed: dict[str, str]) -> Iterator[str]:
    """Paths of files that are not the same at the same ref. `renamed` are refs of another name."""
    for ref in theirs.refs:
        left, right = theirs.files(ref), ours.files(renamed.get(ref, ref))
        yield from (path for path in left.keys() | right.keys() if left.get(path) != right.get(path))
