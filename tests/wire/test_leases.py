"""Leases, as leader elections use them."""

from __future__ import annotations

import json
from typing import Any

from tests.wire.space import Space

_LEASES = "/apis/coordination.k8s.io/v1/namespaces/{}/leases"


def _lease(holder: str, **metadata: Any) -> dict[str, Any]:
    spec = {"holderIdentity": holder, "leaseDurationSeconds": 15, "renewTime": "2025-01-02T03:04:05.678901Z"}
    return {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": "leader", **metadata},
        "spec": spec,
    }


def test_of_two_candidates_with_the_same_version_one_wins(empty: Space) -> None:
    empty.kubectl("create", "-f", "-", stdin=json.dumps(_lease("first")))
    path = f"{_LEASES.format(empty.namespace)}/leader"
    seen = empty.client.send("GET", path).json()["metadata"]["resourceVersion"]
    answers = [
        empty.client.send("PUT", path, _lease(holder, resourceVersion=seen)).status for holder in ("second", "third")
    ]
    assert answers == [200, 409]
    held = empty.client.send("GET", path).json()["spec"]
    assert (held["holderIdentity"], held["renewTime"]) == ("second", "2025-01-02T03:04:05.678901Z")


def test_a_takeover_must_name_the_version(empty: Space) -> None:
    empty.kubectl("create", "-f", "-", stdin=json.dumps(_lease("first")))
    answer = empty.client.send("PUT", f"{_LEASES.format(empty.namespace)}/leader", _lease("second"))
    assert answer.status == 422
    assert "must be specified for an update" in answer.json()["message"]


def test_kubectl_shows_the_holder(empty: Space) -> None:
    empty.kubectl("apply", "-f", "-", stdin=json.dumps(_lease("first")))
    lines = empty.kubectl("get", "leases").out.splitlines()
    assert lines[0].split() == ["NAME", "HOLDER", "AGE"]
    assert lines[1].split()[:2] == ["leader", "first"]
    empty.kubectl("patch", "lease", "leader", "--type=merge", "-p", '{"spec":{"holderIdentity":"other"}}')
    assert "other" in empty.kubectl("get", "lease", "leader").out
    described = empty.kubectl("describe", "lease", "leader").out
    assert "Renew Time:" in described
