"""An object that has two names answers to both, under the one that the client used."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.wire import Wire

REVISIONS = "/apis/porch.kpt.dev/v1alpha1/namespaces/default/packagerevisions"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"


def body(name: str) -> dict[str, Any]:
    return {"metadata": {"name": name, "annotations": {"dotted": "blueprints.pkg.v1"}}}


@pytest.fixture(autouse=True)
def revision(wire: Wire) -> Any:
    return wire.post(REVISIONS, body("blueprints.pkg.v1")).json


def test_a_create_by_the_other_name_is_answered_by_it(wire: Wire, revision: Any) -> None:
    wire.delete(f"{REVISIONS}/blueprints.pkg.v1")
    created = wire.post(REVISIONS, body("blueprints-pkg-v1")).json
    assert created["metadata"]["name"] == "blueprints-pkg-v1"
    assert wire.get(f"{REVISIONS}/blueprints.pkg.v1").json["metadata"]["uid"] == created["metadata"]["uid"]


def test_any_other_name_in_a_create_is_not_echoed(wire: Wire) -> None:
    wire.delete(f"{REVISIONS}/blueprints.pkg.v1")
    assert wire.post(REVISIONS, body("something")).json["metadata"]["name"] == "blueprints.pkg.v1"


def test_a_get_answers_by_the_name_that_was_asked(wire: Wire, revision: Any) -> None:
    revision["metadata"]["name"] = "blueprints-pkg-v1"
    assert wire.get(f"{REVISIONS}/blueprints-pkg-v1").json == revision
    assert wire.get(f"{REVISIONS}/blueprints-pkg-v1", accept=TABLE).json["rows"][0]["cells"][0] == "blueprints-pkg-v1"


def test_a_collection_carries_the_canonical_name_unless_one_is_selected(wire: Wire) -> None:
    def names(query: str) -> list[str]:
        return [item["metadata"]["name"] for item in wire.get(f"{REVISIONS}?{query}").json["items"]]

    assert names("") == ["blueprints.pkg.v1"]
    assert names("fieldSelector=metadata.name%3Dblueprints-pkg-v1") == ["blueprints-pkg-v1"]


@pytest.mark.parametrize("name", ["blueprints.pkg.v1", "blueprints-pkg-v1"])
def test_an_update_may_use_either_name_in_its_body(wire: Wire, revision: Any, name: str) -> None:
    revision["metadata"] |= {"name": name, "labels": {"x": "y"}}
    reply = wire.put(f"{REVISIONS}/blueprints-pkg-v1", revision)
    assert (reply.code, reply.json["metadata"]["name"]) == (200, "blueprints-pkg-v1")
    assert wire.get(REVISIONS).json["items"][0]["metadata"]["labels"] == {"x": "y"}


def test_a_patch_sees_the_name_that_was_used(wire: Wire) -> None:
    steps = [
        {"op": "test", "path": "/metadata/name", "value": "blueprints-pkg-v1"},
        {"op": "add", "path": "/metadata/labels", "value": {"x": "y"}},
    ]
    reply = wire.patch(f"{REVISIONS}/blueprints-pkg-v1", steps, "json-patch")
    assert (reply.code, reply.json["metadata"]["name"]) == (200, "blueprints-pkg-v1")


def test_a_delete_and_a_watch_answer_by_the_name_that_was_used(wire: Wire) -> None:
    watch = wire.watch(f"{REVISIONS}?watch=1&fieldSelector=metadata.name%3Dblueprints-pkg-v1")
    assert watch.next()["object"]["metadata"]["name"] == "blueprints-pkg-v1"
    deleted = wire.delete(f"{REVISIONS}/blueprints-pkg-v1")
    assert deleted.json["details"]["name"] == "blueprints-pkg-v1"
    event = watch.next()
    assert (event["type"], event["object"]["metadata"]["name"]) == ("DELETED", "blueprints-pkg-v1")


@pytest.mark.parametrize(
    "path", [f"{REVISIONS}/blueprints-pkg-v1", f"{REVISIONS}?fieldSelector=metadata.name%3Dblueprints-pkg-v1"]
)
def test_authorization_sees_the_canonical_name(wire: Wire, path: str) -> None:
    wire.get(path)
    assert wire.authorizer.asked[-1].name == "blueprints.pkg.v1"
