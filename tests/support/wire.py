"""A client that drives the ASGI application in process, and small doubles of what it is given.

The application, its resources and its store are real. Everything runs on one event loop that this client owns, so tests
read top to bottom; a watch goes on while later calls run.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

from porch.apiserver.app import App, Limits
from porch.apiserver.health import Health, Version
from porch.apiserver.interface import Attributes, ClientCertificate, Documents, Resource
from porch.engine import WatcherManager
from porch.errors import Forbidden, Unauthorized
from porch.keys import GroupResource
from porch.objects import Call, Caller, ListOptions
from porch.objects.stored import StoredObjects
from porch.store import Store, StoredVersion
from porch.strategy.interface import Strategy

SECONDS = 10.0


class BearerNames:
    """The bearer token is the user's name."""

    def authenticate(self, headers: Sequence[tuple[bytes, bytes]], certificate: ClientCertificate | None) -> Caller:
        for name, value in headers:
            if name == b"authorization":
                return Caller(value.decode().removeprefix("Bearer "))
        if certificate:
            return Caller(certificate.common_name, certificate.organizations)
        raise Unauthorized


@dataclass
class Allowing:
    """Allows everything but what `denied` says; remembers what it was asked."""

    denied: Callable[[Attributes], bool] = lambda _attributes: False
    asked: list[Attributes] = field(default_factory=list)

    def authorize(self, caller: Caller, attributes: Attributes) -> None:
        self.asked.append(attributes)
        if self.denied(attributes):
            resource = GroupResource(attributes.group, attributes.resource)
            why = f'User "{caller.name}" cannot {attributes.verb} resource'
            raise Forbidden.of(resource.group, resource.resource, attributes.name, why)


class DashedNames(StoredObjects):
    """Objects that can also be called by their name with dashes instead of dots."""

    def resolve(self, namespace: str, name: str) -> str:
        call = Call(Caller("tests"))
        for item in self.list(call, ListOptions(namespace)).page.items:
            if name in {item.key.name, item.key.name.replace(".", "-")}:
                return item.key.name
        return name

    def create(self, call: Call, namespace: str, obj: Any) -> StoredVersion:
        given = obj.metadata.name
        obj.metadata.name = obj.metadata.annotations.get("dotted", given)
        item = super().create(call, namespace, obj)
        return replace(item, alias=item.key.name.replace(".", "-"))


@dataclass(frozen=True)
class Reply:
    code: int
    headers: Mapping[str, str]
    header_list: Sequence[tuple[str, str]]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def message(self) -> str:
        return str(self.json["message"])

    @property
    def warnings(self) -> list[str]:
        return [value for name, value in self.header_list if name == "warning"]


class Wire:
    """One application and its client. A context manager: leaving it ends its watches and its loop."""

    def __init__(
        self, resources: Sequence[Resource], store: Store, limits: Limits | None = None, more: Sequence[Documents] = ()
    ) -> None:
        self.authorizer = Allowing()
        self.stopping = asyncio.Event()
        self.runner = asyncio.Runner()
        self.app = App(
            resources,
            WatcherManager(store),
            authenticator=BearerNames(),
            authorizer=self.authorizer,
            documents=[Health({}, {}), Version(), *more],
            stopping=self.stopping,
            limits=limits,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stopping.set()
        self.app.close()
        self.runner.close()

    def send(self, method: str, path: str, body: Any = None, *, user: str = "alice", **headers: str) -> Reply:
        """`body` is bytes, or a value to be sent as JSON. Header names use underscores."""
        return self.runner.run(self._send(method, path, body, user, headers))

    async def _send(self, method: str, path: str, body: Any, user: str, headers: Mapping[str, str]) -> Reply:
        exchange = Exchange(method, path, body, user, headers)
        await asyncio.wait_for(self.app(exchange.scope, exchange.receive, exchange.send), SECONDS)
        return exchange.reply()

    def get(self, path: str, **headers: str) -> Reply:
        return self.send("GET", path, **headers)

    def post(self, path: str, body: Any, **headers: str) -> Reply:
        return self.send("POST", path, body, **headers)

    def put(self, path: str, body: Any, **headers: str) -> Reply:
        return self.send("PUT", path, body, **headers)

    def delete(self, path: str, body: Any = None, **headers: str) -> Reply:
        return self.send("DELETE", path, body, **headers)

    def patch(self, path: str, body: Any, kind: str = "merge-patch", **headers: str) -> Reply:
        return self.send("PATCH", path, body, content_type=f"application/{kind}+json", **headers)

    def watch(self, path: str, **headers: str) -> OpenWatch:
        """Begins a watch and waits for its headers."""
        exchange = Exchange("GET", path, None, "alice", headers)
        exchange.stays = True
        return OpenWatch(self.runner, self.app, exchange)


class Exchange:
    """One request and its response as ASGI messages."""

    def __init__(self, method: str, path: str, body: Any, user: str, headers: Mapping[str, str]) -> None:
        target, _, query = path.partition("?")
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if user:
            sent["authorization"] = f"Bearer {user}"
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        self.scope: dict[str, Any] = {
            "type": "http",
            "method": method,
            "path": target,
            "raw_path": quote(target, safe="/%").encode(),
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in sent.items()],
        }
        self.stays = False
        self.gone = asyncio.Event()
        self.started = asyncio.Event()
        self.chunks: asyncio.Queue[bytes] = asyncio.Queue()
        self._body: bytes | None = body or b""
        self._head: MutableMapping[str, Any] = {}

    async def receive(self) -> MutableMapping[str, Any]:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        if self.stays:
            await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self._head = message
            self.started.set()
        else:
            self.chunks.put_nowait(message.get("body", b""))

    def reply(self) -> Reply:
        pairs = [(name.decode(), value.decode()) for name, value in self._head["headers"]]
        body = b"".join(self.chunks.get_nowait() for _ in range(self.chunks.qsize()))
        return Reply(self._head["status"], dict(pairs), pairs, body)


class OpenWatch:
    """A watch that is going on."""

    def __init__(self, runner: asyncio.Runner, app: App, exchange: Exchange) -> None:
        self._runner = runner
        self._exchange = exchange
        self._lines: list[bytes] = []
        self._task = runner.run(self._start(app))

    async def _start(self, app: App) -> asyncio.Task[None]:
        exchange = self._exchange
        task = asyncio.create_task(app(exchange.scope, exchange.receive, exchange.send))
        started = asyncio.create_task(exchange.started.wait())
        await asyncio.wait({task, started}, return_when=asyncio.FIRST_COMPLETED, timeout=SECONDS)
        started.cancel()
        return task

    def next(self) -> Any:
        """The next event; None when the stream has ended."""
        while not self._lines:
            chunk = self._runner.run(asyncio.wait_for(self._exchange.chunks.get(), SECONDS))
            if not chunk:
                return None
            self._lines = chunk.splitlines()
        return json.loads(self._lines.pop(0))

    def leave(self) -> None:
        """The client goes away; returns when the server has noticed."""
        self._exchange.gone.set()
        self.wait()

    def wait(self) -> None:
        self._runner.run(asyncio.wait_for(asyncio.shield(self._task), SECONDS))

    def reply(self) -> Reply:
        """For a watch that was refused."""
        self.wait()
        return self._exchange.reply()


def resource_of(store: Store, strategy: Strategy, **more: Any) -> Resource:
    return Resource(strategy.kind, StoredObjects(store, strategy), strategy, **more)
