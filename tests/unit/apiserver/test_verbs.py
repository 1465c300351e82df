"""create, get, list, update and delete as clients see them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from porch.store import Store
from porch.strategy.interface import Strategy
from porch.types.package import PORCH_PACKAGE
from tests.support.wire import Wire, resource_of

MAPS = "/api/v1/namespaces/default/configmaps"
REPOSITORIES = "/apis/config.porch.kpt.dev/v1alpha1/namespaces/default/repositories"


def config_map(name: str = "a", **data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}


def test_a_created_object_is_answered_whole_with_201_and_can_be_got(wire: Wire) -> None:
    created = wire.post(MAPS, config_map(color="red"))
    assert created.code == 201
    assert created.json["data"] == {"color": "red"}
    assert created.json["metadata"]["uid"]
    assert wire.get(f"{MAPS}/a").json == created.json


def test_a_missing_kind_is_that_of_the_url(wire: Wire) -> None:
    assert wire.post(MAPS, {"metadata": {"name": "a"}}).json["kind"] == "ConfigMap"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"kind": "Secret"}, "the kind in the data (Secret) does not match the expected kind (ConfigMap)"),
        (
            {"apiVersion": "v2"},
            "the API version in the data (v2) does not match the expected API version (v1)",
        ),
        (
            {"metadata": {"name": "a", "namespace": "other"}},
            "the namespace of the provided object does not match the namespace sent on the request",
        ),
    ],
)
def test_a_body_must_agree_with_the_url(wire: Wire, body: Any, message: str) -> None:
    reply = wire.post(MAPS, body)
    assert (reply.code, reply.json["reason"], reply.message) == (400, "BadRequest", message)


def test_a_dry_run_has_uid_and_time_but_no_version_and_leaves_nothing(wire: Wire) -> None:
    reply = wire.post(f"{MAPS}?dryRun=All", config_map())
    assert reply.code == 201
    metadata = reply.json["metadata"]
    assert metadata["uid"]
    assert metadata["creationTimestamp"]
    assert "resourceVersion" not in metadata
    assert wire.get(f"{MAPS}/a").code == 404


def test_bad_options_are_named_all_at_once(wire: Wire) -> None:
    reply = wire.post(f"{MAPS}?dryRun=bad&fieldValidation=worse", config_map())
    assert reply.code == 422
    assert reply.message == (
        'CreateOptions.meta.k8s.io "" is invalid: [dryRun: Unsupported value: ["bad"]: supported values: "All", '
        'fieldValidation: Unsupported value: "worse": supported values: "", "Ignore", "Strict", "Warn"]'
    )


def test_an_error_is_a_status_with_details(wire: Wire) -> None:
    reply = wire.get(f"{MAPS}/nope")
    assert reply.code == 404
    assert reply.json == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": 'configmaps "nope" not found',
        "reason": "NotFound",
        "details": {"name": "nope", "kind": "configmaps"},
        "code": 404,
    }


def test_a_list_has_its_version_and_is_never_null(wire: Wire) -> None:
    empty = wire.get(MAPS).json
    assert (empty["kind"], empty["items"]) == ("ConfigMapList", [])
    assert empty["metadata"]["resourceVersion"]
    wire.post(MAPS, config_map())
    assert [item["metadata"]["name"] for item in wire.get("/api/v1/configmaps").json["items"]] == ["a"]


def test_a_list_continues_where_its_page_ended(wire: Wire) -> None:
    for name in "abc":
        wire.post(MAPS, config_map(name))
    first = wire.get(f"{MAPS}?limit=2").json
    assert first["metadata"]["remainingItemCount"] == 1
    rest = wire.get(f"{MAPS}?limit=2&continue={first['metadata']['continue']}").json
    assert [item["metadata"]["name"] for item in rest["items"]] == ["c"]
    assert "continue" not in rest["metadata"]


@pytest.mark.parametrize(
    ("query", "code", "text"),
    [
        ("limit=abc", 400, 'strconv.ParseInt: parsing "abc": invalid syntax'),
        ("resourceVersion=abc", 400, 'strconv.ParseUint: parsing "abc": invalid syntax'),
        ("resourceVersion=" + "9" * 30, 400, "invalid resource version"),
        ("resourceVersionMatch=Exact", 422, "resourceVersionMatch is forbidden unless resourceVersion is provided"),
        ("resourceVersion=1&resourceVersionMatch=Foo", 422, 'supported values: "Exact", "NotOlderThan", ""'),
        ("sendInitialEvents=true", 422, "sendInitialEvents is forbidden for list"),
        ("continue=x&resourceVersion=7", 400, "specifying resource version is not allowed when using continue"),
        ("labelSelector=a+in+b", 400, "unable to parse requirement: found 'b' expected: '('"),
        ("fieldSelector=foo", 400, "invalid selector: 'foo'; can't understand 'foo'"),
        ("fieldSelector=spec.foo%3Dx", 400, "field label not supported: spec.foo"),
        ("labelSelector=%FF", 400, "the query of the URL cannot be read"),
    ],
)
def test_bad_list_options_are_refused(wire: Wire, query: str, code: int, text: str) -> None:
    reply = wire.get(f"{MAPS}?{query}")
    assert reply.code == code
    assert text in reply.message


def test_an_update_replaces_and_a_stale_one_conflicts(wire: Wire) -> None:
    old = wire.post(MAPS, config_map(a="1")).json
    new = wire.put(f"{MAPS}/a", config_map(b="2"))
    assert (new.code, new.json["data"]) == (200, {"b": "2"})
    stale = wire.put(f"{MAPS}/a", old)
    assert (stale.code, stale.json["reason"]) == (409, "Conflict")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("b", "the name of the object (b) does not match the name on the URL (a)"),
        ("", "the name of the object (a based on URL) was undeterminable: name must be provided"),
    ],
)
def test_an_update_is_of_the_named_object(wire: Wire, name: str, message: str) -> None:
    wire.post(MAPS, config_map())
    reply = wire.put(f"{MAPS}/a", config_map(name))
    assert (reply.code, reply.message) == (400, message)


def test_an_update_that_changes_nothing_keeps_the_version(wire: Wire) -> None:
    created = wire.post(MAPS, config_map(a="1")).json
    assert wire.put(f"{MAPS}/a", created).json == created


def test_status_is_updated_through_its_subresource(wire: Wire) -> None:
    created = wire.post(REPOSITORIES, {"metadata": {"name": "r"}}).json
    created["status"] = {"packageCount": 7}
    assert wire.put(f"{REPOSITORIES}/r/status", created).json["status"] == {"packageCount": 7}
    assert wire.get(f"{REPOSITORIES}/r/status").json["status"] == {"packageCount": 7}


def test_a_delete_answers_with_the_uid(wire: Wire) -> None:
    uid = wire.post(MAPS, config_map()).json["metadata"]["uid"]
    reply = wire.delete(f"{MAPS}/a", {"propagationPolicy": "Background"})
    assert reply.code == 200
    assert reply.json["status"] == "Success"
    assert reply.json["details"] == {"name": "a", "kind": "configmaps", "uid": uid}
    assert wire.delete(f"{MAPS}/a").code == 404


def test_a_delete_that_waits_for_finalizers_answers_with_the_object(wire: Wire) -> None:
    wire.post(MAPS, {"metadata": {"name": "a", "finalizers": ["example.com/hold"]}})
    assert wire.delete(f"{MAPS}/a").json["metadata"]["deletionTimestamp"]
    assert wire.get(f"{MAPS}/a").code == 200


def test_a_delete_keeps_its_preconditions_and_dry_run(wire: Wire) -> None:
    wire.post(MAPS, config_map())
    refused = wire.delete(f"{MAPS}/a", {"preconditions": {"uid": "x"}})
    assert (refused.code, refused.json["reason"]) == (409, "Conflict")
    assert wire.delete(f"{MAPS}/a", {"dryRun": ["All"]}).code == 200
    assert wire.delete(f"{MAPS}/a?dryRun=All").code == 200
    assert wire.get(f"{MAPS}/a").code == 200


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"propagationPolicy": "Bad"}, 'supported values: "Foreground", "Background", "Orphan", "nil"'),
        ({"propagationPolicy": "Orphan", "orphanDependents": True}, "cannot be both set"),
        ({"dryRun": ["Some"]}, 'dryRun: Unsupported value: ["Some"]'),
        ({"kind": "ConfigMap"}, "must be DeleteOptions"),
        ({"gracePeriodSeconds": "soon"}, "gracePeriodSeconds of type int"),
    ],
)
def test_bad_delete_options_are_refused(wire: Wire, body: Any, text: str) -> None:
    wire.post(MAPS, config_map())
    reply = wire.delete(f"{MAPS}/a", body)
    assert reply.code in {400, 422}
    assert text in reply.message


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("POST", f"{MAPS}/a", "GET, PUT, PATCH, DELETE"),
        ("PUT", MAPS, "GET, POST, DELETE"),
        ("DELETE", "/api/v1/namespaces", "GET, POST"),
        ("POST", "/api/v1/configmaps", "GET"),
        ("DELETE", f"{REPOSITORIES}/r/status", "GET, PUT, PATCH"),
        ("POST", "/version", "GET"),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(wire: Wire, method: str, path: str, allow: str) -> None:
    reply = wire.send(method, path)
    assert (reply.code, reply.headers["allow"]) == (405, allow)
    assert reply.message == "the server does not allow this method on the requested resource"
    assert reply.json["details"] == {}


@pytest.mark.parametrize(
    "path",
    [
        "/nope",
        "/apis/example.com/v1/things",
        "/apis/config.porch.kpt.dev/v1alpha1/repositories/a",
        f"{MAPS}/a/status",
        f"{MAPS}/a/status/b",
        "/api/v1/namespaces/default/namespaces",
        "/api/v1/namespaces//configmaps",
        "/",
    ],
)
def test_an_unknown_path_is_a_404_status(wire: Wire, path: str) -> None:
    reply = wire.get(path)
    assert (reply.code, reply.message) == (404, "the server could not find the requested resource")


@pytest.mark.parametrize("name", ["..", "a%2Fb", "a%25", "%00", "%FF"])
def test_a_hostile_name_is_a_client_error(wire: Wire, name: str) -> None:
    assert 400 <= wire.get(f"{MAPS}/{name}").code < 500


def test_a_namespace_is_an_object_and_a_place(wire: Wire) -> None:
    wire.post("/api/v1/namespaces", {"metadata": {"name": "team"}})
    wire.post("/api/v1/namespaces/team/configmaps", config_map())
    assert wire.get("/api/v1/namespaces/team").json["kind"] == "Namespace"
    assert wire.get("/api/v1/namespaces/team/configmaps/a").json["metadata"]["namespace"] == "team"


def test_watch_on_a_kind_without_it_is_405(store: Store) -> None:
    kind = replace(PORCH_PACKAGE, verbs=("get", "list"))
    with Wire([resource_of(store, Strategy(kind))], store) as wire:
        reply = wire.get("/apis/porch.kpt.dev/v1alpha1/packages?watch=1")
    assert reply.code == 405
    assert reply.message == 'watch is not supported on resources of kind "packages.porch.kpt.dev"'
