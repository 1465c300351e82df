"""A git server on loopback over one bare repository, and git users with tokens."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvicorn

from porch.apiserver.authn import AuthenticatorChain, Tokens
from porch.apiserver.interface import Attributes
from porch.errors import Forbidden, ServiceUnavailable
from porch.gitserver import GitServer, Hosted, Limits
from porch.objects import Caller

READER, AUTHOR, APPROVER = "reader", "author", "approver"
_MAY = {
    READER: {("get", "packagerevisionresources")},
    AUTHOR: {("get", "packagerevisionresources"), ("update", "packagerevisions")},
    APPROVER: {
        ("get", "packagerevisionresources"),
        ("update", "packagerevisions"),
        ("update", "packagerevisions/approval"),
    },
}
_WAIT_SECONDS = 20.0


def authenticator(directory: Path) -> AuthenticatorChain:
    """The server's own. The user's name is the token."""
    file = directory / "tokens.csv"
    file.write_text("".join(f"{name},{name},{name}\n" for name in (*_MAY, "stranger")))
    return AuthenticatorChain(Tokens([file]))


class Roles:
    def authorize(self, caller: Caller, attributes: Attributes) -> None:
        resource = "/".join(filter(None, (attributes.resource, attributes.subresource)))
        if attributes.namespace != "default" or (attributes.verb, resource) not in _MAY.get(caller.name, set()):
            raise Forbidden.of(attributes.group, resource, "", f'User "{caller.name}" cannot {attributes.verb} it')


@dataclass
class OneRepository:
    """default/blueprints. Counts how often it was told of a push; `broken` makes that fail."""

    path: Path
    lock: threading.Lock = field(default_factory=threading.Lock)
    told: int = 0
    broken: bool = False

    def locate(self, namespace: str, name: str) -> Hosted | None:
        return Hosted(self.path) if (namespace, name) == ("default", "blueprints") else None

    @contextmanager
    def locked(self, namespace: str, name: str) -> Iterator[None]:
        with self.lock:
            yield

    def pushed(self, namespace: str, name: str) -> None:
        assert not self.lock.locked()
        self.told += 1
        if self.broken:
            raise ServiceUnavailable


@dataclass(frozen=True)
class Served:
    repositories: OneRepository
    port: int
    spool: Path

    def url(self, user: str, name: str = "blueprints", namespace: str = "default") -> str:
        credentials = f"x:{user}@" if user else ""
        return f"http://{credentials}127.0.0.1:{self.port}/git/{namespace}/{name}.git"

    def refs(self) -> dict[str, str]:
        lines = git("for-each-ref", "--format=%(refname) %(objectname)", cwd=self.repositories.path).stdout.split("\n")
        return dict(line.split() for line in lines if line)


def git(*arguments: str, cwd: Path, ok: bool = True) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        ["git", *arguments], cwd=cwd, env=environment(), capture_output=True, text=True, check=False, timeout=60
    )
    assert not ok or done.returncode == 0, done.stderr
    return done


def environment() -> dict[str, str]:
    identity = {
        f"GIT_{role}_{part}": "me@example.com" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")
    }
    isolated = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "GIT_TERMINAL_PROMPT": "0"}
    return {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LC_ALL": "C.UTF-8"} | identity | isolated


def wait_until(condition: object) -> None:
    assert callable(condition)
    deadline = time.monotonic() + _WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"
        time.sleep(0.005)


def bare_repository(path: Path) -> Path:
    git("init", "--quiet", "--bare", "--initial-branch=main", str(path), cwd=path.parent)
    tree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
    git("hash-object", "-t", "tree", "-w", os.devnull, cwd=path)
    commit = git("commit-tree", "-m", "first", tree, cwd=path).stdout.strip()
    git("update-ref", "refs/heads/main", commit, cwd=path)
    return path


@contextmanager
def serving(root: Path, limits: Limits | None = None) -> Iterator[Served]:
    spool = root / "spool"
    spool.mkdir()
    repositories = OneRepository(bare_repository(root / "hosted.git"))
    app = GitServer(repositories, authenticator(root), Roles(), spool, limits)
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="critical", lifespan="off", loop="uvloop", timeout_graceful_shutdown=5)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    try:
        wait_until(lambda: server.started)
        yield Served(repositories, listener.getsockname()[1], spool)
    finally:
        server.should_exit = True
        thread.join(_WAIT_SECONDS)
        app.close()
        listener.close()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path) as server:
        yield server


@pytest.fixture
def clone(served: Served, tmp_path: Path) -> Path:
    """A working copy by somebody who may approve."""
    git("clone", "--quiet", served.url(APPROVER), str(tmp_path / "work"), cwd=tmp_path)
    return tmp_path / "work"


def commit(work: Path, text: str = "hello", path: str = "pkg/Kptfile") -> str:
    """Commits one more file on top of what is checked out."""
    file = work / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    git("add", ".", cwd=work)
    git("commit", "--quiet", "-m", "change", cwd=work)
    return git("rev-parse", "HEAD", cwd=work).stdout.strip()
