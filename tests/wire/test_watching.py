"""Watches over raw HTTPS: what client libraries rely on and kubectl does not show."""

from __future__ import annotations

from tests.wire.space import DOTTED, REVISIONS, Space, events


def _watch(space: Space, query: str) -> list[dict[str, object]]:
    with space.client.open("GET", f"{space.path(REVISIONS)}?watch=1&timeoutSeconds=1&{query}") as response:
        assert response.status == 200
        return list(events(response))


def test_a_watch_resumes_behind_a_version_without_loss_or_repetition(space: Space) -> None:
    start = space.client.send("GET", space.path(REVISIONS)).json()["metadata"]["resourceVersion"]
    space.draft()
    space.kubectl("label", "packagerevision", DOTTED, "a=b")
    middle = space.version(REVISIONS, DOTTED)
    space.kubectl("delete", "packagerevision", DOTTED)
    assert [event["type"] for event in _watch(space, f"resourceVersion={start}")] == ["ADDED", "MODIFIED", "DELETED"]
    assert [event["type"] for event in _watch(space, f"resourceVersion={middle}")] == ["DELETED"]


def test_a_bookmark_ends_a_watch_that_allows_them(space: Space) -> None:
    space.draft()
    last = _watch(space, "allowWatchBookmarks=true")[-1]
    assert last["type"] == "BOOKMARK"


def test_initial_events_end_with_a_marked_bookmark(space: Space) -> None:
    space.draft()
    query = "sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan"
    first, second, *_ = _watch(space, query)
    assert (first["type"], second["type"]) == ("ADDED", "BOOKMARK")
    assert second["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}  # type: ignore[index]


def test_a_version_of_the_future_is_refused(space: Space) -> None:
    answer = space.client.send(
        "GET", f"{space.path(REVISIONS)}?resourceVersion=999999999&resourceVersionMatch=Exact&limit=5"
    )
    assert answer.status in {400, 410, 504}
