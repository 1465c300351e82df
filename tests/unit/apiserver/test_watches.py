"""Watches: what a stream begins with, what it tells, and how it ends."""

from __future__ import annotations

from typing import Any

import pytest

from porch.apiserver import Limits, Resource
from porch.keys import ObjectKey
from porch.store import NewVersion, Store
from tests.support.wire import OpenWatch, Wire

MAPS = "/api/v1/namespaces/default/configmaps"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
METADATA = "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io"


def add(wire: Wire, name: str, namespace: str = "default", **labels: str) -> Any:
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    return wire.post(path, {"metadata": {"name": name, "labels": labels}}).json


def version(obj: Any) -> str:
    return str(obj["metadata"]["resourceVersion"])


def told(watch: OpenWatch) -> tuple[str, str]:
    event = watch.next()
    return event["type"], event["object"]["metadata"]["name"]


def test_a_watch_begins_with_what_is_there_and_follows(wire: Wire) -> None:
    created = add(wire, "a")
    watch = wire.watch(f"{MAPS}?watch=1")
    assert watch.next() == {"type": "ADDED", "object": created}
    changed = wire.patch(f"{MAPS}/a", {"data": {"x": "1"}}).json
    assert watch.next() == {"type": "MODIFIED", "object": changed}
    wire.delete(f"{MAPS}/a")
    deleted = watch.next()
    assert deleted["type"] == "DELETED"
    assert deleted["object"]["data"] == {"x": "1"}
    assert int(version(deleted["object"])) > int(version(changed))


def test_a_watch_from_a_version_tells_only_what_came_after(wire: Wire) -> None:
    first = add(wire, "a")
    add(wire, "b")
    watch = wire.watch(f"{MAPS}?watch=true&resourceVersion={version(first)}")
    assert told(watch) == ("ADDED", "b")


def test_a_watch_from_the_future_waits_for_it(wire: Wire) -> None:
    first = add(wire, "a")
    watch = wire.watch(f"{MAPS}?watch=true&resourceVersion={int(version(first)) + 1}")
    add(wire, "b")
    add(wire, "c")
    assert told(watch) == ("ADDED", "c")


def test_other_namespaces_are_not_told(wire: Wire) -> None:
    watch = wire.watch(f"{MAPS}?watch=true")
    everywhere = wire.watch("/api/v1/configmaps?watch=true")
    add(wire, "a", "other")
    add(wire, "b")
    assert told(watch) == ("ADDED", "b")
    assert told(everywhere) == ("ADDED", "a")


def test_entering_and_leaving_a_selection(wire: Wire) -> None:
    watch = wire.watch(f"{MAPS}?watch=true&labelSelector=color%3Dred")
    add(wire, "a", color="blue")
    red = wire.patch(f"{MAPS}/a", {"metadata": {"labels": {"color": "red"}}}).json
    assert watch.next() == {"type": "ADDED", "object": red}
    green = wire.patch(f"{MAPS}/a", {"metadata": {"labels": {"color": "green"}}}).json
    red["metadata"]["resourceVersion"] = version(green)
    assert watch.next() == {"type": "DELETED", "object": red}


@pytest.mark.parametrize("path", [f"{MAPS}/b?watch=1", f"{MAPS}?watch=1&fieldSelector=metadata.name%3Db"])
def test_one_object_can_be_watched(wire: Wire, path: str) -> None:
    watch = wire.watch(path)
    add(wire, "a")
    add(wire, "b")
    assert told(watch) == ("ADDED", "b")


def test_a_streaming_list_marks_its_end_even_when_empty(wire: Wire) -> None:
    query = "watch=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
    empty = wire.watch(f"{MAPS}?{query}").next()
    assert (empty["type"], empty["object"]["kind"], empty["object"]["apiVersion"]) == ("BOOKMARK", "ConfigMap", "v1")
    assert empty["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
    created = add(wire, "a")
    full = wire.watch(f"{MAPS}?{query}")
    assert told(full) == ("ADDED", "a")
    assert version(full.next()["object"]) == version(created)


def test_a_timeout_ends_the_stream_cleanly_after_a_bookmark(wire: Wire) -> None:
    created = add(wire, "a")
    watch = wire.watch(f"{MAPS}?watch=1&resourceVersion={version(created)}&timeoutSeconds=1&allowWatchBookmarks=true")
    bookmark = watch.next()
    assert (bookmark["type"], version(bookmark["object"])) == ("BOOKMARK", version(created))
    assert watch.next() is None


def test_a_stopping_server_ends_the_stream_cleanly(wire: Wire) -> None:
    watch = wire.watch(f"{MAPS}?watch=1")
    wire.stopping.set()
    assert watch.next() is None


def test_a_client_that_leaves_is_noticed(wire: Wire) -> None:
    watch = wire.watch(f"{MAPS}?watch=1")
    watch.leave()


def test_a_compacted_version_is_expired(store: Store, request: pytest.FixtureRequest) -> None:
    """Of changes from before the server's start, which nobody has in memory."""
    new = NewVersion(ObjectKey("configmaps", "default", "a"), "u", b'","name":"a"}}')
    for _ in range(4):
        store.commit(lambda transaction: transaction.versions.put(new))
    store.compact(3)
    wire: Wire = request.getfixturevalue("wire")
    watch = wire.watch(f"{MAPS}?watch=1&resourceVersion=1")
    event = watch.next()
    assert (event["type"], event["object"]["kind"]) == ("ERROR", "Status")
    assert (event["object"]["code"], event["object"]["reason"]) == (410, "Expired")
    assert watch.next() is None


def test_a_table_watch_has_its_columns_in_the_first_event_only(wire: Wire) -> None:
    add(wire, "a")
    watch = wire.watch(f"{MAPS}?watch=1", accept=TABLE)
    first = watch.next()["object"]
    assert (first["kind"], len(first["columnDefinitions"]), first["rows"][0]["cells"][0]) == ("Table", 2, "a")
    add(wire, "b")
    assert watch.next()["object"]["columnDefinitions"] is None


def test_a_table_watch_has_bookmarks_too(wire: Wire) -> None:
    watch = wire.watch(f"{MAPS}?watch=1&allowWatchBookmarks=true&timeoutSeconds=1", accept=TABLE)
    bookmark = watch.next()
    assert (bookmark["type"], bookmark["object"]["kind"]) == ("BOOKMARK", "Table")
    assert bookmark["object"]["rows"][0]["object"]["metadata"]["resourceVersion"]


def test_a_metadata_watch(wire: Wire) -> None:
    created = add(wire, "a")
    event = wire.watch(f"{MAPS}?watch=1", accept=METADATA).next()
    assert event["object"]["kind"] == "PartialObjectMetadata"
    assert event["object"]["metadata"] == created["metadata"]


@pytest.mark.parametrize(
    ("query", "code", "text"),
    [
        ("sendInitialEvents=true", 422, "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"),
        ("resourceVersionMatch=Exact", 422, "is forbidden for watch unless sendInitialEvents is provided"),
        ("resourceVersion=abc", 400, "invalid resource version"),
        ("fieldSelector=spec.foo%3Dx", 400, "field label not supported"),
        ("resourceVersion=1&fieldSelector=spec.foo%3Dx", 400, "field label not supported"),
        ("timeoutSeconds=soon", 400, 'parsing "soon"'),
    ],
)
def test_bad_watch_options_are_refused_before_the_stream(wire: Wire, query: str, code: int, text: str) -> None:
    reply = wire.watch(f"{MAPS}?watch=1&{query}").reply()
    assert reply.code == code
    assert text in reply.message


def test_too_many_watches_are_told_to_come_back(resources: list[Resource], store: Store) -> None:
    with Wire(resources, store, Limits(watches=1)) as wire:
        first = wire.watch(f"{MAPS}?watch=1")
        assert wire.watch(f"{MAPS}?watch=1").reply().code == 429
        first.leave()
        add(wire, "a")
        assert told(wire.watch(f"{MAPS}?watch=1")) == ("ADDED", "a")
