"""A real `porch up` in a process of its own, and a client as thin as a client can be."""

from __future__ import annotations

import base64
import http.client
import itertools
import json
import os
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

API = "/apis/porch.kpt.dev/v1alpha1/namespaces/default"
CONFIG = "/apis/config.porch.kpt.dev/v1alpha1/namespaces/default"
numbers = itertools.count()
"""For names that no other case of the run uses."""


class Server:
    """Runs until the `with` block ends. `ready_after` is in seconds from the start of the process."""

    def __init__(self, directory: Path, *options: str, environment: Mapping[str, str] | None = None) -> None:
        self.directory = directory
        self._options = options
        self._environment = environment or {}

    def __enter__(self) -> Self:
        started = time.perf_counter()
        log = self.directory.parent / f"{self.directory.name}.log"
        command = [sys.executable, "-m", "porch", "up", "--port", "0", "--data-dir", str(self.directory)]
        self.process = subprocess.Popen(
            [*command, "--log-file", str(log), *self._options],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | dict(self._environment),
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        self.ready_after = time.perf_counter() - started
        if not line:
            raise RuntimeError(f"the server did not start: {log.read_text() if log.exists() else ''}")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.process.terminate()
        self.process.wait(30)

    def client(self) -> Client:
        return Client(self.directory / "kubeconfig")

    def cpu(self) -> float:
        """Processor seconds of the server so far, without its children."""
        return _processor(self.process.pid)

    def cpu_of_workers(self) -> float:
        """Processor seconds of its children that live."""
        return sum(_processor(pid) for pid in self._children())

    def largest_worker(self) -> float:
        """Resident megabytes of that child which has the most."""
        return max((_resident(pid) for pid in self._children()), default=0.0)

    def _children(self) -> list[int]:
        return [pid for pid in _processes() if _parent(pid) == self.process.pid]

    def memory(self) -> float:
        """Resident megabytes of the server and its children."""
        return _resident(self.process.pid) + sum(map(_resident, self._children()))


def _processes() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()]


def _facts(pid: int) -> list[str]:
    """Of /proc/PID/stat, those behind the name; zeros of a process that has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return ["0"] * 40


def _parent(pid: int) -> int:
    return int(_facts(pid)[1])


def _processor(pid: int) -> float:
    words = _facts(pid)
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def _resident(pid: int) -> float:
    """Megabytes."""
    return int(_facts(pid)[21]) * os.sysconf("SC_PAGE_SIZE") / (1024 * 1024)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a server is, and how to speak to it as its administrator."""

    host: str
    port: int
    tls: ssl.SSLContext


def endpoint(kubeconfig: Path) -> Endpoint:
    config = json.loads(kubeconfig.read_text())
    cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
    tls = ssl.create_default_context(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
    with tempfile.NamedTemporaryFile() as pair:
        pair.write(base64.b64decode(user["client-certificate-data"]) + base64.b64decode(user["client-key-data"]))
        pair.flush()
        tls.load_cert_chain(pair.name)
    address = urlsplit(cluster["server"])
    assert address.hostname is not None
    assert address.port is not None
    return Endpoint(address.hostname, address.port, tls)


class Client:
    """One kept TLS connection; requests are sent one after the other."""

    def __init__(self, kubeconfig: Path) -> None:
        where = endpoint(kubeconfig)
        self._connection = http.client.HTTPSConnection(where.host, where.port, context=where.tls, timeout=120)

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """The decoded answer. Raises on any status above 299."""
        status, data = self.raw(method, path, json.dumps(body).encode() if body is not None else None)
        if status > 299:
            raise RuntimeError(f"{method} {path}: {status} {data[:500]!r}")
        return json.loads(data)

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> bytes:
        """The answer's bytes, as they came. Raises on any status above 299."""
        status, data = self.raw("GET", path, None, headers or {})
        if status > 299:
            raise RuntimeError(f"GET {path}: {status} {data[:500]!r}")
        return data

    def raw(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, bytes]:
        given = {"Content-Type": "application/json"} if body is not None else {}
        self._connection.request(method, path, body, given | dict(headers or {}))
        response = self._connection.getresponse()
        return response.status, response.read()


def repository(name: str, url: str) -> dict[str, Any]:
    return {
        "apiVersion": "config.porch.kpt.dev/v1alpha1",
        "kind": "Repository",
        "metadata": {"name": name},
        "spec": {"type": "git", "git": {"repo": url, "createBranch": True}},
    }


def revision(repository_name: str, package: str, workspace: str = "v1") -> dict[str, Any]:
    return {
        "apiVersion": "porch.kpt.dev/v1alpha1",
        "kind": "PackageRevision",
        "metadata": {"namespace": "default"},
        "spec": {
            "packageName": package,
            "workspaceName": workspace,
            "repository": repository_name,
            "tasks": [{"type": "init", "init": {"description": "A package of the benchmark"}}],
        },
    }


def register(client: Client, name: str, url: str) -> None:
    """Registers a Repository and waits until it is Ready."""
    client.request("POST", f"{CONFIG}/repositories", repository(name, url))
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        conditions = client.request("GET", f"{CONFIG}/repositories/{name}").get("status", {}).get("conditions", [])
        if any(item["type"] == "Ready" and item["status"] == "True" for item in conditions):
            return
        time.sleep(0.05)
    raise RuntimeError(f"the Repository {name} did not become Ready")
