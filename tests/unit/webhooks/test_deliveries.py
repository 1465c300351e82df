"""Deliveries: signed ones are taken at once, and whoever cannot sign learns nothing."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Iterable
from typing import Any

import pytest

from porch.keys import RepositoryKey
from porch.webhooks import Limits, WebhookServer

_KEY = RepositoryKey("default", "web")
_SECRET = b"correct horse battery staple"
_BODY = b'{"ref":"refs/heads/main"}'
Headers = dict[str, str]


class Known:
    """One Repository with a secret, one without."""

    def __init__(self) -> None:
        self.told: list[RepositoryKey] = []

    def secret(self, key: RepositoryKey) -> bytes:
        return _SECRET if key == _KEY else b""

    def pushed(self, key: RepositoryKey) -> None:
        self.told.append(key)


class Place:
    def __init__(self, limits: Limits | None = None) -> None:
        self.hooks, self.now = Known(), 0.0
        self.server = WebhookServer(self.hooks, limits, lambda: self.now)

    def send(
        self,
        headers: Headers,
        body: bytes = _BODY,
        *,
        path: str = "/webhooks/default/web",
        method: str = "POST",
        address: str = "10.0.0.1",
        chunks: Iterable[bytes] | None = None,
    ) -> tuple[int, str, dict[bytes, bytes]]:
        return asyncio.run(self._send(headers, list(chunks or [body]), path, method, address))

    async def _send(
        self, headers: Headers, chunks: list[bytes], path: str, method: str, address: str
    ) -> tuple[int, str, dict[bytes, bytes]]:
        sent: list[dict[str, Any]] = []
        messages = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]
        messages[-1]["more_body"] = False
        scope = {
            "type": "http",
            "path": path,
            "method": method,
            "client": (address, 1),
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        }

        async def receive() -> Any:
            return messages.pop(0) if messages else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        await self.server(scope, receive, send)
        return sent[0]["status"], sent[1]["body"].decode().strip(), dict(sent[0]["headers"])


def signature(body: bytes = _BODY, secret: bytes = _SECRET) -> str:
    return hmac.new(secret, body, hashlib.sha256).hexdigest()


GENUINE: dict[str, Headers] = {
    "github": {"X-GitHub-Event": "push", "X-Hub-Signature-256": f"sha256={signature()}"},
    "gitea": {"X-Gitea-Event": "push", "X-Gitea-Signature": signature()},
    "forgejo": {"X-Forgejo-Event": "push", "X-Forgejo-Signature": signature(), "X-Gitea-Signature": signature()},
    "gitlab": {"X-Gitlab-Event": "Push Hook", "X-Gitlab-Token": _SECRET.decode()},
    "gitlab-tag": {"X-Gitlab-Event": "Tag Push Hook", "X-Gitlab-Token": _SECRET.decode()},
    "a script": {"X-Hub-Signature-256": f"sha256={signature()}"},
}
FORGED: dict[str, Headers] = {
    "nothing": {"X-GitHub-Event": "push"},
    "another secret": {"X-Hub-Signature-256": f"sha256={signature(secret=b'other')}"},
    "another body": {"X-Hub-Signature-256": f"sha256={signature(b'other')}"},
    "no secret": {"X-Hub-Signature-256": f"sha256={signature(secret=b'')}"},
    "empty": {"X-Hub-Signature-256": ""},
    "half of it": {"X-Gitea-Signature": signature()[:32]},
    "sha1": {"X-Hub-Signature": "sha1=" + hmac.new(_SECRET, _BODY, "sha1").hexdigest()},
    "another token": {"X-Gitlab-Token": "correct horse"},
    "empty token": {"X-Gitlab-Token": ""},
    "no letters": {"X-Gitlab-Token": "\x00\xff"},
}


@pytest.mark.parametrize("forge", GENUINE)
def test_a_signed_push_has_the_repository_looked_at(forge: str) -> None:
    place = Place()
    assert place.send(GENUINE[forge])[0] == 202
    assert place.hooks.told == [_KEY]


def test_the_body_may_come_in_pieces() -> None:
    place = Place()
    pieces = [_BODY[:5], b"", _BODY[5:]]
    assert place.send(GENUINE["github"], chunks=pieces)[0] == 202


@pytest.mark.parametrize("how", FORGED)
@pytest.mark.parametrize("name", ["web", "takes-none", "is-not-there"])
def test_what_is_not_signed_is_answered_alike_for_all_repositories(how: str, name: str) -> None:
    place = Place()
    code, text, _ = place.send(FORGED[how], path=f"/webhooks/default/{name}")
    assert (code, text) == (401, "the delivery is not signed with the secret of a Repository at this URL")
    assert place.hooks.told == []


@pytest.mark.parametrize("forge", GENUINE)
def test_the_secret_of_one_repository_is_of_no_use_at_another(forge: str) -> None:
    place = Place()
    assert place.send(GENUINE[forge], path="/webhooks/default/takes-none")[0] == 401
    assert place.hooks.told == []


def test_a_ping_is_answered_and_nothing_is_done() -> None:
    place = Place()
    assert place.send({**GENUINE["github"], "X-GitHub-Event": "ping"})[:2] == (200, "deliveries arrive")
    assert place.send({**FORGED["another secret"], "X-GitHub-Event": "ping"})[0] == 401
    assert place.hooks.told == []


def test_other_events_are_taken_and_nothing_is_done() -> None:
    place = Place()
    assert place.send({**GENUINE["github"], "X-GitHub-Event": "issues"})[0] == 202
    assert place.hooks.told == []


@pytest.mark.parametrize(
    "path", ["/webhooks/default", "/webhooks/default/web/x", "/webhooks/Default/web", "/webhooks//"]
)
def test_other_paths_are_not_there(path: str) -> None:
    assert Place().send(GENUINE["github"], path=path)[0] == 404


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_a_delivery_is_a_post(method: str) -> None:
    assert Place().send(GENUINE["github"], method=method)[0] == 405


def test_a_body_that_is_too_large_is_refused_by_its_length_and_by_counting() -> None:
    place = Place(Limits(body_bytes=10))
    assert place.send({**GENUINE["github"], "Content-Length": "11"})[0] == 413
    assert place.send(GENUINE["github"], chunks=[b"123456", b"789012"])[0] == 413
    assert place.send({**GENUINE["github"], "Content-Length": "ten"})[0] == 400
    assert place.hooks.told == []


def test_who_guesses_has_to_wait_and_others_have_not() -> None:
    place = Place(Limits(failures=3, pause_seconds=2.0))
    assert [place.send(FORGED["another secret"])[0] for _ in range(5)] == [401, 401, 401, 429, 429]
    code, _, headers = place.send(GENUINE["github"])
    assert (code, headers[b"retry-after"]) == (429, b"2")
    assert place.send(GENUINE["github"], address="10.0.0.2")[0] == 202
    place.now = 2.0
    assert [place.send(FORGED["another secret"])[0] for _ in range(2)] == [401, 429]
    place.now = 100.0
    assert place.send(GENUINE["github"])[0] == 202


def test_deliveries_that_are_read_at_once_are_bounded() -> None:
    place = Place(Limits(deliveries=1))

    async def scene() -> list[int]:
        slow, codes = asyncio.Event(), list[int]()
        scope = {
            "path": "/webhooks/default/web",
            "method": "POST",
            "client": None,
            "headers": [(b"x-gitlab-token", _SECRET)],
        }

        async def receive() -> Any:
            await slow.wait()
            return {"type": "http.request", "body": b""}

        async def send(message: Any) -> None:
            codes.extend([message["status"]] if "status" in message else [])

        first = asyncio.create_task(place.server(scope, receive, send))
        await asyncio.sleep(0)
        await place.server(scope, receive, send)
        slow.set()
        await first
        return codes

    assert asyncio.run(scene()) == [429, 202]


def test_a_client_that_goes_away_is_no_error() -> None:
    place = Place()

    async def scene() -> None:
        async def receive() -> Any:
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            raise AssertionError(message)

        scope = {"path": "/webhooks/default/web", "method": "POST", "headers": [(b"x-gitlab-token", _SECRET)]}
        await place.server(scope, receive, send)

    asyncio.run(scene())


def test_a_client_that_sends_nothing_is_given_up() -> None:
    place = Place(Limits(idle_seconds=0.01))

    async def scene() -> list[int]:
        codes: list[int] = []

        async def receive() -> Any:
            await asyncio.Event().wait()

        async def send(message: Any) -> None:
            codes.extend([message["status"]] if "status" in message else [])

        scope = {"path": "/webhooks/default/web", "method": "POST", "headers": [(b"x-gitlab-token", _SECRET)]}
        await place.server(scope, receive, send)
        return codes

    assert asyncio.run(scene()) == [504]
