"""Sets of objects applied and pruned with cli-utils, the library behind `kpt live apply`."""

from __future__ import annotations

from typing import Any

from tests.clients.goprogram import Line, ended, of
from tests.wire.space import Space, repository, revision


def apply(space: Space, *objects: dict[str, Any], code: int = 0) -> list[tuple[str, str, str]]:
    """Makes the set be these objects: (action, name, status) of each step but the waiting."""
    for obj in objects:
        obj["metadata"]["namespace"] = space.namespace
    return actions(ended(space.server, "applyset", "--namespace", space.namespace, stdin=objects, code=code))


def destroy(space: Space) -> list[tuple[str, str, str]]:
    return actions(ended(space.server, "applyset", "--namespace", space.namespace, "--destroy"))


def actions(lines: list[Line]) -> list[tuple[str, str, str]]:
    told = [(line["action"], line["name"], line["status"]) for line in of(lines, "object")]
    assert {status for action, _, status in told if action == "wait"} <= {"Pending", "Successful"}, lines
    return [action for action in told if action[0] != "wait"]


def configmap(name: str, **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def test_what_leaves_the_set_is_pruned(empty: Space) -> None:
    first = [configmap("one", colour="blue"), configmap("two"), repository("blueprints")]
    assert sorted(apply(empty, *first)) == [
        ("apply", "blueprints", "Successful"),
        ("apply", "one", "Successful"),
        ("apply", "two", "Successful"),
    ]
    assert sorted(apply(empty, configmap("one", colour="red"), repository("blueprints"))) == [
        ("apply", "blueprints", "Successful"),
        ("apply", "one", "Successful"),
        ("prune", "two", "Successful"),
    ]
    assert empty.names("configmaps") == ["inventory", "one"]
    assert empty.get("configmaps", "one")["data"] == {"colour": "red"}


def test_destroying_a_set_leaves_what_it_did_not_make(empty: Space) -> None:
    empty.create("configmaps", configmap("other"))
    apply(empty, configmap("one"), configmap("two"))
    assert sorted(destroy(empty)) == [("delete", "one", "Successful"), ("delete", "two", "Successful")]
    assert empty.names("configmaps") == ["other"]


def test_a_package_revision_is_in_a_set_by_its_name(space: Space) -> None:
    draft = {"apiVersion": "porch.kpt.dev/v1alpha1", "kind": "PackageRevision", **revision("web")}
    draft["metadata"]["name"] = "blueprints.web.v1"
    for _ in "twice":
        assert apply(space, draft) == [("apply", "blueprints.web.v1", "Successful")]
    assert space.names("packagerevisions") == ["blueprints.web.v1"]
    assert apply(space, configmap("one"))[-1] == ("prune", "blueprints.web.v1", "Successful")
    assert space.names("packagerevisions") == []
