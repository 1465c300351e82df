"""Rows 1 to 7 and 44: what clients read before they ask for objects."""

from __future__ import annotations

import time

from tests.conformance.objects import AGGREGATED, config_map, text
from tests.support.server import CONFIG, CORE, PORCH, Client, Server
from tests.wire.space import Space

_DOCUMENTS = {"/api": CORE, "/apis": CONFIG}


def test_row_1_legacy_discovery_with_verbs_and_singular_names(server: Server, client: Client) -> None:
    assert client.send("GET", "/api").json()["versions"] == ["v1"]
    groups = {group["name"]: group for group in client.send("GET", "/apis").json()["groups"]}
    assert groups["porch.kpt.dev"]["preferredVersion"]["groupVersion"] == "porch.kpt.dev/v1alpha1"
    assert client.send("GET", "/apis/porch.kpt.dev").json() == {
        "kind": "APIGroup",
        "apiVersion": "v1",
        **groups["porch.kpt.dev"],
    }
    for document in (CORE, CONFIG, PORCH):
        listed = client.send("GET", document).json()
        assert (listed["kind"], listed["groupVersion"]) == (
            "APIResourceList",
            document.removeprefix("/apis/").removeprefix("/api/"),
        )
        for resource in listed["resources"]:
            assert resource["verbs"], resource
            assert {"name", "singularName", "namespaced", "kind"} <= resource.keys()
    [revisions] = [item for item in listed["resources"] if item["name"] == "packagerevisions"]
    assert (revisions["kind"], revisions["singularName"]) == ("PackageRevision", "packagerevision")
    assert {"get", "list", "watch", "create", "update", "patch", "delete"} <= set(revisions["verbs"])
    assert server.kubectl("auth", "can-i", "get", "packagerevisions").out == "yes\n"


def test_row_2_aggregated_discovery_with_the_exact_content_type(client: Client) -> None:
    for path in _DOCUMENTS:
        answer = client.send("GET", path, headers={"Accept": f"{AGGREGATED},application/json"})
        assert answer.headers["content-type"] == AGGREGATED
        assert answer.headers["vary"] == "Accept"
        listed = answer.json()
        assert (listed["kind"], listed["apiVersion"]) == ("APIGroupDiscoveryList", "apidiscovery.k8s.io/v2")
    [group] = [group for group in listed["items"] if group["metadata"]["name"] == "porch.kpt.dev"]
    [revisions] = [item for item in group["versions"][0]["resources"] if item["resource"] == "packagerevisions"]
    assert (revisions["scope"], revisions["singularResource"]) == ("Namespaced", "packagerevision")
    assert {"create", "delete", "get", "list", "patch", "update", "watch"} <= set(revisions["verbs"])


def test_row_3_discovery_is_not_sent_twice(client: Client) -> None:
    for path in _DOCUMENTS:
        first = client.send("GET", path, headers={"Accept": AGGREGATED})
        tag = first.headers["etag"]
        again = client.send("GET", path, headers={"Accept": AGGREGATED, "If-None-Match": tag})
        assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)
        assert tag.startswith('"')


def test_row_4_the_version_is_a_semantic_version(server: Server, client: Client) -> None:
    assert "Server Version: v1." in server.kubectl("version").out
    assert client.send("GET", "/version?timeout=32s").json()["gitVersion"].startswith("v1.")


def test_row_5_openapi_v3_has_what_kubectl_validates_with(empty: Space) -> None:
    assert "FIELD: data" in empty.kubectl("explain", "configmap.data").out
    empty.kubectl("create", "--dry-run=server", "-f", "-", stdin=text(config_map()))
    index = empty.client.send("GET", "/openapi/v3").json()["paths"]
    for key in ("api/v1", "apis/porch.kpt.dev/v1alpha1", "apis/config.porch.kpt.dev/v1alpha1"):
        document = empty.client.send("GET", index[key]["serverRelativeURL"]).json()
        patches = [item["patch"] for item in document["paths"].values() if "patch" in item]
        assert patches
        for patch in patches:
            assert "fieldValidation" in {parameter.get("name") for parameter in patch["parameters"]}
            assert patch["x-kubernetes-group-version-kind"]["kind"]
            assert "application/strategic-merge-patch+json" in patch["requestBody"]["content"]
    assert empty.client.send("GET", "/openapi/v3/apis/nowhere.example.com/v1").status == 404


def test_row_6_an_openapi_document_is_immutable_under_its_hash(client: Client) -> None:
    url = client.send("GET", "/openapi/v3").json()["paths"]["api/v1"]["serverRelativeURL"]
    named = client.send("GET", url)
    assert (named.status, named.headers["cache-control"]) == (200, "public, immutable")
    assert "expires" in named.headers
    assert named.headers["etag"].strip('"') == url.partition("hash=")[2]
    stale = client.send("GET", "/openapi/v3/api/v1?hash=x")
    assert (stale.status, stale.headers["location"]) == (301, url)
    assert client.send("GET", "/openapi/v3/api/v1").headers["cache-control"] == "no-cache, private"


def test_row_7_openapi_v2_is_json_and_protobuf(client: Client) -> None:
    answer = client.send("GET", "/openapi/v2?timeout=32s", headers={"Accept": "application/json"})
    assert answer.json()["swagger"] == "2.0"
    again = client.send("GET", "/openapi/v2", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status, again.body) == (304, b"")
    protobuf = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
    answer = client.send("GET", "/openapi/v2", headers={"Accept": protobuf})
    assert (answer.status, answer.headers["content-type"]) == (200, protobuf.replace("@", "."))


def test_row_44_group_version_documents_come_at_once(client: Client) -> None:
    for path in (CORE, CONFIG, PORCH):
        began = time.monotonic()
        assert client.send("GET", path).status == 200
        assert time.monotonic() - began < 5
