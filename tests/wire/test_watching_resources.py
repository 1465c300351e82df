"""Watches of PackageRevisionResources: they follow the log of package revisions, with the files of each version."""

from __future__ import annotations

from typing import Any

import pytest

from tests.wire.space import DOTTED, RESOURCES, REVISIONS, Space, events

Event = dict[str, Any]
MERGE = "application/merge-patch+json"


def newest(space: Space) -> str:
    return str(space.client.send("GET", space.path(RESOURCES)).json()["metadata"]["resourceVersion"])


def watch(space: Space, query: str) -> list[Event]:
    """All events until the server ends the watch, a second after the last."""
    with space.client.open("GET", f"{space.path(RESOURCES)}?watch=1&timeoutSeconds=1&{query}") as response:
        assert response.status == 200
        return list(events(response))


def save(space: Space, name: str = DOTTED, **files: str | None) -> Event:
    answer = space.client.send("PATCH", space.path(RESOURCES, name), {"spec": {"resources": files}}, content_type=MERGE)
    assert answer.status == 200, answer
    saved: Event = answer.json()
    return saved


def label(space: Space, value: str | None, name: str = DOTTED) -> int:
    """The version of that change."""
    patch = {"metadata": {"labels": {"color": value}}}
    answer = space.client.send("PATCH", space.path(REVISIONS, name), patch, content_type=MERGE)
    assert answer.status == 200
    return int(answer.json()["metadata"]["resourceVersion"])


def told(found: list[Event]) -> list[tuple[str, str | None]]:
    """Each event with the text of one file."""
    return [(event["type"], event["object"]["spec"]["resources"].get("note.txt")) for event in found]


def test_each_change_of_files_is_one_event_with_the_files_of_its_time(space: Space) -> None:
    start = newest(space)
    space.draft()
    first, second = save(space, **{"note.txt": "one\n"}), save(space, **{"note.txt": "two\n"})
    found = watch(space, f"resourceVersion={start}")
    assert told(found) == [("ADDED", None), ("MODIFIED", "one\n"), ("MODIFIED", "two\n")]
    assert [event["object"] for event in found[1:]] == [first, second]
    assert told(watch(space, f"resourceVersion={first['metadata']['resourceVersion']}")) == [("MODIFIED", "two\n")]


def test_what_changes_no_file_is_no_event(space: Space) -> None:
    space.draft()
    start = newest(space)
    label(space, "red")
    assert watch(space, f"resourceVersion={start}") == []
    revision = space.get(REVISIONS, DOTTED)
    revision["spec"]["packageMetadata"] = {"labels": {"tier": "one"}}
    assert space.client.send("PUT", space.path(REVISIONS, DOTTED), revision).status == 200
    (event,) = watch(space, f"resourceVersion={start}")
    assert event == {"type": "MODIFIED", "object": space.get(RESOURCES, DOTTED)}
    assert "tier: one" in event["object"]["spec"]["resources"]["Kptfile"]


def test_an_end_has_the_last_files(space: Space) -> None:
    space.draft()
    start = int(save(space, **{"note.txt": "one\n"})["metadata"]["resourceVersion"])
    assert space.client.send("DELETE", space.path(REVISIONS, DOTTED)).status == 200
    (event,) = watch(space, f"resourceVersion={start}")
    assert told([event]) == [("DELETED", "one\n")]
    assert int(event["object"]["metadata"]["resourceVersion"]) > start


def test_an_unregistered_repository_takes_its_resources_along(space: Space) -> None:
    space.draft()
    start = newest(space)
    space.kubectl("delete", "repository", "blueprints", "--wait")
    with space.client.open("GET", f"{space.path(RESOURCES)}?watch=1&resourceVersion={start}") as response:
        event = next(events(response))
    assert (event["type"], event["object"]["metadata"]["name"]) == ("DELETED", DOTTED)


def test_labels_of_the_revision_select(space: Space) -> None:
    space.draft()
    space.draft("other")
    start = newest(space)
    entered = label(space, "red")
    save(space, **{"note.txt": "one\n"})
    save(space, "blueprints.other.v1", **{"note.txt": "other\n"})
    label(space, "blue")
    found = watch(space, f"labelSelector=color%3Dred&resourceVersion={start}")
    assert told(found) == [("ADDED", None), ("MODIFIED", "one\n"), ("DELETED", "one\n")]
    versions = [int(event["object"]["metadata"]["resourceVersion"]) for event in found]
    assert versions == sorted(versions)
    assert versions[0] == entered


def test_what_a_watch_has_told_can_be_saved(space: Space) -> None:
    space.draft()
    start = newest(space)
    label(space, "red")
    (entered,) = watch(space, f"labelSelector=color%3Dred&resourceVersion={start}")
    entered["object"]["spec"]["resources"]["note.txt"] = "mine\n"
    saved = space.client.send("PUT", space.path(RESOURCES, DOTTED), entered["object"])
    assert saved.status == 200, saved
    assert space.client.send("PUT", space.path(RESOURCES, DOTTED), entered["object"]).status == 409


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("metadata.name=blueprints.other.v1", ["other"]),
        ("spec.packageName=my-package", ["my-package"]),
        ("spec.lifecycle=Draft", ["my-package", "other"]),
        ("spec.lifecycle=Proposed", []),
        ("spec.revision=v1", []),
    ],
)
def test_fields_of_the_revision_select(space: Space, selector: str, names: list[str]) -> None:
    start = newest(space)
    space.draft()
    space.draft("other")
    query = f"fieldSelector={selector.replace('=', '%3D')}"
    for found in (watch(space, query), watch(space, f"{query}&resourceVersion={start}")):
        assert [event["object"]["spec"]["packageName"] for event in found] == names
    refused = space.client.send("GET", f"{space.path(RESOURCES)}?watch=1&fieldSelector=spec.nothing%3Dx")
    assert refused.status == 400


def test_a_streaming_list_has_the_files_and_marks_its_end(space: Space) -> None:
    space.draft()
    query = "sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan"
    first, second, *rest = watch(space, query)
    assert first == {"type": "ADDED", "object": space.get(RESOURCES, DOTTED)}
    assert second["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
    assert [event["type"] for event in rest] == ["BOOKMARK"]


def test_kubectl_follows_the_number_of_files(space: Space) -> None:
    with space.following("get", RESOURCES, "-w", "--output-watch-events") as lines:
        space.draft()
        lines.until("EVENT")
        assert lines.next().split() == ["ADDED", DOTTED, "my-package", "v1", "0", "blueprints", "3"]
        save(space, **{"note.txt": "one\n"})
        assert lines.next().split()[-1] == "4"
        assert space.client.send("DELETE", space.path(REVISIONS, DOTTED)).status == 200
        assert lines.next().split()[:2] == ["DELETED", DOTTED]


def test_packages_can_be_watched(space: Space) -> None:
    path = space.path("packages")
    start = newest(space)
    space.draft("team/web")
    assert space.client.send("DELETE", space.path(REVISIONS, "blueprints.team.web.v1")).status == 200
    with space.client.open("GET", f"{path}?watch=1&timeoutSeconds=1&resourceVersion={start}") as response:
        found = list(events(response))
    assert [event["type"] for event in found] == ["ADDED", "DELETED"]
    assert {event["object"]["spec"]["packageName"] for event in found} == {"team/web"}
