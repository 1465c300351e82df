"""A client that sends bytes and reads whatever comes: an answer, a stream of which the head is enough, or an end."""

from __future__ import annotations

import contextlib
import http.client
import re
import socket
import ssl
import time
from dataclasses import dataclass

from tests.fuzz.cases import Case
from tests.fuzz.pool import Seen

BOUND = 5.0
_PATIENCE = 0.15
"""How long an unfinished request is waited for."""
_LEARNED = 32 * 1024
_SILENT, _CLOSED, _LATE = "hung up", "closed", "no answer"
_VERSION = re.compile(rb'"resourceVersion": ?"(\d{1,18})"')
_TOKEN = re.compile(rb'"continue": ?"([\w-]{1,500})"')
_UID = re.compile(rb'"uid": ?"([\w-]{36})"')


@dataclass(frozen=True, slots=True)
class Outcome:
    """`status` is an HTTP code or how it ended without one. `seconds` last until all of an answer is read, or the head
    of a stream.
    """

    status: int | str
    seconds: float
    body: bytes = b""


class Client:
    """One kept connection with the administrator's certificate and one with none; each made again when it has ended."""

    def __init__(self, address: tuple[str, int], admin: ssl.SSLContext, nobody: ssl.SSLContext, seen: Seen) -> None:
        self._address = address
        self._contexts = {True: admin, False: nobody}
        self._kept: dict[bool, ssl.SSLSocket] = {}
        self._seen = seen

    def close(self) -> None:
        for kept in self._kept.values():
            kept.close()
        self._kept.clear()

    def send(self, case: Case) -> Outcome:
        kept = self._kept.pop(case.admin, None) if not case.raw else None
        begun = time.monotonic()
        try:
            connection = kept or self._connect(case.admin)
        except OSError as error:
            return Outcome(_LATE, time.monotonic() - begun, repr(error).encode())
        try:
            outcome, reusable = self._exchange(connection, case)
        except TimeoutError:
            outcome, reusable = Outcome(_SILENT if case.unfinished else _LATE, time.monotonic() - begun), False
        except (OSError, http.client.HTTPException) as error:
            outcome, reusable = Outcome(_CLOSED, time.monotonic() - begun, repr(error).encode()), False
        if reusable and not case.raw:
            self._kept[case.admin] = connection
        else:
            connection.close()
        # The server may end a kept connection between two requests; only a fresh one tells.
        return self.send(case) if outcome.status == _CLOSED and kept is not None else outcome

    def _connect(self, admin: bool) -> ssl.SSLSocket:
        plain = socket.create_connection(self._address, BOUND)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._contexts[admin].wrap_socket(plain, server_hostname=self._address[0])

    def _exchange(self, connection: ssl.SSLSocket, case: Case) -> tuple[Outcome, bool]:
        begun = time.monotonic()
        connection.settimeout(_PATIENCE if case.unfinished else 2 * BOUND)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError, ssl.SSLError):
            # A server that has answered before the end of the request may have closed its side.
            connection.sendall(case.payload)
        with http.client.HTTPResponse(connection, method=case.method) as response:
            response.begin()
            # Long lists come in chunks too, but they have an end.
            watched = b"watch" in case.payload.partition(b"\r\n")[0]
            streamed = response.status == 101 or (response.chunked and watched)
            body = b"" if streamed else response.read()
            outcome = Outcome(response.status, time.monotonic() - begun, body)
            reusable = not streamed and not response.will_close
        self._learn(case, outcome)
        return outcome, reusable

    def _learn(self, case: Case, outcome: Outcome) -> None:
        body = outcome.body
        head = body[:4096]
        # Tables, lists, YAML and Status begin otherwise.
        whole = case.kind and outcome.status in {200, 201} and len(body) < _LEARNED
        if whole and body.startswith(b'{"kind":"%s",' % case.kind.encode()):
            self._seen.objects[case.plural].append((case.path, body))
        self._seen.versions.extend(found.decode() for found in _VERSION.findall(head)[:3])
        self._seen.tokens.extend(found.decode() for found in _TOKEN.findall(head)[:1])
        self._seen.uids.extend(found.decode() for found in _UID.findall(head)[:1])
