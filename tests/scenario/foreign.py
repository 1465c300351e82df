"""Somebody else who works on the same git repository, with git alone."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.scenario.running import REPOSITORIES, SECRETS, Answer, Api, Json, Porch, register, synchronise
from tests.support.githttp import GitHttp, git

HEADS, TAGS = "refs/heads/", "refs/tags/"
MAIN = f"{HEADS}main"


def package(name: str, text: str = "", *, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The files of a package; `text` tells one content from another."""
    files = {"Kptfile": f"apiVersion: kpt.dev/v1\nkind: Kptfile\nmetadata:\n  name: {name}\n", "README.md": text}
    return {f"{name}/{path}": content for path, content in (files | dict(more or {})).items()}


@dataclass(frozen=True)
class Foreign:
    """`path` is a bare repository."""

    path: Path

    def git(self, *arguments: str, stdin: str = "") -> str:
        return git(*arguments, cwd=self.path, stdin=stdin)

    def tip(self, ref: str = MAIN) -> str:
        return self.git("rev-parse", ref)

    def commit(self, ref: str, files: Mapping[str, str], *parents: str, message: str = "by hand") -> str:
        """A commit with exactly these files, and the ref on it, wherever that was."""
        listing = ""
        for path, content in files.items():
            blob = self.git("hash-object", "-w", "--stdin", stdin=content)
            listing += f"100644 {blob} 0\t{path}\n"
        index = {"GIT_INDEX_FILE": str(self.path / "foreign-index")}
        (self.path / "foreign-index").unlink(missing_ok=True)
        git("update-index", "--add", "--index-info", cwd=self.path, stdin=listing, env=index)
        tree = git("write-tree", cwd=self.path, env=index)
        commit = self.git("commit-tree", tree, *(word for one in parents for word in ("-p", one)), "-m", message)
        self.git("update-ref", ref, commit)
        return commit

    def delete(self, *refs: str) -> None:
        for ref in refs:
            self.git("update-ref", "-d", ref)

    def publish(self, name: str, *numbers: int) -> None:
        """Revisions of a package on the branch, each with its tag."""
        for number in numbers:
            commit = self.commit(MAIN, package(name, f"revision {number}"), *self._parents())
            self.git("update-ref", f"{TAGS}{name}/v{number}", commit)

    def draft(self, name: str, workspace: str, text: str = "") -> str:
        return self.commit(f"{HEADS}drafts/{name}/{workspace}", package(name, text), *self._parents())

    def _parents(self) -> list[str]:
        found = self.git("for-each-ref", "--format=%(objectname)", MAIN)
        return [found] if found else []


def condition(api: Api, name: str, kind: str) -> Json:
    """A condition of a Repository; {} when it is not there."""
    conditions = api.do("GET", f"{REPOSITORIES}/{name}")["status"].get("conditions", [])
    return next((item for item in conditions if item["type"] == kind), {})


def after_sync(api: Api, name: str, kind: str = "Ready") -> Json:
    """A condition after one more look at the Repository."""
    synchronise(api, name)
    return condition(api, name, kind)


WORDS = b"open sesame"
ANNOTATION = "porch.kpt.dev/webhook-secret"


def take_deliveries(api: Api, name: str, words: bytes = WORDS) -> None:
    """Has a Repository take webhooks that are signed with `words`."""
    data = {"token": base64.b64encode(words).decode()}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": f"{name}-hook"}, "data": data}
    api.do("POST", SECRETS, secret)
    change = {"metadata": {"annotations": {ANNOTATION: f"{name}-hook"}}}
    assert api.patch(f"{REPOSITORIES}/{name}", change).code == 200


def deliver(api: Api, name: str, words: bytes = WORDS, event: str = "push") -> Answer:
    """What GitHub sends after a push."""
    body = b'{"ref":"refs/heads/main"}'
    signature = hmac.new(words, body, hashlib.sha256).hexdigest()
    headers = {"X-GitHub-Event": event, "X-Hub-Signature-256": f"sha256={signature}"}
    return api.send("POST", f"/webhooks/default/{name}", body, headers=headers)


class Team:
    """A server that has read a remote with two published revisions of `web`, and a draft."""

    def __init__(self, porch: Porch, remote: GitHttp) -> None:
        self.porch, self.remote = porch, remote
        url = remote.create("team")
        self.foreign = Foreign(remote.path("team"))
        self.foreign.publish("web", 1, 2)
        self.foreign.draft("web", "next", "a draft")
        self.api = porch.launch()
        register(self.api, "team", url)
