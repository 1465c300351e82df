"""A real git server for tests: `git http-backend` behind a threaded HTTP server on a loopback port.

    with GitHttp(tmp_path) as server:
        url = server.create("catalog")

Its attributes make it misbehave, at any time: wrong credentials, read only, a refusing hook, an answer that is cut off
after the push was carried out (and none from then on, if wanted), a fixed status, or no answer until the test allows
it. `dead_url` is a port where nobody listens.
"""

from __future__ import annotations

import base64
import os
import socket
import subprocess
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

_CONFIG = {"http.receivepack": "true", "receive.denyDeletes": "false", "receive.autogc": "false", "gc.auto": "0"}


def git(*arguments: str, cwd: Path, stdin: str = "", env: Mapping[str, str] | None = None) -> str:
    """Runs git with no configuration but the repository's own."""
    clean = {
        "PATH": os.environ["PATH"],
        "HOME": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_AUTHOR_NAME": "Somebody",
        "GIT_AUTHOR_EMAIL": "somebody@example.com",
        "GIT_COMMITTER_NAME": "Somebody",
        "GIT_COMMITTER_EMAIL": "somebody@example.com",
    }
    done = subprocess.run(
        ["git", *arguments],
        cwd=cwd,
        env=clean | dict(env or {}),
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"git {' '.join(arguments)}: {done.stderr}"
    return done.stdout.strip()


def new_repository(path: Path) -> Path:
    """An empty bare repository that takes pushes."""
    git("init", "--quiet", "--bare", "--initial-branch=main", str(path), cwd=path.parent)
    for key, value in _CONFIG.items():
        git("config", key, value, cwd=path)
    return path


def refuse_pushes(repository: Path, message: str) -> None:
    """A pre-receive hook that turns every push down."""
    hook = repository / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\necho '{message}' >&2\nexit 1\n")
    hook.chmod(0o755)


def dead_url() -> str:
    """An address where connections are refused."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{unused.getsockname()[1]}/dead.git"


@dataclass
class GitHttp:
    """`root` holds the repositories. `requests` are the method and path of each request, in order of arrival;
    `last_push` is the body of the last push.
    """

    root: Path
    basic: tuple[str, str] | None = None
    bearer: str | None = None
    read_only: bool = False
    cut_answers: bool = False
    fall_silent_after_push: bool = False
    status: int | None = None
    push_status: int | None = None
    redirect: str | None = None
    gate: threading.Event = field(default_factory=threading.Event)
    requests: list[str] = field(default_factory=list)
    last_push: bytes = b""
    connections: list[socket.socket] = field(default_factory=list)
    at_work: threading.Condition = field(default_factory=threading.Condition)
    clients: int = 0
    working: int = 0

    def __post_init__(self) -> None:
        self.gate.set()
        owner = self

        class Handler(_Handler):
            server_state = owner

        self._server = _Server(("127.0.0.1", 0), Handler)
        self._server.state = self
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), name="githttp")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.gate.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        for connection in self.connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def came_or_went(self, clients: int, *, working: int = 0) -> None:
        with self.at_work:
            self.clients += clients
            self.working += working
            self.at_work.notify_all()

    def wait_until_idle(self) -> None:
        """Until every request that was begun has been done, also those whose clients have given up."""
        with self.at_work:
            assert self.at_work.wait_for(lambda: self.working == 0, 60), "a request is never done"

    def wait_until_left(self) -> None:
        """For clients that are gone: until all that they sent has been done. Connections are taken in their order, so
        those before one of our own are known then; each ends when nothing more comes from it.
        """
        with socket.create_connection(("127.0.0.1", self._server.server_port)) as last:
            last.sendall(b"GET / HTTP/1.0\r\n\r\n")
            while last.recv(4096):
                pass
        with self.at_work:
            assert self.at_work.wait_for(lambda: self.clients == 0, 60), "a client is still there"

    def create(self, name: str) -> str:
        """A new empty repository; its URL."""
        new_repository(self.path(name))
        return self.url(name)

    def path(self, name: str) -> Path:
        return self.root / f"{name}.git"

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/{name}.git"

    def allows(self, authorization: str) -> bool:
        if self.basic:
            pair = base64.b64encode(":".join(self.basic).encode()).decode()
            return authorization == f"Basic {pair}"
        return authorization == f"Bearer {self.bearer}" if self.bearer else True


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    state: GitHttp

    def process_request(self, request: Any, client_address: Any) -> None:
        self.state.came_or_went(1)
        super().process_request(request, client_address)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that gave up is what some tests are about."""


class _Handler(BaseHTTPRequestHandler):
    """Translates between HTTP and CGI."""

    server_state: GitHttp
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.server_state.connections.append(self.connection)

    def handle(self) -> None:
        try:
            super().handle()
        finally:
            self.server_state.came_or_went(-1)

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that the base class gives
        """Says nothing."""

    def _serve(self) -> None:
        self.server_state.came_or_went(0, working=1)
        try:
            self._respond(self.server_state)
        finally:
            self.server_state.came_or_went(0, working=-1)

    def _respond(self, state: GitHttp) -> None:
        body = self._body()
        state.requests.append(f"{self.command} {self.path}")
        if self.command == "POST" and self.path.endswith("/git-receive-pack"):
            state.last_push = body
        state.gate.wait(30)
        if not state.allows(self.headers.get("Authorization", "")):
            self._answer(401, b"who are you?", {"WWW-Authenticate": 'Basic realm="git"'})
        elif state.read_only and "git-receive-pack" in self.path:
            self._answer(403, b"read only", {})
        elif state.redirect:
            self._answer(302, b"", {"Location": state.redirect})
        elif state.status and self.command == "POST":
            self._answer(state.status, b"as the test wants", {})
        elif state.push_status and self.command == "POST" and self.path.endswith("/git-receive-pack"):
            self._answer(state.push_status, b"as the test wants", {})
        else:
            self._run(body)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        chunks = []
        while size := int(self.rfile.readline(), 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _run(self, body: bytes) -> None:
        done = subprocess.run(
            ["git", "http-backend"], env=self._environment(len(body)), input=body, capture_output=True, check=False
        )
        if self.server_state.cut_answers and self.path.endswith("/git-receive-pack"):
            self.close_connection = True
            if self.server_state.fall_silent_after_push:
                self.server_state.gate.clear()
            return
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        lines = (line.partition(": ")[::2] for line in head.decode().splitlines())
        headers: dict[str, str] = dict(lines)
        status = int(headers.pop("Status", "200").split()[0])
        self._answer(status, content, headers)

    def _environment(self, length: int) -> dict[str, str]:
        parts = urlsplit(self.path)
        return {
            "PATH": os.environ["PATH"],
            "HOME": os.devnull,
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_PROJECT_ROOT": str(self.server_state.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": parts.path,
            "QUERY_STRING": parts.query,
            "REQUEST_METHOD": self.command,
            "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(length),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }

    def _answer(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
