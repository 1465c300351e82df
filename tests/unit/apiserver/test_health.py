"""Health, version and metrics."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from porch.apiserver.health import Health, Metrics, Version
from porch.apiserver.interface import Answer, DocumentRequest
from porch.cli.checks import FeedFollows, health
from porch.engine import WatcherManager
from porch.keys import ObjectKey
from porch.observe import logs
from porch.store import NewVersion, Store
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
    assert b'porch_requests_total{code="404",resource="",verb=""}' in reply.body
    assert b'porch_request_duration_seconds_count{resource="",verb=""}' in reply.body


def test_the_names_of_a_servers_checks(store: Store) -> None:
    checks = health(store, WatcherManager(store), asyncio.Event())
    live = b"[+]ping ok\n[+]log ok\n[+]etcd ok\n"
    assert asked(checks, "/livez", verbose=[""]).body == live + b"livez check passed\n"
    ready = live + b"[+]informer-sync ok\n[+]shutdown ok\nreadyz check passed\n"
    assert asked(checks, "/readyz", verbose=[""]).body == ready


def test_a_server_that_is_stopping_lives_but_is_not_ready(store: Store) -> None:
    stopping = asyncio.Event()
    checks = health(store, WatcherManager(store), stopping)
    stopping.set()
    assert b"[-]shutdown failed: reason withheld\n" in asked(checks, "/readyz").body
    assert asked(checks, "/readyz").status == 500
    assert asked(checks, "/livez").status == 200


def test_a_store_that_cannot_be_read_fails_its_check(store: Store) -> None:
    checks = health(store, WatcherManager(store), asyncio.Event())
    store.close()
    assert asked(checks, "/livez/etcd").status == 500


class _Deaf(WatcherManager):
    """Is told of nothing."""

    def version(self) -> int:
        return 0


def test_watches_that_are_not_told_are_noticed_by_the_second_check(store: Store) -> None:
    store.commit(lambda tx: tx.versions.put(NewVersion(ObjectKey("things", "a", "b"), "uid", b"}", "", {}, {})))
    for feed, problem in ((WatcherManager(store), ""), (_Deaf(store), "watches were told up to version 0 of ")):
        check = FeedFollows(store, feed)
        assert check() == ""
        assert check().startswith(problem)
        assert bool(check()) == bool(problem)


@pytest.mark.parametrize(("file", "problem"), [("/dev/full", "No space left"), ("", "")])
def test_a_log_that_cannot_be_written_fails_its_check(
    file: str, problem: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with suppress(OSError), Path(file or tmp_path / "log").open("a", encoding="utf-8") as stream:
        monkeypatch.setattr(logs, "_stream", stream)
        stream.write("x")
        assert problem in logs.problem()
        assert bool(logs.problem()) == bool(problem)
