"""Watches over websocket, as browsers and dashboards open them. The client speaks through wsproto."""

from __future__ import annotations

import base64
import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, CloseConnection, Event, RejectConnection, RejectData, Request, TextMessage

from tests.support.server import CORE, SECONDS, Server

MAPS = f"{CORE}/namespaces/default/configmaps"
BEARER = "base64url.bearer.authorization.k8s.io."


class Socket:
    def __init__(self, raw: ssl.SSLSocket, host: str, path: str, subprotocols: list[str], origin: str) -> None:
        self._raw, self._wire = raw, WSConnection(ConnectionType.CLIENT)
        headers = [(b"Origin", origin.encode())] if origin else []
        request = Request(host=host, target=path, subprotocols=subprotocols, extra_headers=headers)
        raw.sendall(self._wire.send(request))
        self._events: Iterator[Event] = self._receive()

    def _receive(self) -> Iterator[Event]:
        while True:
            yield from self._wire.events()
            data = self._raw.recv(65536)
            self._wire.receive_data(data or None)

    def next(self) -> Event:
        return next(self._events)

    def accepted(self) -> AcceptConnection:
        event = self.next()
        assert isinstance(event, AcceptConnection), event
        return event

    def refused(self) -> tuple[int, Any]:
        """Code and Status of an answer that is no socket."""
        event = self.next()
        assert isinstance(event, RejectConnection), event
        body = b""
        while isinstance(data := self.next(), RejectData):
            body += data.data
            if data.body_finished:
                break
        return event.status_code, json.loads(body)

    def told(self) -> tuple[str, Any]:
        event = self.next()
        assert isinstance(event, TextMessage), event
        message = json.loads(event.data)
        return message["type"], message["object"]


@contextmanager
def opened(
    server: Server, path: str, *, subprotocols: list[str] | None = None, origin: str = "", certificate: bool = False
) -> Iterator[Socket]:
    address = urlsplit(server.url)
    assert address.hostname is not None
    tls = ssl.create_default_context(cafile=str(server.ca))
    if certificate:
        user = json.loads(server.kubeconfig.read_text())["users"][0]["user"]
        pair = server.home / "websocket.pem"
        pair.write_bytes(b"".join(base64.b64decode(user[f"client-{part}-data"]) for part in ("certificate", "key")))
        tls.load_cert_chain(pair)
    with (
        socket.create_connection((address.hostname, address.port), SECONDS) as plain,
        tls.wrap_socket(plain, server_hostname=address.hostname) as raw,
    ):
        yield Socket(raw, address.netloc, path, subprotocols or [], origin)


def bearer(token: str) -> str:
    return BEARER + base64.urlsafe_b64encode(token.encode()).decode().rstrip("=")


@pytest.fixture(scope="module")
def token(server: Server) -> str:
    return server.user("browser", "system:masters")


def test_a_browser_watches_with_its_token_as_a_sub_protocol(server: Server, token: str) -> None:
    with opened(server, f"{MAPS}?watch=true", subprotocols=[bearer(token), "base64.binary.k8s.io"]) as browser:
        assert browser.accepted().subprotocol == "base64.binary.k8s.io"
        server.kubectl("create", "configmap", "seen-by-browser", "--from-literal=a=b")
        while (told := browser.told())[1]["metadata"]["name"] != "seen-by-browser":
            pass
        assert (told[0], told[1]["data"]) == ("ADDED", {"a": "b"})
        server.kubectl("delete", "configmap", "seen-by-browser")
        word, obj = browser.told()
        assert (word, obj["metadata"]["name"]) == ("DELETED", "seen-by-browser")


def test_a_watch_that_is_over_closes_the_socket_cleanly(server: Server, token: str) -> None:
    path = f"{MAPS}?watch=1&resourceVersion=999999999&timeoutSeconds=1"
    with opened(server, path, subprotocols=[bearer(token), "v1"]) as browser:
        browser.accepted()
        end = browser.next()
        assert isinstance(end, CloseConnection)
        assert end.code == 1000


def test_errors_are_answers_and_no_sockets(server: Server, token: str) -> None:
    for path, subprotocols, code, reason in (
        (f"{MAPS}?watch=1", [bearer("nobody"), "v1"], 401, "Unauthorized"),
        (f"{MAPS}?watch=1", [BEARER + "!", "v1"], 401, "Unauthorized"),
        (f"{MAPS}?watch=1", [], 403, "Forbidden"),
        (MAPS, [bearer(token), "v1"], 400, "BadRequest"),
        ("/version", [bearer(token), "v1"], 400, "BadRequest"),
        (f"{MAPS}?watch=1&labelSelector=(", [bearer(token), "v1"], 400, "BadRequest"),
    ):
        with opened(server, path, subprotocols=subprotocols) as browser:
            found, status = browser.refused()
            assert (found, status["reason"]) == (code, reason)


def test_a_certificate_counts_for_programs_and_for_pages_of_this_server_only(server: Server) -> None:
    own = urlsplit(server.url).netloc
    for origin, is_user in (("", True), (f"https://{own}", True), ("https://evil.example", False), ("null", False)):
        with opened(server, f"{MAPS}?watch=1", origin=origin, certificate=True) as page:
            if is_user:
                page.accepted()
            else:
                assert page.refused()[0] == 403
