"""A real registry (Debian's docker-registry) on a free port, and images of one layer that start a program."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_PROGRAM = "/usr/bin/docker-registry"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_INDEX = "application/vnd.oci.image.index.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
SECONDS = 20.0


class Registry:
    """Serves until the block ends; `host` is what image names begin with."""

    def __init__(self, directory: Path, *, password_file: str = "") -> None:
        """With a `password_file` (htpasswd, bcrypt) it asks who comes."""
        self._directory, self._password_file = directory, password_file
        self._authorization = ""

    def __enter__(self) -> Self:
        if not os.access(_PROGRAM, os.X_OK):
            raise FileNotFoundError(f"there is no {_PROGRAM}; `make tools` installs it")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.host = f"127.0.0.1:{free.getsockname()[1]}"
        config: dict[str, Any] = {
            "version": "0.1",
            "log": {"level": "error"},
            "storage": {"filesystem": {"rootdirectory": str(self._directory / "registry")}},
            "http": {"addr": self.host},
        }
        if self._password_file:
            config["auth"] = {"htpasswd": {"realm": "tests", "path": self._password_file}}
        path = self._directory / "registry.yml"
        path.write_text(json.dumps(config))
        environment = {"PATH": os.environ["PATH"], "OTEL_TRACES_EXPORTER": "none"}
        self._log = (self._directory / "registry.log").open("wb")
        self._process = subprocess.Popen(
            [_PROGRAM, "serve", str(path)], stdout=self._log, stderr=subprocess.STDOUT, env=environment
        )
        self._wait()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.kill()
        self._process.wait()
        self._log.close()

    def login(self, user: str, password: str) -> None:
        self._authorization = f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"

    def push(self, name: str, tag: str, command: Sequence[str], *, index: bool = False, as_cmd: bool = False) -> str:
        """The digest. With `index`, of an image for several platforms."""
        program = {"Cmd" if as_cmd else "Entrypoint": list(command)}
        config = self._blob(name, json.dumps({"os": "linux", "architecture": "amd64", "config": program}).encode())
        manifest = {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": {"mediaType": _CONFIG, **config},
            "layers": [],
        }
        if not index:
            return self._manifest(name, tag, _MANIFEST, manifest)
        ours = {"mediaType": _MANIFEST, "size": len(json.dumps(manifest))}
        ours |= {"digest": self._manifest(name, f"{tag}-amd64", _MANIFEST, manifest)}
        platform = {"platform": {"os": "linux", "architecture": "amd64"}}
        return self._manifest(
            name, tag, _INDEX, {"schemaVersion": 2, "mediaType": _INDEX, "manifests": [ours | platform]}
        )

    def _blob(self, name: str, content: bytes) -> dict[str, Any]:
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        _, headers = self._send("POST", f"/v2/{name}/blobs/uploads/")
        place = headers["Location"]
        self._send("PUT", f"{place}{'&' if '?' in place else '?'}digest={digest}", content, "application/octet-stream")
        return {"digest": digest, "size": len(content)}

    def _manifest(self, name: str, tag: str, media: str, manifest: dict[str, Any]) -> str:
        content = json.dumps(manifest).encode()
        self._send("PUT", f"/v2/{name}/manifests/{tag}", content, media)
        return f"sha256:{hashlib.sha256(content).hexdigest()}"

    def _send(self, method: str, path: str, body: bytes = b"", media: str = "") -> tuple[bytes, Any]:
        url = path if path.startswith("http") else f"http://{self.host}{path}"
        headers = {"Content-Type": media} if media else {}
        headers |= {"Authorization": self._authorization} if self._authorization else {}
        request = urllib.request.Request(url, body or None, headers, method=method)
        with urllib.request.urlopen(request, timeout=SECONDS) as reply:
            return reply.read(), reply.headers

    def _wait(self) -> None:
        until = time.monotonic() + SECONDS
        while True:
            try:
                self._send("GET", "/v2/")
                return
            except urllib.error.HTTPError:  # it asks who comes, so it is there
                return
            except OSError:
                assert time.monotonic() < until, "the registry did not start"
                time.sleep(0.02)
