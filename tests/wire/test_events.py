"""Events, as recorders write them and people read them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.githttp import dead_url
from tests.support.server import CORE, Server, run
from tests.wire.space import Space, repository
from tests.wire.space import events as changes

_NEW = "/apis/events.k8s.io/v1/namespaces/{}/events"


def _event(space: Space, name: str = "hello.1", **fields: Any) -> dict[str, Any]:
    about = {"kind": "ConfigMap", "apiVersion": "v1", "namespace": space.namespace, "name": "hello"}
    told = {"reason": "Greeted", "message": "hello there", "type": "Normal", "count": 1, "source": {"component": "t"}}
    times = dict.fromkeys(("firstTimestamp", "lastTimestamp"), "2025-01-02T03:04:05Z")
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name},
        "involvedObject": about,
        **told,
        **times,
        **fields,
    }


def test_describe_shows_the_events_of_an_object(empty: Space) -> None:
    empty.kubectl("create", "configmap", "hello")
    uid = empty.get("configmaps", "hello")["metadata"]["uid"]
    event = _event(empty)
    event["involvedObject"]["uid"] = uid
    empty.create("events", event)
    empty.create("events", _event(empty, "other.1", message="another uid"))
    described = empty.kubectl("describe", "configmap", "hello").out
    assert "Greeted" in described
    assert "hello there" in described
    assert "another uid" not in described


def test_kubectl_lists_events(empty: Space) -> None:
    empty.create("events", _event(empty))
    listed = empty.kubectl("get", "events").out.splitlines()
    assert listed[0].split() == ["LAST", "SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"]
    assert listed[1].split()[1:] == ["Normal", "Greeted", "configmap/hello", "hello", "there"]
    assert "hello.1" in empty.kubectl("get", "events.events.k8s.io", "-o", "wide").out
    assert "hello there" in empty.kubectl("events", "--for=configmap/hello").out
    assert empty.kubectl("get", "events", "--field-selector=type=Warning").out == ""


def test_a_recorder_counts_on_by_a_strategic_patch(empty: Space) -> None:
    made = empty.create("events", _event(empty))
    patch = {"count": 2, "lastTimestamp": "2025-01-02T04:00:00Z"}
    answer = empty.client.send(
        "PATCH", empty.path("events", "hello.1"), patch, content_type="application/strategic-merge-patch+json"
    )
    assert (answer.status, answer.json()["count"]) == (200, 2)
    shown = empty.client.send("GET", f"{_NEW.format(empty.namespace)}/hello.1").json()
    assert (shown["apiVersion"], shown["deprecatedCount"], shown["note"]) == ("events.k8s.io/v1", 2, "hello there")
    assert shown["metadata"]["uid"] == made["metadata"]["uid"]
    assert shown["metadata"]["resourceVersion"] == answer.json()["metadata"]["resourceVersion"]


def test_a_watch_of_either_group_sees_what_the_other_wrote(empty: Space) -> None:
    watch = f"{_NEW.format(empty.namespace)}?watch=true&timeoutSeconds=20&fieldSelector=regarding.name%3Dhello"
    with empty.server.client() as watching, watching.open("GET", watch) as stream:
        made = empty.create("events", _event(empty))
        young = _event(empty, "hello.2") | {"apiVersion": "events.k8s.io/v1"}
        for name in ("involvedObject", "message", "count", "source", "firstTimestamp", "lastTimestamp"):
            young.pop(name)
        young |= {
            "regarding": _event(empty)["involvedObject"],
            "note": "hi",
            "eventTime": "2025-01-02T03:04:05.678901Z",
            "reportingController": "example.com/t",
            "reportingInstance": "one",
            "action": "Greet",
        }
        posted = empty.client.send("POST", _NEW.format(empty.namespace), young)
        assert posted.status == 201, posted
        empty.kubectl("delete", "event", "hello.1")
        seen = changes(stream)
        first, second, third = next(seen), next(seen), next(seen)
    assert (first["type"], first["object"]["note"]) == ("ADDED", "hello there")
    assert first["object"]["metadata"]["resourceVersion"] == made["metadata"]["resourceVersion"]
    assert (second["type"], second["object"]["note"]) == ("ADDED", "hi")
    assert (third["type"], third["object"]["metadata"]["name"]) == ("DELETED", "hello.1")
    assert empty.get("events", "hello.2")["eventTime"] == "2025-01-02T03:04:05.678901Z"


def test_a_put_replaces_an_event(empty: Space) -> None:
    made = empty.create("events", _event(empty))
    answer = empty.client.send("PUT", empty.path("events", "hello.1"), made | {"message": "bye"})
    assert (answer.status, answer.json()["message"]) == (200, "bye")
    refused = empty.kubectl("create", "-f", "-", stdin=json.dumps(_event(empty, lastTimestamp="noon")), code=1)
    assert "lastTimestamp" in refused.err


def test_describe_tells_why_a_repository_is_not_ready(empty: Space) -> None:
    empty.create("repositories", repository("dead", dead_url()))
    empty.kubectl("wait", "--for=jsonpath={.status.conditions[0].reason}=Error", "repository/dead", "--timeout=20s")
    (condition,) = empty.get("repositories", "dead")["status"]["conditions"]
    described = empty.kubectl("describe", "repository", "dead").out
    assert "SyncFailed" in described
    events = empty.client.send("GET", empty.path("events")).json()["items"]
    assert condition["message"] in [event["message"] for event in events]


@pytest.mark.usefixtures("surrounding")
def test_a_repository_that_recovers_says_so(tmp_path: Path) -> None:
    place = tmp_path / "later.git"
    with Server(tmp_path / "data", "--file-repositories", str(tmp_path)) as server, server.client() as client:
        space = Space(server, "default", client)
        space.create("repositories", repository("late", f"file://{place}", createBranch=True))
        space.kubectl("wait", "--for=jsonpath={.status.conditions[0].reason}=Error", "repository/late", "--timeout=20s")
        run(["git", "init", "--quiet", "--bare", "--initial-branch=main", str(place)])
        # A new spec is looked at now, not at the next interval.
        space.kubectl("patch", "repository", "late", "--type=merge", "-p", '{"spec":{"description":"there now"}}')
        space.kubectl("wait", "--for=condition=Ready", "repository/late", "--timeout=20s")
        assert "SyncRecovered" in space.kubectl("describe", "repository", "late").out


@pytest.mark.usefixtures("surrounding")
def test_events_end(tmp_path: Path) -> None:
    with Server(tmp_path / "data", "--event-ttl", "1") as server, server.client() as client:
        space = Space(server, "default", client)
        with server.client() as watching:
            stream = watching.open("GET", f"{CORE}/events?watch=true&timeoutSeconds=20")
            space.create("events", _event(space))
            told = changes(stream)
            assert [next(told)["type"], next(told)["type"]] == ["ADDED", "DELETED"]
            stream.close()
