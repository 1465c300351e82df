"""One server that several lanes use at once, and that any of them may kill."""

from __future__ import annotations

import http.client
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.scenario.running import REPOSITORIES, Answer, Json, Lost, Porch
from tests.support.githttp import git

_MERGE = "application/merge-patch+json"
_END_SECONDS = 20.0


class World:
    """`truths` are the git repositories by the names of their Repositories."""

    def __init__(self, porch: Porch, truths: dict[str, Path]) -> None:
        self.porch, self.truths = porch, truths
        self._lives = 0
        self.on_loss: list[Callable[[], None]] = []
        self._token = porch.user("somebody", "system:masters")
        self._up = threading.Event()
        self._up.set()
        self._change = threading.Condition()
        self._asking = 0
        self._killing, self._synchronising = threading.Lock(), threading.Lock()

    @property
    def lives(self) -> int:
        """How often the server was killed and has started again; waits for that."""
        self._up.wait()
        return self._lives

    def send(self, method: str, path: str, body: Json = None, kind: str = "application/json") -> Answer | None:
        """None when the server died meanwhile: nobody knows what came of it."""
        with self._asked():
            try:
                return self.porch.api.send(method, path, body, kind)
            except Lost:
                return None

    def patch(self, path: str, body: Json) -> Answer | None:
        return self.send("PATCH", path, body, _MERGE)

    def get(self, path: str) -> Answer:
        """Asks until somebody answers."""
        while (answer := self.send("GET", path)) is None:
            pass
        return answer

    @contextmanager
    def _asked(self) -> Iterator[None]:
        self._up.wait()
        with self._change:
            self._asking += 1
        try:
            yield
        finally:
            with self._change:
                self._asking -= 1
                self._change.notify_all()

    def push(self, name: str, ref: str, old: str, new: str) -> None:
        """Somebody moves a ref, whose commit is there already. Raises AssertionError when git says no."""
        if name != "here":
            git("update-ref", ref, new, old, cwd=self.truths[name])
            return
        self._up.wait()
        url = f"{self.porch.url}/git/default/{name}.git"
        wanted = ["--quiet", f"--force-with-lease={ref}:{old}", url, f"{new}:{ref}"]
        git("push", *wanted, cwd=self.truths[name], env=self.porch.git_environment(self._token))

    def kill(self, *, forget: bool) -> None:
        """Without warning; and starts it again. With `forget` it has lost what it knew of renders. What the server had
        started ends with it.
        """
        with self._killing:
            self._up.clear()
            started = _descendants(self.porch.process.pid)
            self.porch.process.kill()
            self.porch.process.wait(_END_SECONDS)
            with self._change:
                assert self._change.wait_for(lambda: self._asking == 0, _END_SECONDS), "requests without an end"
            _gone(started)
            if forget:
                self.forget()
                for tell in self.on_loss:
                    tell()
            self.porch.again()
            self._lives += 1
            self._up.set()

    def forget(self) -> None:
        """Somebody empties the table. A running server still remembers the last ones."""
        with sqlite3.connect(self.porch.data / "porch.db", timeout=20) as db:
            db.execute("DELETE FROM verdicts")

    def synchronise(self, name: str) -> None:
        """Until it was done by a server that lived on."""
        while not self._synchronised(name):
            pass

    def _synchronised(self, name: str) -> bool:
        path = f"{REPOSITORIES}/{name}"
        with self._synchronising:
            life = self.lives
            before = self.get(path).json["metadata"]["generation"]
            answer = self.patch(path, {"spec": {"description": f"generation {before}"}})
            if answer is None or answer.code != 200:
                return False
            wanted = answer.json["metadata"]["generation"]
            with self._asked():
                try:
                    with self.porch.api.watch(f"{REPOSITORIES}?fieldSelector=metadata.name={name}") as watch:
                        watch.until(lambda _, obj: _read(obj) >= wanted)
                except (AssertionError, OSError, ValueError, http.client.HTTPException):
                    return False
            return life == self.lives


def _read(obj: Json) -> int:
    """The generation of the Repository with which it was read last."""
    conditions = obj.get("status", {}).get("conditions", [])
    return max((item.get("observedGeneration", 0) for item in conditions if item["type"] == "Ready"), default=0)


def _descendants(pid: int) -> set[tuple[int, str]]:
    """Processes by id and start time."""
    parents: dict[int, list[int]] = {}
    born: dict[int, str] = {}
    for directory in Path("/proc").iterdir():
        if directory.name.isdigit() and (fields := _stat(int(directory.name))):
            parents.setdefault(int(fields[1]), []).append(int(directory.name))
            born[int(directory.name)] = fields[19]
    found, left = set(), [pid]
    while left:
        children = parents.get(left.pop(), [])
        found |= {(child, born[child]) for child in children}
        left += children
    return found


def _stat(pid: int) -> list[str]:
    """From the state on; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _gone(started: set[tuple[int, str]]) -> None:
    end, pause = time.monotonic() + _END_SECONDS, threading.Event()
    left = started
    while left := {(pid, since) for pid, since in left if (now := _stat(pid)) and now[19] == since and now[0] != "Z"}:
        assert time.monotonic() < end, f"processes outlive the server: {left}"
        pause.wait(0.02)
