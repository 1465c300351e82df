"""A branch of a hosted repository that a git user pushes to, with the administrator's certificate."""

from __future__ import annotations

import base64
import json
import random
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos.subjects import State, Subject
from tests.scenario.running import REPOSITORIES, Answer, Api, Json, Porch
from tests.support.githttp import git


@dataclass
class Branch(Subject):
    """Its state is the message of its newest commit. `porch` is the server that runs now."""

    name: str
    repository: str
    porch: Porch
    work: Path
    states: list[State | None] = field(default_factory=lambda: [None])

    def __post_init__(self) -> None:
        self.path = f"refs/heads/notes/{self.name}"
        self.work = self.work / f"work-{self.name}"
        git("init", "--quiet", "--initial-branch=main", str(self.work), cwd=self.work.parent)

    def write(self, api: Api, chance: random.Random, mark: str) -> tuple[str, State | None, Answer]:
        """One commit more, with a file of its own."""
        (self.work / "note.txt").write_text(f"{mark}\n{chance.randbytes(2000).hex()}\n")
        git("add", ".", cwd=self.work)
        git("commit", "--quiet", "--allow-empty", "-m", mark, cwd=self.work)
        url = api.do("GET", f"{REPOSITORIES}/{self.repository}")["status"]["cloneURL"]
        git("push", "--quiet", url, f"HEAD:{self.path}", cwd=self.work, env=self._user())
        self.states = [State(label=mark)]
        return f"push {self.path}", self.state, Answer(200, b"{}", {})

    def observe(self, api: Api) -> State | None:
        repository = self.porch.hosted("default", self.repository)
        if not repository.is_dir() or not git("for-each-ref", self.path, cwd=repository):
            return None
        return State(label=git("log", "-1", "--format=%s", self.path, cwd=repository))

    def _user(self) -> dict[str, str]:
        user: Json = json.loads(self.porch.kubeconfig.read_text())["users"][0]["user"]
        files = {"CERT": "client-certificate-data", "KEY": "client-key-data"}
        for ending, name in files.items():
            self._file(ending).write_bytes(base64.b64decode(user[name]))
        return {"GIT_SSL_CAINFO": str(self.porch.ca)} | {
            f"GIT_SSL_{ending}": str(self._file(ending)) for ending in files
        }

    def _file(self, ending: str) -> Path:
        return self.work.with_name(f"{self.work.name}.{ending.lower()}")
