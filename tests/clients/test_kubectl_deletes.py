"""What goes with what is deleted: dependents by policy, a namespace with all that is in it."""

from __future__ import annotations

import json

import pytest

from tests.clients.program import Program
from tests.support.server import CORE
from tests.wire.space import REVISIONS


@pytest.fixture
def owned(kubectl: Program) -> Program:
    """The ConfigMap `owner`, and `dependent`, which it owns."""
    kubectl("create", "configmap", "owner")
    uid = kubectl.space.get("configmaps", "owner")["metadata"]["uid"]
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": uid, "blockOwnerDeletion": True}
    dependent = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "dependent", "ownerReferences": [reference]},
    }
    kubectl("create", "-f", "-", stdin=json.dumps(dependent))
    return kubectl


def test_orphans_stay(owned: Program) -> None:
    owned("delete", "configmap", "owner", "--cascade=orphan")
    assert owned.space.names("configmaps") == ["dependent"]
    assert "ownerReferences" not in owned.space.get("configmaps", "dependent")["metadata"]


def test_in_the_foreground_dependents_go_first(owned: Program) -> None:
    owned("delete", "configmap", "owner", "--cascade=foreground", "--timeout=20s")
    assert owned.space.names("configmaps") == []


def test_in_the_background_dependents_follow(owned: Program) -> None:
    owned("delete", "configmap", "owner", "--cascade=background")
    owned("wait", "--for=delete", "configmap/dependent", "--timeout=20s")
    assert owned.space.names("configmaps") == []


def test_a_namespace_goes_with_all_that_is_in_it(owned: Program) -> None:
    space = owned.space
    space.register()
    space.draft()
    owned("create", "secret", "generic", "login", "--from-literal=password=pass")
    owned("create", "rolebinding", "reader", "--clusterrole=porch:viewer", "--user=ann")
    owned("delete", "namespace", space.namespace, "--timeout=60s")
    assert space.client.send("GET", f"{CORE}/namespaces/{space.namespace}").status == 404
    for resource in (REVISIONS, "repositories", "configmaps", "secrets"):
        assert space.names(resource) == []
    owned("create", "namespace", space.namespace)
    assert space.names(REVISIONS) == []
