"""How the bytes of a push reach a remote: over HTTP on a kept connection, or through a process for a file path.

Both carry the same requests. A wire only says what became of the bytes: an answer, `ServiceUnavailable` when the other
side cannot have acted on them, `Unclear` when it may have.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Protocol
from urllib.parse import SplitResult

from porch.errors import BadRequest, ServiceUnavailable
from porch.repository.git.address import file_path
from porch.repository.git.executable import GitFailed, GitTimeout, environment, run_git
from porch.repository.interface import Credentials


class Unclear(Exception):
    """The request may or may not have been carried out. Never leaves this room."""


class Wire(Protocol):
    def advertisement(self) -> bytes:
        """What `git receive-pack` says first. Raises ServiceUnavailable, BadRequest."""
        ...

    def listing(self) -> bytes:
        """What `git upload-pack` says first; empty when the remote answers, but otherwise. Raises Unclear when there is
        no answer.
        """
        ...

    def push(self, request: bytes) -> bytes:
        """Raises ServiceUnavailable when nothing can have happened, else Unclear."""
        ...

    def status(self) -> int:
        """What reading from the remote is answered, as an HTTP status; 0 when there is no answer."""
        ...

    def close(self) -> None: ...


class FileWire:
    """Runs `git receive-pack` on the path."""

    def __init__(self, url: SplitResult, deadline: float) -> None:
        self._path = file_path(url)
        self._deadline = deadline

    def advertisement(self) -> bytes:
        try:
            return self._run("--http-backend-info-refs")
        except GitFailed as error:
            raise ServiceUnavailable(f"failed to push to remote: {error}") from error

    def push(self, request: bytes) -> bytes:
        try:
            return self._run(stdin=request)
        except GitFailed as error:
            raise Unclear(str(error)) from error

    def listing(self) -> bytes:
        arguments = ["upload-pack", "--stateless-rpc", "--http-backend-info-refs", self._path]
        try:
            return run_git(arguments, env=environment(), deadline=self._deadline)
        except GitTimeout as error:
            raise Unclear(str(error)) from error
        except GitFailed:
            return b""

    def status(self) -> int:
        return 0 if Path(self._path).exists() else 404

    def close(self) -> None:
        """Nothing is open."""

    def _run(self, *options: str, stdin: bytes = b"") -> bytes:
        arguments = ["receive-pack", "--stateless-rpc", *options, self._path]
        return run_git(arguments, stdin=stdin, env=environment(), deadline=self._deadline)


def authorization(credentials: Credentials) -> str:
    if credentials.bearer_token:
        return f"Bearer {_header_safe(credentials.bearer_token)}"
    pair = f"{credentials.username}:{credentials.password}".encode()
    return f"Basic {base64.b64encode(pair).decode('ascii')}"


def _header_safe(token: str) -> str:
    if not token.isascii() or not token.isprintable():
        raise BadRequest("the bearerToken of the secret contains characters that a token cannot have")
    return token
