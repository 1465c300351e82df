"""What surrounds every request: identity, permission, headers, the log line, limits, and faults of ours."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest
import structlog

from porch.apiserver.app import Limits
from porch.apiserver.interface import Resource
from porch.errors import Conflict
from porch.objects import Call
from porch.objects.stored import StoredObjects
from porch.observe import step
from porch.store import Store, StoredVersion
from porch.strategy.interface import Strategy
from porch.types.core import CONFIG_MAP
from tests.support.wire import SECONDS, Exchange, Wire

MAPS = "/api/v1/namespaces/default/configmaps"


class Slow(StoredObjects):
    """Creates wait until they are let go."""

    entered: threading.Event
    let_go: threading.Event

    def create(self, call: Call, namespace: str, obj: Any) -> StoredVersion:
        with step("slow.create"):
            self.entered.set()
            assert self.let_go.wait(SECONDS)
        return super().create(call, namespace, obj)


class Faulty(StoredObjects):
    def get(self, call: Call, namespace: str, name: str) -> StoredVersion:
        raise ZeroDivisionError("secret detail")

    def resolve(self, namespace: str, name: str) -> str:
        if name == "ambiguous":
            raise Conflict("it is a or b")
        return name


def wire_of(store: Store, made: StoredObjects, limits: Limits | None = None) -> Wire:
    return Wire([Resource(CONFIG_MAP, made, Strategy(CONFIG_MAP))], store, limits)


def test_nobody_is_told_nothing_but_health_and_version(wire: Wire) -> None:
    for path in (MAPS, "/metrics", "/nope", "/apis"):
        reply = wire.send("GET", path, user="")
        assert (reply.code, reply.message, reply.json["reason"]) == (401, "Unauthorized", "Unauthorized")
    for path in ("/livez", "/readyz", "/healthz", "/livez/ping", "/version"):
        assert wire.send("GET", path, user="").code == 200


def test_every_request_is_authorized_as_what_it_is(wire: Wire) -> None:
    wire.get("/apis/config.porch.kpt.dev/v1alpha1/namespaces/ns/repositories/r/status")
    asked = wire.authorizer.asked[-1]
    assert (asked.verb, asked.group, asked.version, asked.resource, asked.subresource, asked.namespace, asked.name) == (
        "get",
        "config.porch.kpt.dev",
        "v1alpha1",
        "repositories",
        "status",
        "ns",
        "r",
    )
    wire.get("/metrics")
    assert (wire.authorizer.asked[-1].path, wire.authorizer.asked[-1].is_resource) == ("/metrics", False)


def test_what_is_forbidden_is_not_done_and_not_read(wire: Wire) -> None:
    wire.authorizer.denied = lambda attributes: attributes.verb == "create"
    reply = wire.post(MAPS, b"not even JSON")
    assert (reply.code, reply.json["reason"]) == (403, "Forbidden")
    assert reply.message == 'configmaps is forbidden: User "alice" cannot create resource'


def test_an_ambiguous_name_is_explained_to_those_who_may_list(store: Store) -> None:
    with wire_of(store, Faulty(store, Strategy(CONFIG_MAP))) as wire:
        assert wire.get(f"{MAPS}/ambiguous").message == "it is a or b"
        wire.authorizer.denied = lambda attributes: attributes.verb == "list"
        assert wire.get(f"{MAPS}/ambiguous").code == 403


@pytest.mark.parametrize("path", [MAPS, "/nope", "/version"])
def test_every_answer_has_an_audit_id_and_is_not_cached(wire: Wire, path: str) -> None:
    reply = wire.get(path, audit_id="mine")
    assert reply.headers["audit-id"] == "mine"
    assert reply.headers["cache-control"] == "no-cache, private"
    assert len(wire.get(path).headers["audit-id"]) == 36
    assert wire.get(path, audit_id="x" * 256).headers["audit-id"] == "x" * 256
    for odd in ("x" * 257, "a\tb", "\xe4"):
        assert len(wire.get(path, audit_id=odd).headers["audit-id"]) == 36


def test_a_long_audit_id_is_cut_in_the_log_only(wire: Wire) -> None:
    with structlog.testing.capture_logs() as lines:
        assert wire.get(MAPS, audit_id="x" * 100).headers["audit-id"] == "x" * 100
    assert [line["audit_id"] for line in lines] == ["x" * 64]


def test_each_request_is_one_line_without_its_query(wire: Wire) -> None:
    with structlog.testing.capture_logs() as lines:
        wire.get(f"{MAPS}/a?token=secret", user="bob")
    [line] = lines
    assert {key: line[key] for key in ("method", "path", "verb", "resource", "namespace", "name", "user", "code")} == {
        "method": "GET",
        "path": f"{MAPS}/a",
        "verb": "get",
        "resource": "configmaps",
        "namespace": "default",
        "name": "a",
        "user": "bob",
        "code": 404,
    }
    assert line["bytes"] > 0
    assert "secret" not in str(line)


def test_a_fault_of_ours_is_told_only_by_its_audit_id(store: Store) -> None:
    with structlog.testing.capture_logs() as lines, wire_of(store, Faulty(store, Strategy(CONFIG_MAP))) as wire:
        reply = wire.get(f"{MAPS}/a", audit_id="look-me-up")
    assert (reply.code, reply.json["reason"]) == (500, "InternalError")
    assert "look-me-up" in reply.message
    assert "secret detail" not in reply.body.decode()
    assert isinstance(lines[0]["exc_info"], ZeroDivisionError)


def test_steps_on_worker_threads_are_timed_in_the_answer(store: Store) -> None:
    slow = Slow(store, Strategy(CONFIG_MAP))
    slow.entered, slow.let_go = threading.Event(), threading.Event()
    slow.let_go.set()
    with wire_of(store, slow) as wire:
        assert "slow.create;dur=" in wire.post(MAPS, {"metadata": {"name": "a"}}).headers["server-timing"]


def test_too_many_at_once_are_told_to_come_back(store: Store) -> None:
    slow = Slow(store, Strategy(CONFIG_MAP))
    slow.entered, slow.let_go = threading.Event(), threading.Event()

    async def two_at_once(wire: Wire) -> tuple[Any, Any]:
        first, second = (Exchange("POST", MAPS, {"metadata": {"name": name}}, "alice", {}) for name in "ab")
        task = asyncio.create_task(wire.app(first.scope, first.receive, first.send))
        await asyncio.to_thread(slow.entered.wait, SECONDS)
        await wire.app(second.scope, second.receive, second.send)
        slow.let_go.set()
        await task
        return first.reply(), second.reply()

    with wire_of(store, slow, Limits(writes=1)) as wire:
        first, second = wire.runner.run(two_at_once(wire))
        assert wire.get(MAPS).code == 200
    assert first.code == 201
    assert (second.code, second.headers["retry-after"]) == (429, "1")
    assert second.json["details"] == {"retryAfterSeconds": 1}
    assert second.message == "Too many requests, please try again later."


def test_a_request_that_takes_too_long_is_504(store: Store, tmp_path: Path) -> None:
    slow = Slow(store, Strategy(CONFIG_MAP))
    slow.entered, slow.let_go = threading.Event(), threading.Event()
    with wire_of(store, slow, Limits(seconds=0.05)) as wire:
        reply = wire.post(MAPS, {"metadata": {"name": "a"}})
        slow.let_go.set()
    assert (reply.code, reply.json["reason"]) == (504, "Timeout")
    assert reply.message.startswith("Timeout: request did not complete within")


def test_a_client_that_leaves_amid_its_body_is_dropped(wire: Wire) -> None:
    exchange = Exchange("POST", MAPS, b"", "alice", {})

    async def gone() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    wire.runner.run(wire.app(exchange.scope, gone, exchange.send))
    assert exchange.chunks.empty()


def test_after_the_stop_only_health_is_answered_and_connections_end(wire: Wire) -> None:
    wire.stopping.set()
    for method, path in (("GET", MAPS), ("POST", MAPS), ("GET", f"{MAPS}?watch=1"), ("GET", "/apis")):
        reply = wire.send(method, path, {} if method == "POST" else None)
        assert (reply.code, reply.json["reason"]) == (429, "TooManyRequests")
        assert (reply.headers["retry-after"], reply.headers["connection"]) == ("1", "close")
    health = wire.get("/livez")
    assert (health.code, health.headers["connection"]) == (200, "close")
