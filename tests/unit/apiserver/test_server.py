"""The application behind real TLS sockets: client certificates, slow and oversized clients, a graceful end."""

from __future__ import annotations

import asyncio
import gc
import json
import socket
import ssl
import struct
import weakref
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, Self, TypeVar

import pytest
import structlog
import uvloop

from porch.apiserver import request
from porch.apiserver import server as http_server
from porch.apiserver.app import App
from porch.apiserver.interface import Resource
from porch.apiserver.server import Tls, serve
from porch.engine import WatcherManager
from porch.store import Store
from tests.support.pki import Authority
from tests.support.wire import SECONDS, Allowing, BearerNames

T = TypeVar("T")
MAPS = "/api/v1/namespaces/default/configmaps"


class Client:
    """Speaks HTTP/1.1 by hand over one connection."""

    def __init__(self, port: int, context: ssl.SSLContext) -> None:
        self._port = port
        self._context = context

    async def __aenter__(self) -> Self:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self._port, ssl=self._context)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.close()

    async def ask(self, method: str, path: str, body: bytes = b"", *headers: str, cut: int = 0) -> None:
        """`cut`: that many bytes of the body are held back."""
        head = [f"{method} {path} HTTP/1.1", "Host: porch", f"Content-Length: {len(body)}", *headers]
        self.writer.write("\r\n".join([*head, "", ""]).encode() + body[: len(body) - cut])
        await self.writer.drain()

    def reset(self) -> None:
        """Leaves without a goodbye, as a client does that dies."""
        at_once = struct.pack("ii", 1, 0)
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
        self.writer.transport.abort()

    async def begin(self, path: str, body: bytes) -> None:
        """A request in flight: the server has asked for its body, and got all but the last byte."""
        await self.ask("POST", path, body, "Authorization: Bearer bob", "Expect: 100-continue", cut=1)
        assert await self.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"

    async def head(self) -> tuple[int, dict[str, str]]:
        lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
        return int(lines[0].split()[1]), headers

    async def answer(self) -> tuple[int, bytes]:
        code, headers = await self.head()
        return code, await self.reader.readexactly(int(headers["content-length"]))

    async def chunk(self) -> bytes:
        """One chunk of a stream; empty at its clean end."""
        size = int(await self.reader.readline(), 16)
        return (await self.reader.readexactly(size + 2))[:-2]


class Server:
    def __init__(self, directory: Path, resources: list[Resource], store: Store) -> None:
        self.authority = Authority(directory)
        certificate, key = self.authority.issue("server", address="127.0.0.1")
        self._tls = Tls(certificate, key, self.authority.certificate)
        self._resources, self._store = resources, store
        self.stopping = asyncio.Event()
        self.grace = 5.0

    def client(self, identity: tuple[Path, Path] | None = None) -> Client:
        context = ssl.create_default_context(cafile=str(self.authority.certificate))
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        if identity:
            context.load_cert_chain(*identity)
        return Client(self.port, context)

    def run(self, work: Callable[[], Awaitable[T]]) -> T:
        """Runs the server, and `work` against it; the server is stopped and has ended when this returns."""
        return uvloop.run(asyncio.wait_for(self._run(work), 2 * SECONDS))

    async def _run(self, work: Callable[[], Awaitable[T]]) -> T:
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        app = App(
            self._resources,
            WatcherManager(self._store),
            authenticator=BearerNames(),
            authorizer=Allowing(),
            documents=[],
            stopping=self.stopping,
        )
        ready = asyncio.Event()
        served = asyncio.create_task(serve(app, listener, self._tls, self.stopping, grace=self.grace, ready=ready.set))
        await ready.wait()
        try:
            return await work()
        finally:
            self.stopping.set()
            await served


@pytest.fixture
def server(tmp_path: Path, resources: list[Resource], store: Store) -> Iterator[Server]:
    with structlog.testing.capture_logs():
        yield Server(tmp_path, resources, store)


def test_a_client_certificate_says_who_asks(server: Server) -> None:
    identity = server.authority.issue("ann", ["one", "two"])

    async def work() -> tuple[int, bytes]:
        async with server.client(identity) as client:
            body = json.dumps({"metadata": {"name": "a"}}).encode()
            await client.ask("POST", MAPS, body)
            created = await client.answer()
            await client.ask("GET", f"{MAPS}/a")
            assert (await client.answer())[1] == created[1]
            return created

    with structlog.testing.capture_logs() as lines:
        assert server.run(work)[0] == 201
    assert {line["user"] for line in lines} == {"ann"}


def test_without_a_certificate_another_proof_is_needed(server: Server) -> None:
    async def work() -> list[int]:
        async with server.client() as client:
            await client.ask("GET", MAPS)
            refused, _ = await client.answer()
            await client.ask("GET", MAPS, b"", "Authorization: Bearer bob")
            return [refused, (await client.answer())[0]]

    assert server.run(work) == [401, 200]


def test_a_certificate_of_another_authority_is_refused(server: Server, tmp_path: Path) -> None:
    stranger = Authority(tmp_path, "stranger").issue("mallory")

    async def ask() -> None:
        async with server.client(stranger) as client:
            await client.ask("GET", MAPS)
            await client.answer()

    async def work() -> None:
        with pytest.raises((ssl.SSLError, ConnectionError, asyncio.IncompleteReadError)):
            await ask()

    server.run(work)


def test_an_endless_head_is_cut_off(server: Server) -> None:
    async def work() -> int:
        async with server.client() as client:
            await client.ask("GET", MAPS, b"", *(f"X-{number}: {'x' * 1000}" for number in range(100)))
            code, _ = await client.answer()
            assert await client.reader.read() == b""
            return code

    assert server.run(work) == 400


def test_a_body_above_the_limit_closes_the_connection(server: Server) -> None:
    async def work() -> tuple[int, Any]:
        async with server.client() as client:
            await client.ask("POST", MAPS, b" " * 70_000, "Authorization: Bearer bob")
            code, body = await client.answer()
            return code, json.loads(body)["reason"]

    assert server.run(work) == (413, "RequestEntityTooLarge")


def test_a_body_that_stops_arriving_ends_the_connection(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request, "_BODY_IDLE_SECONDS", 0.05)

    async def work() -> tuple[int, str, Any]:
        async with server.client() as client:
            await client.ask("POST", MAPS, b"{}", "Authorization: Bearer bob", cut=1)
            code, headers = await client.head()
            body = json.loads(await client.reader.read())
            return code, headers["connection"], body["message"]

    text = "Timeout: the body of the request stopped: nothing came for 0.05 s"
    assert server.run(work) == (504, "close", text)


def test_the_rest_of_a_body_that_nobody_wants_may_come_but_not_for_ever(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_server, "_PATIENCE_SECONDS", 0.5)

    async def work() -> tuple[int, int, bytes]:
        async with server.client() as client:
            await client.ask("POST", MAPS, b"{}", cut=1)
            refused, _ = await client.answer()
            client.writer.write(b"}")
            await client.ask("POST", MAPS, b"{}", cut=1)
            again, _ = await client.answer()
            return refused, again, await client.reader.read()

    assert server.run(work) == (401, 401, b"")


def test_a_stop_ends_watches_cleanly_and_takes_nothing_new(server: Server) -> None:
    async def work() -> bytes:
        async with server.client() as client:
            await client.ask("GET", f"{MAPS}?watch=1", b"", "Authorization: Bearer bob")
            code, headers = await client.head()
            assert (code, headers["transfer-encoding"]) == (200, "chunked")
            server.stopping.set()
            return await client.chunk()

    assert server.run(work) == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port))


def test_a_request_in_flight_is_finished_before_the_end(server: Server) -> None:
    async def work() -> int:
        async with server.client() as client:
            body = json.dumps({"metadata": {"name": "a"}}).encode()
            # All but the last byte: the request is being read when the stop comes.
            await client.begin(MAPS, body)
            server.stopping.set()
            client.writer.write(body[-1:])
            return (await client.answer())[0]

    assert server.run(work) == 201


def test_a_request_that_outlasts_the_grace_is_given_up(server: Server) -> None:
    server.grace = 0.2

    async def work() -> tuple[int, Any]:
        async with server.client() as client:
            await client.begin(MAPS, b"{}")
            server.stopping.set()
            code, body = await client.answer()
            return code, json.loads(body)["message"]

    assert server.run(work) == (
        503,
        "the server is shutting down; whether the request was carried out is not known",
    )


def test_nothing_is_kept_of_a_client_that_broke_off(server: Server) -> None:
    others = [id(connection) for connection in _connections()]

    async def work() -> None:
        async with server.client() as client:
            await client.ask("GET", MAPS, b"", "Authorization: Bearer bob")
            await client.answer()
            (connection,) = (found for found in _connections() if id(found) not in others)
            client.reset()
        left = weakref.ref(connection)
        del connection
        while left() is not None:
            await asyncio.sleep(0)
            gc.collect()

    server.run(work)


def _connections() -> list[http_server._Protocol]:
    return [found for found in gc.get_objects() if isinstance(found, http_server._Protocol)]
