"""Shared informers of client-go: what their caches hold is what a list returns, whatever happened in between."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from porch.store.sqlite.store import open_store
from tests.clients.goprogram import Line, Running, of, running
from tests.support.server import CORE, Server
from tests.wire.space import RESOURCES as FILES
from tests.wire.space import REVISIONS, Space

RESOURCES = ("configmaps", REVISIONS)
STREAMED, LISTED = "true", "false"
PROTOBUF = "application/vnd.kubernetes.protobuf"


@contextmanager
def informers(space: Space, stream: str = STREAMED, *options: str) -> Iterator[Running]:
    """Informers that get their first objects by a stream (WatchList) or by a list."""
    gate = {"KUBE_FEATURE_WatchListClient": stream}
    with running(space.server, "informers", "--namespace", space.namespace, *options, environment=gate) as program:
        program.event("started", watchList=stream == STREAMED)
        yield program


def configmap(space: Space, name: str) -> None:
    space.create("configmaps", {"metadata": {"name": name}})


def label(space: Space, resource: str, name: str, value: str) -> None:
    patch = {"metadata": {"labels": {"step": value}}}
    kind = "application/merge-patch+json"
    assert space.client.send("PATCH", space.path(resource, name), patch, content_type=kind).status == 200


def delete(space: Space, resource: str, name: str) -> None:
    assert space.client.send("DELETE", space.path(resource, name)).status == 200


def listed(space: Space) -> dict[str, dict[str, str]]:
    return {
        resource: {
            item["metadata"]["name"]: item["metadata"]["resourceVersion"]
            for item in space.client.send("GET", space.path(resource)).json()["items"]
        }
        for resource in RESOURCES
    }


def cache(program: Running) -> dict[str, dict[str, str]]:
    program.ask("cache")
    held: dict[str, dict[str, str]] = program.event("cache")["cache"]
    return held


def changes(lines: list[Line], resource: str) -> list[tuple[str, str]]:
    words = ("ADDED", "MODIFIED", "DELETED")
    return [(line["event"], line["name"]) for line in lines if line["event"] in words and line["resource"] == resource]


def requests(lines: list[Line], resource: str) -> list[Line]:
    return [line for line in of(lines, "request") if line["path"].endswith(f"/{resource}")]


def test_informers_sync_by_one_stream_with_watch_list(space: Space) -> None:
    configmap(space, "settings")
    space.draft("web")
    with informers(space, STREAMED) as program:
        assert program.event("synced")["cache"] == listed(space)
    for resource in RESOURCES:
        (request,) = requests(program.seen, resource)
        assert "sendInitialEvents=true" in request["query"]
        assert request["status"] == 200


def test_informers_sync_by_a_list_and_a_watch_without_watch_list(space: Space) -> None:
    configmap(space, "settings")
    space.draft("web")
    with informers(space, LISTED) as program:
        assert program.event("synced")["cache"] == listed(space)
    for resource in RESOURCES:
        request, *_ = requests(program.seen, resource)
        assert "watch" not in request["query"]
    assert not [line for line in program.seen if "sendInitialEvents" in line.get("query", "")]


@pytest.mark.parametrize("stream", [STREAMED, LISTED])
def test_informers_tell_each_change_once(space: Space, stream: str) -> None:
    with informers(space, stream) as program:
        program.event("synced")
        configmap(space, "settings")
        label(space, "configmaps", "settings", "one")
        delete(space, "configmaps", "settings")
        program.event("DELETED", resource="configmaps", labels={"step": "one"}, missed=False)
        name = space.draft("web")
        program.event("ADDED", resource=REVISIONS, name=name, initial=False)
        label(space, REVISIONS, name, "one")
        program.event("MODIFIED", resource=REVISIONS, labels={"step": "one"})
        delete(space, REVISIONS, name)
        program.event("DELETED", resource=REVISIONS, missed=False)
        assert cache(program) == listed(space)
    expected = ["ADDED", "MODIFIED", "DELETED"]
    assert changes(program.seen, "configmaps") == [(word, "settings") for word in expected]
    assert changes(program.seen, REVISIONS) == [(word, name) for word in expected]


@pytest.mark.parametrize("stream", [STREAMED, LISTED])
def test_an_informer_that_would_rather_have_protobuf_takes_json(space: Space, stream: str) -> None:
    configmap(space, "settings")
    with informers(space, stream, "--content-type", PROTOBUF) as program:
        assert program.event("synced")["cache"] == listed(space)
        label(space, "configmaps", "settings", "one")
        program.event("MODIFIED", resource="configmaps", labels={"step": "one"})
    assert all(line["accept"].startswith(PROTOBUF) for line in requests(program.seen, "configmaps"))


@pytest.mark.parametrize("stream", [STREAMED, LISTED])
def test_an_informer_of_files_is_told_of_files_alone(space: Space, stream: str) -> None:
    name = space.draft("web")
    with informers(space, stream, "--also", FILES) as program:
        program.event("synced")
        label(space, REVISIONS, name, "one")
        program.event("MODIFIED", resource=REVISIONS)
        patch = {"spec": {"resources": {"note.txt": "hello"}}}
        kind = "application/merge-patch+json"
        assert space.client.send("PATCH", space.path(FILES, name), patch, content_type=kind).status == 200
        program.event("MODIFIED", resource=FILES)
        assert cache(program)[FILES] == {name: space.version(FILES, name)}
        delete(space, REVISIONS, name)
        program.event("DELETED", resource=FILES, missed=False)
        assert cache(program)[FILES] == {}
    assert changes(program.seen, FILES) == [("ADDED", name), ("MODIFIED", name), ("DELETED", name)]


# Restarts


@contextmanager
def restartable(directory: Path) -> Iterator[Space]:
    with Server(directory / "data") as server, server.client() as client:
        space = Space(server, "restarts", client)
        assert client.send("POST", f"{CORE}/namespaces", {"metadata": {"name": space.namespace}}).status == 201
        space.register()
        yield space


@contextmanager
def started_again(space: Space) -> Iterator[Space]:
    """The server has been stopped; here is another one with its data, at its address."""
    port = str(urlsplit(space.server.url).port)
    with Server(space.server.data, "--port", port) as server, server.client() as client:
        yield Space(server, space.namespace, client)


def prepare(space: Space) -> None:
    for name in ("stays", "changes", "goes"):
        configmap(space, name)
        space.draft(name)


def change(space: Space) -> None:
    """To each resource: one object changes, one goes, one comes, in this order."""
    prefix = {"configmaps": "", REVISIONS: "blueprints."}
    suffix = {"configmaps": "", REVISIONS: ".v1"}
    for resource in RESOURCES:
        label(space, resource, f"{prefix[resource]}changes{suffix[resource]}", "one")
        delete(space, resource, f"{prefix[resource]}goes{suffix[resource]}")
    configmap(space, "comes")
    space.draft("comes")


def see_one_change_each(space: Space, program: Running) -> None:
    """A watch that ends in its first second without an event makes client-go start over; here it shall go on."""
    names = {"configmaps": "stays", REVISIONS: "blueprints.stays.v1"}
    for resource, name in names.items():
        label(space, resource, name, "zero")
    waited = set(names.values())
    while waited:
        waited.discard(program.until(lambda line: line["event"] == "MODIFIED" and line["name"] in waited)["name"])


def wait_for_what_came(program: Running) -> None:
    came = {"comes", "blueprints.comes.v1"}
    while came:
        came.discard(program.until(lambda line: line["event"] == "ADDED" and line["name"] in came)["name"])


@pytest.mark.parametrize("stream", [STREAMED, LISTED])
def test_informers_go_on_after_a_restart_without_losing_an_event(tmp_path: Path, stream: str) -> None:
    with restartable(tmp_path) as space:
        prepare(space)
        with informers(space, stream) as program:
            program.event("synced")
            see_one_change_each(space, program)
            before = len(program.seen)
            # Asleep, so that all changes happen while nobody watches.
            program.process.send_signal(signal.SIGSTOP)
            space.server.stop(signal.SIGKILL)
            with started_again(space) as again:
                change(again)
                program.process.send_signal(signal.SIGCONT)
                wait_for_what_came(program)
                assert cache(program) == listed(again)
                since = program.seen[before:]
    assert changes(since, "configmaps") == [("MODIFIED", "changes"), ("DELETED", "goes"), ("ADDED", "comes")]
    assert changes(since, REVISIONS) == [
        ("MODIFIED", "blueprints.changes.v1"),
        ("DELETED", "blueprints.goes.v1"),
        ("ADDED", "blueprints.comes.v1"),
    ]
    # They resumed: nobody asked for everything again.
    assert not [line for line in of(since, "request") if "resourceVersion=" not in line["query"]]
    assert not [line for line in of(since, "request") if "sendInitialEvents" in line["query"]]


@pytest.mark.parametrize("stream", [STREAMED, LISTED])
def test_informers_start_over_when_history_has_gone(tmp_path: Path, stream: str) -> None:
    with restartable(tmp_path) as space:
        prepare(space)
        with informers(space, stream) as program:
            program.event("synced")
            before = len(program.seen)
            program.process.send_signal(signal.SIGSTOP)
            space.server.stop()
            with started_again(space) as again:
                change(again)
                again.server.stop()
            compact(space.server)
            with started_again(space) as again:
                program.process.send_signal(signal.SIGCONT)
                wait_for_what_came(program)
                assert cache(program) == listed(again)
                since = program.seen[before:]
    assert {("DELETED", "goes"), ("ADDED", "comes")} <= set(changes(since, "configmaps"))
    assert {line["name"] for line in of(since, "DELETED") if line["missed"]} == {"goes", "blueprints.goes.v1"}


def compact(server: Server) -> None:
    """What upkeep does once a minute, with a history of no length."""
    store = open_store(server.data / "porch.db")
    try:
        with store.read() as reads:
            newest = reads.versions.version()
        store.compact(newest)
    finally:
        store.close()
