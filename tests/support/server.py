"""A real `porch up` in a process of its own, with everything that a test needs to be its client.

The server is ready when it has printed its line, so nothing sleeps. Its kubectl has home, cache and configuration in
the server's directory; its users are lines in the token file. Waiting for what happens later means following a stream
(a watch, standard output), with a deadline.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import selectors
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self
from urllib.parse import urlsplit

from tests.support.kubectl import find

SECONDS = 20.0
CORE = "/api/v1"
CONFIG = "/apis/config.porch.kpt.dev/v1alpha1"
PORCH = "/apis/porch.kpt.dev/v1alpha1"


class Lines:
    """The lines of a process's pipe, each waited for."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._buffer = b""
        self.seen: list[str] = []

    def next(self, seconds: float = SECONDS) -> str:
        """The next line without its end. Raises EOFError at the end, TimeoutError when none comes."""
        deadline = time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            selector.register(self._stream, selectors.EVENT_READ)
            while b"\n" not in self._buffer:
                if not selector.select(max(deadline - time.monotonic(), 0)):
                    raise TimeoutError(f"no line within {seconds:g} s; before: {self.seen}")
                chunk = os.read(self._stream.fileno(), 65536)
                if not chunk:
                    raise EOFError(f"the stream has ended; before: {self.seen}")
                self._buffer += chunk
        line, _, self._buffer = self._buffer.partition(b"\n")
        self.seen.append(line.decode())
        return self.seen[-1]

    def until(self, text: str, seconds: float = SECONDS) -> str:
        """The next line that has `text` in it."""
        while text not in (line := self.next(seconds)):
            pass
        return line


@dataclass(frozen=True)
class Done:
    """What a command has printed."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


class Server:
    """`with Server(directory) as server:` runs it until the block ends; `start` and `stop` do so in steps."""

    def __init__(self, data: Path, *options: str) -> None:
        self.data = data
        self.home = data.parent / f"{data.name}-home"
        self.log = data.parent / f"{data.name}.log"
        self.ready = ""
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        self._users = threading.Lock()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._process is not None and self.process.poll() is None:
            self.stop()
        self._close()

    # The process

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None
        return self._process

    def start(self) -> None:
        """Returns when the server has printed that it is ready."""
        self.home.mkdir(exist_ok=True)
        self._close()
        self._process = subprocess.Popen(
            [*porch("up", "--port", "0", "--data-dir", str(self.data), "--log-file", str(self.log)), *self._options],
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        try:
            self.ready = Lines(self._process.stdout).next(60)
        except EOFError:
            log = self.log.read_text() if self.log.exists() else ""
            raise RuntimeError(f"the server did not start: {log}") from None

    def _close(self) -> None:
        if self._process is not None and self._process.stdout is not None:
            self._process.stdout.close()

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Sends the signal and waits; returns the exit code."""
        self.process.send_signal(number)
        return self.process.wait(60)

    @property
    def kubeconfig(self) -> Path:
        return self.data / "kubeconfig"

    @property
    def url(self) -> str:
        return str(json.loads(self.kubeconfig.read_text())["clusters"][0]["cluster"]["server"])

    @property
    def ca(self) -> Path:
        return self.data / "pki" / "ca.crt"

    def hosted(self, namespace: str, name: str) -> Path:
        """The bare git repository behind a hosted Repository."""
        return self.data / "git" / "hosted" / namespace / f"{name}.git"

    # Its clients

    def environment(self) -> dict[str, str]:
        home = str(self.home)
        return os.environ | {"KUBECONFIG": str(self.kubeconfig), "KUBECACHEDIR": f"{home}/cache", "HOME": home}

    def kubectl(
        self,
        *arguments: str,
        stdin: str | None = None,
        code: int | None = 0,
        environment: Mapping[str, str] | None = None,
    ) -> Done:
        """Runs kubectl as the administrator; its exit code must be `code`, any with None."""
        done = run([str(find()), *arguments], stdin=stdin, environment=self.environment() | dict(environment or {}))
        assert code is None or done.code == code, done
        return done

    def porch(self, *arguments: str, stdin: str | None = None, code: int | None = 0) -> Done:
        """Runs a porch command as the administrator."""
        done = run(porch(*arguments), stdin=stdin, environment=self.environment())
        assert code is None or done.code == code, done
        return done

    @contextmanager
    def following(self, *arguments: str) -> Iterator[Lines]:
        """A kubectl that goes on (`get -w`): its lines as they come."""
        command = [str(find()), *arguments]
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=self.environment()) as process:
            assert process.stdout is not None
            try:
                yield Lines(process.stdout)
            finally:
                process.terminate()

    def user(self, name: str, *groups: str) -> str:
        """A user with a token of its own, known to the server from its next request on. Returns the token."""
        token = f"token-of-{name}"
        with self._users, (self.data / "tokens.csv").open("a") as file:
            file.write(f'{token},{name},{name},"{",".join(groups)}"\n')
        return token

    def as_user(self, token: str) -> list[str]:
        """Arguments with which kubectl is somebody else. A kubeconfig with a certificate would win over a token."""
        path = self.home / f"{sha256(token.encode()).hexdigest()[:16]}.kubeconfig"
        config = json.loads(self.kubeconfig.read_text())
        config["users"][0]["user"] = {"token": token}
        path.write_text(json.dumps(config))
        return [f"--kubeconfig={path}"]

    def client(self, token: str | None = None, *, anonymous: bool = False) -> Client:
        """HTTPS without kubectl: as the administrator, as the owner of `token`, or as nobody."""
        return Client(self.kubeconfig, self.home, token, anonymous=anonymous)

    def git_environment(self, token: str = "") -> dict[str, str]:
        """For git against hosted repositories; the token is the password that git asks for."""
        helper = self.home / "askpass"
        if not helper.exists():
            helper.write_text('#!/bin/sh\ncase "$1" in User*) echo any ;; *) echo "$PORCH_GIT_TOKEN" ;; esac\n')
            helper.chmod(0o700)
        names = {
            f"GIT_{who}_{what}": f"{who.lower()}@example.com"
            for who in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")
        }
        asking = {"GIT_ASKPASS": str(helper), "PORCH_GIT_TOKEN": token}
        return os.environ | names | asking | {"GIT_SSL_CAINFO": str(self.ca), "HOME": str(self.home)}


def porch(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "porch", *arguments]


def run(
    command: Sequence[str],
    *,
    stdin: str | None = None,
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Done:
    done = subprocess.run(
        command, input=stdin or "", capture_output=True, text=True, env=environment, cwd=cwd, timeout=120, check=False
    )
    return Done(done.returncode, done.stdout, done.stderr)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Client:
    """One kept HTTPS connection."""

    def __init__(self, kubeconfig: Path, scratch: Path, token: str | None, *, anonymous: bool) -> None:
        config = json.loads(kubeconfig.read_text())
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        tls = ssl.create_default_context(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        if not token and not anonymous:
            pair = scratch / f"admin-{os.getpid()}.pem"
            parts = (user["client-certificate-data"], user["client-key-data"])
            pair.write_bytes(b"".join(map(base64.b64decode, parts)))
            tls.load_cert_chain(pair)
        address = urlsplit(cluster["server"])
        assert address.hostname is not None
        self._connection = http.client.HTTPSConnection(address.hostname, address.port, context=tls, timeout=SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        content_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """`body` is sent as it is when it is bytes, else as JSON."""
        with self.open(method, path, body, content_type=content_type, headers=headers) as response:
            return Answer(
                response.status, {key.lower(): value for key, value in response.getheaders()}, response.read()
            )

    def open(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        content_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
    ) -> http.client.HTTPResponse:
        """The response with its body unread, for watches."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        sent = {**self._headers, **({"Content-Type": content_type} if data is not None else {}), **(headers or {})}
        self._connection.request(method, path, data, sent)
        return self._connection.getresponse()

    @contextmanager
    def half(self, method: str, path: str, body: bytes) -> Iterator[Callable[[], Answer]]:
        """A request in flight: the server has asked for the body, and got all but its last byte, which the yielded
        function sends.
        """
        self._connection.putrequest(method, path)
        for key, value in {
            **self._headers,
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            "Expect": "100-continue",
        }.items():
            self._connection.putheader(key, value)
        self._connection.endheaders(body[:-1])
        goes_on = b"HTTP/1.1 100 Continue\r\n\r\n"
        assert self._connection.sock.recv(len(goes_on)) == goes_on

        def finish() -> Answer:
            self._connection.send(body[-1:])
            return self.answer()

        yield finish

    def answer(self) -> Answer:
        """The answer to what was sent by `half`, which may come before its last byte."""
        with self._connection.getresponse() as response:
            return Answer(
                response.status, {key.lower(): value for key, value in response.getheaders()}, response.read()
            )
