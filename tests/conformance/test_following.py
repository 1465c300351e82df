"""Rows 29, 30, 46 and 47: collections, dependents, leases and events."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conformance.objects import MAPS, config_map, text
from tests.wire.space import Space

_LEASES = "/apis/coordination.k8s.io/v1/namespaces/{}/leases"


def test_row_29_a_collection_is_deleted_by_selector(empty: Space) -> None:
    for name, label in (("a", "y"), ("b", "y"), ("c", "z")):
        empty.create(MAPS, config_map() | {"metadata": {"name": name, "labels": {"x": label}}})
    deleted = empty.client.send("DELETE", f"{empty.path(MAPS)}?labelSelector=x%3Dy").json()
    assert deleted["kind"] == "ConfigMapList"
    assert [item["metadata"]["name"] for item in deleted["items"]] == ["a", "b"]
    assert empty.names(MAPS) == ["c"]
    assert empty.client.send("DELETE", f"{empty.path(MAPS)}?labelSelector=x%3Dy").json()["items"] == []


def _family(space: Space) -> None:
    owner = space.create(MAPS, config_map("owner"))["metadata"]
    reference: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner["uid"]}
    metadata = {"name": "dependent", "ownerReferences": [reference | {"blockOwnerDeletion": True}]}
    space.create(MAPS, config_map() | {"metadata": metadata})


@pytest.mark.parametrize("cascade", ["foreground", "background", "orphan"])
def test_row_30_what_an_owner_leaves_behind(empty: Space, cascade: str) -> None:
    _family(empty)
    empty.kubectl("delete", "configmap", "owner", f"--cascade={cascade}", "--timeout=30s")
    if cascade == "orphan":
        assert empty.names(MAPS) == ["dependent"]
        assert "ownerReferences" not in empty.get(MAPS, "dependent")["metadata"]
        return
    if cascade == "background":
        empty.kubectl("wait", "--for=delete", "configmap/dependent", "--timeout=30s")
    assert empty.names(MAPS) == []


def test_row_46_of_two_who_take_a_lease_one_is_told_of_the_other(empty: Space) -> None:
    lease = {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": "leader"},
        "spec": {"holderIdentity": "one", "renewTime": "2025-01-02T03:04:05.000000Z"},
    }
    seen = empty.client.send("POST", _LEASES.format(empty.namespace), lease).json()
    assert seen["spec"]["renewTime"] == "2025-01-02T03:04:05.000000Z"
    takeovers = [seen | {"spec": seen["spec"] | {"holderIdentity": who}} for who in ("two", "three")]
    empty.kubectl("replace", "-f", "-", stdin=text(takeovers[0]))
    assert "(Conflict)" in empty.refused("replace", "-f", "-", stdin=text(takeovers[1]))
    assert empty.kubectl("get", "lease", "leader", "-o", "jsonpath={.spec.holderIdentity}").out == "two"


def test_row_47_events_are_made_counted_on_and_found(empty: Space) -> None:
    involved = empty.create(MAPS, config_map())["metadata"]
    about = {"kind": "ConfigMap", "namespace": empty.namespace, "name": "a", "uid": involved["uid"], "apiVersion": "v1"}
    event = {"metadata": {"name": "a.1"}, "involvedObject": about, "reason": "Seen", "message": "it was seen"}
    empty.create("events", event | {"type": "Normal", "count": 1, "source": {"component": "tests"}})
    counted = json.dumps({"count": 2}).encode()
    content_type = "application/strategic-merge-patch+json"
    answer = empty.client.send("PATCH", empty.path("events", "a.1"), counted, content_type=content_type)
    assert answer.json()["count"] == 2
    selector = f"involvedObject.name=a,involvedObject.uid={involved['uid']},reason=Seen,type=Normal"
    found = empty.kubectl("get", "events", "--field-selector", selector, "-o", "name").out
    assert found == "event/a.1\n"
    described = empty.kubectl("describe", "configmap", "a").out
    assert "Seen" in described.partition("Events:")[2]
    assert "it was seen" in described
