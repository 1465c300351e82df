"""A real server process that can be killed and started again, and a client for it.

The client keeps one connection a thread and gives back what the server said, errors included; a server that dies while
it answers is `Lost`. Watches are read event by event, each waited for, so that no test has to sleep.
"""

from __future__ import annotations

import base64
import http.client
import json
import signal
import ssl
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.support.server import Server

SECONDS = 30.0
PACKAGES = "/apis/porch.kpt.dev/v1alpha1/namespaces/default"
REVISIONS = f"{PACKAGES}/packagerevisions"
RESOURCES = f"{PACKAGES}/packagerevisionresources"
REPOSITORIES = "/apis/config.porch.kpt.dev/v1alpha1/namespaces/default/repositories"
SECRETS = "/api/v1/namespaces/default/secrets"
Json = Any


class Lost(Exception):
    """The connection ended without an answer."""


@dataclass(frozen=True)
class Answer:
    code: int
    text: bytes
    headers: Mapping[str, str]

    @property
    def json(self) -> Json:
        return json.loads(self.text)

    @property
    def message(self) -> str:
        return str(self.json["message"])

    @property
    def reason(self) -> str:
        return str(self.json["reason"])

    @property
    def fields(self) -> list[str]:
        """The fields that the causes of an error name."""
        causes = (self.json.get("details") or {}).get("causes") or []
        return [str(cause.get("field")) for cause in causes]


class Api:
    """A client of one server."""

    def __init__(self, kubeconfig: Path) -> None:
        config = json.loads(kubeconfig.read_text())
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        self._address = urlsplit(cluster["server"])
        self._tls = ssl.create_default_context(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
        with tempfile.NamedTemporaryFile() as pair:
            pair.write(base64.b64decode(user["client-certificate-data"]) + base64.b64decode(user["client-key-data"]))
            pair.flush()
            self._tls.load_cert_chain(pair.name)
        self._local = threading.local()
        self._all: list[http.client.HTTPSConnection] = []

    @property
    def url(self) -> str:
        return str(self._address.geturl())

    def connect(self) -> http.client.HTTPSConnection:
        assert self._address.hostname is not None
        connection = http.client.HTTPSConnection(
            self._address.hostname, self._address.port, context=self._tls, timeout=SECONDS
        )
        self._all.append(connection)
        return connection

    def send(
        self,
        method: str,
        path: str,
        body: Json = None,
        kind: str = "application/json",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """`body` is bytes, or a value to be sent as JSON."""
        connection: http.client.HTTPSConnection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = self.connect()
        content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        try:
            sent = ({"Content-Type": kind} if content is not None else {}) | dict(headers or {})
            connection.request(method, path, content, sent)
            response = connection.getresponse()
            return Answer(response.status, response.read(), dict(response.getheaders()))
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            self._local.connection = None
            raise Lost from error

    def do(self, method: str, path: str, body: Json = None) -> Json:
        """As `send`, for what has to work."""
        answer = self.send(method, path, body)
        assert answer.code < 300, f"{method} {path}: {answer.code} {answer.text[:500]!r}"
        return answer.json

    def patch(self, path: str, body: Json) -> Answer:
        return self.send("PATCH", path, body, "application/merge-patch+json")

    def names(self, path: str = REVISIONS) -> list[str]:
        return [item["metadata"]["name"] for item in self.do("GET", path)["items"]]

    @contextmanager
    def watch(self, path: str = REVISIONS, since: str = "") -> Iterator[Watch]:
        """Without `since` the watch begins with what is there, each as ADDED."""
        query = f"{'&' if '?' in path else '?'}watch=1" + (f"&resourceVersion={since}" if since else "")
        with closing(self.connect()) as connection:
            connection.request("GET", path + query)
            yield Watch(connection.getresponse())

    def close(self) -> None:
        for connection in self._all:
            connection.close()


class Watch:
    def __init__(self, response: http.client.HTTPResponse) -> None:
        self._response = response
        self.code = response.status

    def next(self) -> tuple[str, Json]:
        """The next event: its type and object."""
        line = self._response.readline()
        assert line, "the watch has ended"
        event = json.loads(line)
        return event["type"], event["object"]

    def until(self, wanted: Callable[[str, Json], bool]) -> tuple[str, Json]:
        while True:
            event = self.next()
            if wanted(*event):
                return event

    def of(self, name: str) -> tuple[str, Json]:
        """The next event of one object."""
        return self.until(lambda _, obj: obj["metadata"].get("name") == name)


class Porch(Server):
    """`porch up` on one data directory, to be killed and started again. `api` is a client of the running one."""

    api: Api

    def launch(self, fault: str = "") -> Api:
        """`fault` names the point at which the server shall die (see porch.observe.faults)."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PORCH_FAULT", fault)
            self.start()
        self.api = Api(self.kubeconfig)
        return self.api

    def died(self) -> int:
        """Waits for the server to end by itself; the signal that ended it."""
        code = self.process.wait(SECONDS)
        self._let_go()
        return -code

    def end(self, number: int = signal.SIGKILL) -> None:
        """Ends the server if it runs; without warning, unless another signal is given."""
        if self._process is not None:
            self.stop(number)
            self._let_go()

    def again(self) -> Api:
        """Killed without warning, and started again."""
        self.end()
        return self.launch()

    def offline(self, *arguments: str) -> str:
        """Another command of porch on the same directory, while the server is stopped."""
        return self.porch(*arguments, "--data-dir", str(self.data)).out

    def _let_go(self) -> None:
        self.api.close()
        assert self.process.stdout is not None
        self.process.stdout.close()
        self._process = None


def repository(name: str, url: str, **git: Json) -> Json:
    return {
        "apiVersion": "config.porch.kpt.dev/v1alpha1",
        "kind": "Repository",
        "metadata": {"name": name},
        "spec": {"type": "git", "git": {"repo": url, "createBranch": True, **git}},
    }


def revision(repository_name: str, package: str, workspace: str = "v1", **meta: Json) -> Json:
    return {
        "apiVersion": "porch.kpt.dev/v1alpha1",
        "kind": "PackageRevision",
        "metadata": {"namespace": "default", **meta},
        "spec": {"packageName": package, "workspaceName": workspace, "repository": repository_name},
    }


def register(api: Api, name: str, url: str, *, ready: bool = True, **git: Json) -> str:
    """Registers a Repository and waits until it is Ready, or known not to be; returns the condition's message."""
    api.do("POST", REPOSITORIES, repository(name, url, **git))
    return wait_ready(api, name, ready=ready)


def wait_ready(api: Api, name: str, *, ready: bool = True) -> str:
    def is_so(_: str, obj: Json) -> bool:
        condition = _ready(obj)
        return bool(condition.get("status") == str(ready) and condition.get("reason") != "Reconciling")

    with api.watch(f"{REPOSITORIES}?fieldSelector=metadata.name={name}") as watch:
        return str(_ready(watch.until(is_so)[1])["message"])


def synchronise(api: Api, name: str) -> None:
    """Has a Repository synchronised now, by changing it, and waits for that. Interrupted writes are settled then."""
    before = api.do("GET", f"{REPOSITORIES}/{name}")["metadata"]["generation"]
    changed = api.patch(f"{REPOSITORIES}/{name}", {"spec": {"description": f"generation {before}"}}).json
    wanted = changed["metadata"]["generation"]
    with api.watch(f"{REPOSITORIES}?fieldSelector=metadata.name={name}") as watch:
        watch.until(lambda _, obj: _ready(obj).get("observedGeneration") == wanted)


def _ready(obj: Json) -> Json:
    conditions = obj.get("status", {}).get("conditions", [])
    return next((item for item in conditions if item["type"] == "Ready"), {})
