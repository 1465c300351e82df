"""HTTP itself, byte by byte: what proxies, scripts and old libraries send."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from tests.support.server import CORE, SECONDS, Server
from tests.wire.space import Space

_MAX_HEAD = 64 * 1024  # what porch.apiserver.server reads of one request before its body


class Raw:
    """One connection of a user with a token: writes what it is told to, reads answers in their order."""

    def __init__(self, connection: ssl.SSLSocket, token: str) -> None:
        self._connection = connection
        self._stream = connection.makefile("rb")
        self._token = token

    def head(self, method: str, path: str, *headers: str, version: str = "1.1") -> bytes:
        lines = [f"{method} {path} HTTP/{version}", "Host: porch", f"Authorization: Bearer {self._token}", *headers]
        return "\r\n".join([*lines, "", ""]).encode()

    def write(self, data: bytes) -> None:
        self._connection.sendall(data)

    def line(self) -> bytes:
        return self._stream.readline()

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        status = int(self.line().split()[1])
        headers = {name.lower(): value for name, value in http.client.parse_headers(self._stream).items()}
        return status, headers, self._stream.read(int(headers["content-length"]))

    def ended(self) -> bool:
        """Whether the server has closed the connection, with nothing more to say."""
        try:
            return self._stream.read(1) == b""
        except (ssl.SSLError, ConnectionError):
            return True


@pytest.fixture
def raw(server: Server, empty: Space) -> Iterator[Raw]:
    token = server.user(f"{empty.namespace}-raw", "system:masters")
    address = urlsplit(server.url)
    tls = ssl.create_default_context(cafile=str(server.ca))
    with (
        socket.create_connection((address.hostname, address.port), timeout=SECONDS) as plain,
        tls.wrap_socket(plain, server_hostname=address.hostname) as connection,
    ):
        yield Raw(connection, token)


def _map(name: str) -> bytes:
    return json.dumps({"metadata": {"name": name}}).encode()


def test_pipelined_requests_are_answered_in_their_order(raw: Raw, empty: Space) -> None:
    path, together = empty.path("configmaps"), b""
    for name in "abc":
        body = _map(name)
        together += raw.head("POST", path, f"Content-Length: {len(body)}") + body
        together += raw.head("GET", f"{path}/{name}") + raw.head("GET", f"{path}/absent")
    raw.write(together + raw.head("DELETE", f"{path}/b") + raw.head("GET", path))
    for name in "abc":
        made, read, absent = raw.answer(), raw.answer(), raw.answer()
        assert (made[0], read[0], absent[0]) == (201, 200, 404)
        assert json.loads(read[2])["metadata"]["name"] == name
        assert read[2] == made[2]
    assert raw.answer()[0] == 200
    assert [item["metadata"]["name"] for item in json.loads(raw.answer()[2])["items"]] == ["a", "c"]


def test_pipelined_requests_behind_a_refused_body(raw: Raw, empty: Space) -> None:
    """The body is read over: nothing of it is taken for a request."""
    smuggled = raw.head("DELETE", f"{CORE}/namespaces/{empty.namespace}")
    raw.write(raw.head("POST", "/nowhere", f"Content-Length: {len(smuggled)}") + smuggled + raw.head("GET", "/version"))
    assert raw.answer()[0] == 404
    status, _, body = raw.answer()
    assert (status, "gitVersion" in json.loads(body)) == (200, True)
    assert (
        "deletionTimestamp" not in empty.client.send("GET", f"{CORE}/namespaces/{empty.namespace}").json()["metadata"]
    )


def test_expect_100_continue(raw: Raw, empty: Space) -> None:
    body = _map("a")
    raw.write(raw.head("POST", empty.path("configmaps"), f"Content-Length: {len(body)}", "Expect: 100-continue"))
    assert (raw.line(), raw.line()) == (b"HTTP/1.1 100 Continue\r\n", b"\r\n")
    raw.write(body)
    assert raw.answer()[0] == 201


def test_a_body_that_is_too_large_is_refused_before_it_is_sent(raw: Raw, empty: Space) -> None:
    length = 4 * 1024 * 1024
    raw.write(raw.head("POST", empty.path("configmaps"), f"Content-Length: {length}", "Expect: 100-continue"))
    status, headers, _ = raw.answer()
    assert (status, headers["connection"]) == (413, "close")
    assert raw.ended()


def test_http_1_0_is_answered_and_its_connection_closed(raw: Raw, empty: Space) -> None:
    raw.write(raw.head("GET", empty.path("configmaps"), version="1.0"))
    status, headers, body = raw.answer()
    assert (status, json.loads(body)["kind"]) == (200, "ConfigMapList")
    assert "transfer-encoding" not in headers
    assert raw.ended()


def test_connection_close_is_obeyed(raw: Raw) -> None:
    raw.write(raw.head("GET", "/version", "Connection: close"))
    status, headers, _ = raw.answer()
    assert (status, headers["connection"]) == (200, "close")
    assert raw.ended()


def _chunked(body: bytes, size: int) -> bytes:
    pieces = (body[start : start + size] for start in range(0, len(body), size))
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def test_a_body_in_chunks(raw: Raw, empty: Space) -> None:
    path = empty.path("configmaps")
    raw.write(raw.head("POST", path, "Transfer-Encoding: chunked") + _chunked(_map("a"), 3) + raw.head("GET", path))
    assert raw.answer()[0] == 201
    assert len(json.loads(raw.answer()[2])["items"]) == 1


def test_a_body_in_chunks_has_the_same_limit(raw: Raw, empty: Space) -> None:
    raw.write(raw.head("POST", empty.path("configmaps"), "Transfer-Encoding: chunked"))
    piece = _chunked(b" " * 1024 * 1024, 64 * 1024).removesuffix(b"0\r\n\r\n")
    for _ in range(3):
        raw.write(piece)
    raw.write(b"1\r\n \r\n")
    status, headers, body = raw.answer()
    assert (status, headers["connection"]) == (413, "close")
    assert json.loads(body)["message"] == "Request entity too large: limit is 3145728"


@pytest.mark.parametrize(
    "headers",
    [
        ("Content-Length: 2", "Transfer-Encoding: chunked"),
        ("Content-Length: 2", "Content-Length: 3"),
        ("Content-Length: x",),
        ("Content-Length: -1",),
        ("no colon",),
        ("Transfer-Encoding: chunked, identity",),
        (f"X-Long: {'x' * _MAX_HEAD}",),
        tuple(f"X-{number}: {'x' * 1000}" for number in range(100)),
    ],
    ids=["length-and-chunks", "two-lengths", "no-number", "negative", "no-header", "unknown-coding", "long", "many"],
)
def test_a_head_that_means_two_things_or_too_much_is_refused(raw: Raw, empty: Space, headers: tuple[str, ...]) -> None:
    raw.write(raw.head("POST", empty.path("configmaps"), *headers) + b"{}")
    status, answered, _ = raw.answer()
    assert (status, answered["connection"]) == (400, "close")
    assert raw.ended()
    assert empty.names("configmaps") == []


def test_a_head_of_sixty_kilobytes_is_read(raw: Raw) -> None:
    raw.write(raw.head("GET", "/version", *(f"X-{number}: {'x' * 1000}" for number in range(60))))
    assert raw.answer()[0] == 200


@pytest.mark.parametrize("garbage", [b"\0" * 100, b"\x16\x03\x01\x02\x00", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"])
def test_what_is_not_http_is_refused_and_the_connection_closed(raw: Raw, garbage: bytes) -> None:
    raw.write(garbage)
    status, headers, _ = raw.answer()
    assert (status, headers["connection"]) == (400, "close")
    assert raw.ended()
