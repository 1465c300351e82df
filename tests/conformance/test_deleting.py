"""Rows 26 to 28: delete, what holds it up, and its conditions."""

from __future__ import annotations

from tests.conformance.objects import MAPS, config_map
from tests.wire.space import Space, events


def test_row_26_delete_tells_the_uid_and_kubectl_sees_the_end(empty: Space) -> None:
    uid = empty.create(MAPS, config_map())["metadata"]["uid"]
    assert empty.client.send("DELETE", empty.path(MAPS, "a")).json() == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": {"name": "a", "kind": MAPS, "uid": uid},
    }
    empty.create(MAPS, config_map())
    assert empty.kubectl("delete", "configmap", "a", "--timeout=10s").out.startswith('configmap "a" deleted')
    assert empty.names(MAPS) == []
    assert empty.client.send("DELETE", empty.path(MAPS, "a")).status == 404


def test_row_27_the_last_finalizer_ends_the_object(empty: Space) -> None:
    empty.create(MAPS, config_map() | {"metadata": {"name": "a", "finalizers": ["example.com/hold"]}})
    deleted = empty.client.send("DELETE", empty.path(MAPS, "a")).json()
    assert (deleted["kind"], deleted["metadata"]["deletionGracePeriodSeconds"]) == ("ConfigMap", 0)
    assert deleted["metadata"]["deletionTimestamp"]
    again = empty.client.send("DELETE", empty.path(MAPS, "a"))
    assert (again.status, again.json()) == (200, deleted)
    more = {"metadata": {"finalizers": ["example.com/hold", "example.com/more"]}}
    refused = empty.client.send("PATCH", empty.path(MAPS, "a"), more, content_type="application/merge-patch+json")
    assert "no new finalizers can be added if the object is being deleted" in refused.json()["message"]

    version = deleted["metadata"]["resourceVersion"]
    none = {"metadata": {"finalizers": None}}
    last = empty.client.send("PATCH", empty.path(MAPS, "a"), none, content_type="application/merge-patch+json")
    assert last.status == 200
    assert "finalizers" not in last.json()["metadata"]
    assert empty.client.send("GET", empty.path(MAPS, "a")).status == 404
    query = f"watch=true&resourceVersion={version}&timeoutSeconds=1"
    with empty.client.open("GET", f"{empty.path(MAPS)}?{query}") as watch:
        [event] = events(watch)
    assert event["type"] == "DELETED"
    assert event["object"]["metadata"]["finalizers"] == ["example.com/hold"]
    assert int(event["object"]["metadata"]["resourceVersion"]) > int(version)


def test_row_28_preconditions_that_are_not_met(empty: Space) -> None:
    uid = empty.create(MAPS, config_map())["metadata"]["uid"]
    for condition, text in (
        ({"uid": "x"}, f"the UID in the precondition (x) does not match the UID in record ({uid})"),
        ({"resourceVersion": "1"}, "the ResourceVersion in the precondition (1) does not match"),
    ):
        answer = empty.client.send("DELETE", empty.path(MAPS, "a"), {"preconditions": condition})
        assert (answer.status, answer.json()["reason"]) == (409, "Conflict")
        assert text in answer.json()["message"]
    assert empty.client.send("DELETE", empty.path(MAPS, "a"), {"preconditions": {"uid": uid}}).status == 200
