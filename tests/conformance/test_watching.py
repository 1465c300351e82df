"""Rows 34 to 37 and 39: watches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.conformance.objects import MAPS, config_map
from tests.support.server import PORCH, Server
from tests.wire.space import Space, events
from tests.wire.test_websocket import bearer, opened

_STREAMED = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"


def _watched(space: Space, query: str) -> list[dict[str, Any]]:
    with space.client.open("GET", f"{space.path(MAPS)}?watch=true&timeoutSeconds=1&{query}") as watch:
        assert watch.status == 200
        return list(events(watch))


def test_row_34_a_watch_streams_lines_from_a_version_after_its_headers(empty: Space) -> None:
    version = empty.client.send("GET", empty.path(MAPS)).json()["metadata"]["resourceVersion"]
    url = f"{empty.path(MAPS)}?watch=true&resourceVersion={version}&timeoutSeconds=5"
    with empty.server.client() as other, other.open("GET", url) as watch:
        # The headers are here although nothing has happened yet.
        assert (watch.status, watch.getheader("Content-Type")) == (200, "application/json")
        assert watch.getheader("Transfer-Encoding") == "chunked"
        empty.create(MAPS, config_map())
        empty.kubectl("label", "configmap", "a", "k=v")
        empty.kubectl("delete", "configmap", "a")
        seen = events(watch)
        assert [next(seen)["type"] for _ in range(3)] == ["ADDED", "MODIFIED", "DELETED"]
        assert list(seen) == []


def test_row_35_a_version_that_is_too_old_is_a_410_in_the_stream(surrounding: None, tmp_path: Path) -> None:
    """On a server of its own, because it has to forget: its index is dropped and made again."""
    with Server(tmp_path / "data") as server:
        server.stop()
        server.porch("index", "drop", "--data-dir", str(server.data))
        server.start()
        url = f"{PORCH}/namespaces/default/packagerevisions?watch=true&resourceVersion=1&timeoutSeconds=2"
        with server.client() as client, client.open("GET", url) as watch:
            assert watch.status == 200
            [event] = events(watch)
    assert (event["type"], event["object"]["kind"]) == ("ERROR", "Status")
    assert (event["object"]["code"], event["object"]["reason"]) == (410, "Expired")
    assert event["object"]["message"].startswith("too old resource version: 1 (")


def test_row_36_bookmarks_for_those_who_ask(empty: Space) -> None:
    made = empty.create(MAPS, config_map())["metadata"]["resourceVersion"]
    last = _watched(empty, "allowWatchBookmarks=true")[-1]
    assert (last["type"], last["object"]["kind"], last["object"]["apiVersion"]) == ("BOOKMARK", "ConfigMap", "v1")
    assert int(last["object"]["metadata"]["resourceVersion"]) >= int(made)
    assert [event["type"] for event in _watched(empty, "allowWatchBookmarks=false")] == ["ADDED"]


def test_row_37_the_initial_events_end_with_a_bookmark_even_of_an_empty_list(empty: Space) -> None:
    first = _watched(empty, _STREAMED)[0]
    assert first["type"] == "BOOKMARK"
    assert first["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
    empty.create(MAPS, config_map())
    added, marked, *_ = _watched(empty, _STREAMED)
    assert (added["type"], marked["type"]) == ("ADDED", "BOOKMARK")
    assert marked["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
    without = empty.client.send("GET", f"{empty.path(MAPS)}?watch=true&sendInitialEvents=true&allowWatchBookmarks=true")
    assert without.status == 422
    assert "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan" in without.json()["message"]


def test_row_39_a_watch_over_websocket(server: Server, empty: Space) -> None:
    token = server.user(f"{empty.namespace}-browser", "system:masters")
    with opened(server, f"{empty.path(MAPS)}?watch=true", subprotocols=[bearer(token)]) as socket:
        socket.accepted()
        empty.create(MAPS, config_map())
        kind, obj = socket.told()
        assert (kind, obj["kind"], obj["metadata"]["name"]) == ("ADDED", "ConfigMap", "a")
        empty.kubectl("delete", "configmap", "a")
        assert socket.told()[0] == "DELETED"
    with opened(server, f"{empty.path(MAPS)}?watch=true", subprotocols=[bearer("bad")]) as socket:
        assert socket.refused()[0] == 401
