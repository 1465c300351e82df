"""Health, version and metrics."""

from __future__ import annotations

from porch.apiserver.health import Health, Metrics, Version
from porch.apiserver.interface import Answer, DocumentRequest
from porch.store import Store
from tests.support.wire import Wire


def asked(health: Health, path: str, **query: list[str]) -> Answer:
    answer = health.answer(DocumentRequest(path, query, {}))
    assert answer
    return answer


def broken() -> str:
    raise OSError("disk on fire")


def test_healthy_is_ok() -> None:
    health = Health({}, {"store": lambda: ""})
    answer = asked(health, "/readyz")
    assert (answer.status, answer.body, answer.content_type) == (200, b"ok", "text/plain; charset=utf-8")
    assert asked(health, "/readyz/store").body == b"ok"


def test_verbose_lists_every_check() -> None:
    body = asked(Health({"log": lambda: ""}, {"store": lambda: ""}), "/readyz", verbose=[""]).body
    assert body == b"[+]ping ok\n[+]log ok\n[+]store ok\nreadyz check passed\n"


def test_a_failed_check_is_named_but_not_explained() -> None:
    health = Health({}, {"store": broken, "sync": lambda: "behind"})
    answer = asked(health, "/readyz")
    assert answer.status == 500
    assert answer.body == (
        b"[+]ping ok\n[-]store failed: reason withheld\n[-]sync failed: reason withheld\nreadyz check failed\n"
    )
    assert asked(health, "/livez").status == 200
    assert (asked(health, "/readyz/store").status, asked(health, "/readyz/ping").status) == (500, 200)


def test_checks_can_be_excluded() -> None:
    health = Health({}, {"store": broken})
    answer = asked(health, "/readyz", exclude=["store", "nope"], verbose=[""])
    assert answer.status == 200
    assert b"[+]store excluded: ok\n" in answer.body
    assert b'warn: some health checks cannot be excluded: no matches for "nope"\n' in answer.body


def test_unknown_paths_belong_to_somebody_else() -> None:
    assert Health({}, {}).answer(DocumentRequest("/readyz/nope", {}, {})) is None
    assert Version().answer(DocumentRequest("/versions", {}, {})) is None


def test_the_version_is_one_that_clients_can_parse(wire: Wire) -> None:
    version = wire.get("/version?timeout=32s").json
    assert version["gitVersion"].startswith("v1.35.")
    assert (version["major"], version["minor"]) == ("1", "35")


def test_metrics_count_requests(store: Store) -> None:
    with Wire([], store, more=[Metrics()]) as wire:
        wire.get("/nope")
        reply = wire.get("/metrics")
    assert reply.headers["content-type"].startswith("text/plain")
    assert b'porch_request_duration_seconds_count{code="404",resource="",verb=""}' in reply.body
