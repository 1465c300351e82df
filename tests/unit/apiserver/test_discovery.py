"""Discovery: the legacy and the aggregated documents, and which of them a client gets."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest

from porch.apiserver.discovery import Discovery, group_versions
from porch.apiserver.interface import Answer, DocumentRequest
from porch.errors import NotAcceptable
from porch.types import ALL_KINDS, Kind

V2 = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
V2BETA1 = "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList"
KUBECTL_1_32 = f"{V2},{V2BETA1},application/json"
AGGREGATOR = f"{V2},{V2BETA1}"

KINDS = {kind.name: kind for kind in ALL_KINDS}
REVISION, REPOSITORY = KINDS["PackageRevision"], KINDS["Repository"]
discovery = Discovery(ALL_KINDS)


def ask(path: str, accept: str = "", of: Discovery = discovery, **headers: str) -> Answer:
    answer = of.answer(DocumentRequest(path, {}, {"accept": accept, **headers}))
    assert answer is not None
    return answer


def read(path: str, accept: str = "", of: Discovery = discovery) -> Any:
    return json.loads(ask(path, accept, of).body)


def test_paths_of_others_are_left_alone() -> None:
    for path in ("/", "/version", "/api/v2", "/apis/unknown", "/apis/porch.kpt.dev/v1", "/openapi/v3", "/apisx"):
        assert discovery.answer(DocumentRequest(path, {}, {})) is None


def test_core_versions_name_the_address_that_the_client_used() -> None:
    document = json.loads(ask("/api", host="localhost:9443").body)
    assert document == {
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [{"clientCIDR": "0.0.0.0/0", "serverAddress": "localhost:9443"}],
    }


def test_groups_stand_in_the_order_that_settles_ambiguous_names() -> None:
    groups = read("/apis")["groups"]
    assert [group["name"] for group in groups] == [
        "porch.kpt.dev",
        "config.porch.kpt.dev",
        "authentication.k8s.io",
        "authorization.k8s.io",
        "coordination.k8s.io",
        "events.k8s.io",
        "rbac.authorization.k8s.io",
    ]
    assert groups[0]["preferredVersion"] == {"groupVersion": "porch.kpt.dev/v1alpha1", "version": "v1alpha1"}


def test_a_group_is_answered_alone() -> None:
    version = {"groupVersion": "porch.kpt.dev/v1alpha1", "version": "v1alpha1"}
    assert read("/apis/porch.kpt.dev/") == {
        "kind": "APIGroup",
        "apiVersion": "v1",
        "name": "porch.kpt.dev",
        "versions": [version],
        "preferredVersion": version,
    }


def test_versions_of_a_group_stand_newest_and_most_mature_first() -> None:
    names = ("v1alpha1", "zeta", "v1beta2", "v2", "v1", "v10", "alpha", "v1beta1", "v2alpha3")
    kinds = [replace(REPOSITORY, version=name) for name in names]
    ordered = [version for _, version in group_versions(kinds)]
    assert ordered == ["v10", "v2", "v1", "v1beta2", "v1beta1", "v2alpha3", "v1alpha1", "alpha", "zeta"]
    assert [v["version"] for v in read("/apis", of=Discovery(kinds))["groups"][0]["versions"]] == ordered


def test_the_resources_of_porch_are_those_of_upstream() -> None:
    verbs = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
    resources = {entry["name"]: entry for entry in read("/apis/porch.kpt.dev/v1alpha1")["resources"]}
    kinds = ["packagerevisionresources", "packagerevisions", "packagerevisions/approval", "packages"]
    assert list(resources) == kinds
    assert sorted(resources["packagerevisions/approval"]["verbs"]) == ["get", "patch", "update"]
    assert resources["packagerevisions"] == {
        "name": "packagerevisions",
        "singularName": "packagerevision",
        "namespaced": True,
        "kind": "PackageRevision",
        "verbs": verbs,
    }
    assert resources["packages"]["singularName"] == "package"
    assert resources["packages"]["kind"] == "PorchPackage"


def test_core_resources_have_short_names_and_scopes() -> None:
    document = read("/api/v1")
    assert document["groupVersion"] == "v1"
    namespaces = next(entry for entry in document["resources"] if entry["name"] == "namespaces")
    assert namespaces["shortNames"] == ["ns"]
    assert namespaces["namespaced"] is False


def with_approval() -> Kind:
    return replace(REVISION, subresources=(("approval", ("update", "get", "patch")),), categories=("all",))


def test_subresources_follow_their_resource_with_sorted_verbs() -> None:
    resources = read("/apis/porch.kpt.dev/v1alpha1", of=Discovery([with_approval()]))["resources"]
    assert resources[0]["categories"] == ["all"]
    assert resources[1] == {
        "name": "packagerevisions/approval",
        "singularName": "",
        "namespaced": True,
        "kind": "PackageRevision",
        "verbs": ["get", "patch", "update"],
    }


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        (KUBECTL_1_32, V2),
        (AGGREGATOR, V2),
        (f"{V2BETA1},application/json", V2BETA1),
        ("application/json;as=APIGroupDiscoveryList;v=v2;g=apidiscovery.k8s.io", V2),
        (f"{V2BETA1};q=0.5,{V2};q=0.9", V2),
        (f"{V2};q=0,application/json", "application/json"),
        (f"application/json,{V2}", "application/json"),
        ("application/json;g=apidiscovery.k8s.io;v=v3;as=APIGroupDiscoveryList,application/json", "application/json"),
        ("application/vnd.kubernetes.protobuf,application/json", "application/json"),
        ("application/json, */*", "application/json"),
        ("application/json;q=nonsense", "application/json"),
        ("*/*", "application/json"),
        ("", "application/json"),
    ],
)
def test_the_accept_header_chooses_the_document(accept: str, content_type: str) -> None:
    for path in ("/api", "/apis"):
        answer = ask(path, accept)
        assert (answer.status, answer.content_type) == (200, content_type)
        assert answer.headers["Vary"] == "Accept"


@pytest.mark.parametrize(
    "accept", ["text/html", "application/vnd.kubernetes.protobuf", "application/json;as=Table", ";"]
)
def test_what_nobody_can_write_is_not_acceptable(accept: str) -> None:
    with pytest.raises(NotAcceptable, match="application/json"):
        ask("/apis", accept)


def test_an_aggregated_request_below_a_group_gets_the_legacy_document() -> None:
    assert ask("/apis/porch.kpt.dev/v1alpha1", KUBECTL_1_32).content_type == "application/json"


def test_the_aggregated_document_says_all_at_once() -> None:
    document = read("/apis", V2, Discovery([with_approval(), REPOSITORY]))
    assert (document["kind"], document["apiVersion"]) == ("APIGroupDiscoveryList", "apidiscovery.k8s.io/v2")
    porch, config = document["items"]
    assert porch["metadata"] == {"name": "porch.kpt.dev", "creationTimestamp": None}
    kind = {"group": "porch.kpt.dev", "version": "v1alpha1", "kind": "PackageRevision"}
    (version,) = porch["versions"]
    assert (version["version"], version["freshness"]) == ("v1alpha1", "Current")
    assert version["resources"] == [
        {
            "resource": "packagerevisions",
            "responseKind": kind,
            "scope": "Namespaced",
            "singularResource": "packagerevision",
            "verbs": ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
            "categories": ["all"],
            "subresources": [{"subresource": "approval", "responseKind": kind, "verbs": ["get", "patch", "update"]}],
        }
    ]
    assert config["versions"][0]["resources"][0]["shortNames"] == ["repo"]


def test_a_subresource_may_be_of_a_kind_of_another_group() -> None:
    legacy = {item["name"]: item for item in read("/api/v1")["resources"]}
    assert legacy["serviceaccounts/token"] == {
        "name": "serviceaccounts/token",
        "singularName": "",
        "namespaced": True,
        "group": "authentication.k8s.io",
        "version": "v1",
        "kind": "TokenRequest",
        "verbs": ["create"],
    }
    (core,) = read("/api", V2)["items"]
    (account,) = [item for item in core["versions"][0]["resources"] if item["resource"] == "serviceaccounts"]
    kind = {"group": "authentication.k8s.io", "version": "v1", "kind": "TokenRequest"}
    assert account["subresources"] == [{"subresource": "token", "responseKind": kind, "verbs": ["create"]}]


def test_the_core_group_is_aggregated_below_api_alone() -> None:
    (core,) = read("/api", V2)["items"]
    assert core["metadata"]["name"] == ""
    assert {item["resource"]: item["scope"] for item in core["versions"][0]["resources"]} == {
        "configmaps": "Namespaced",
        "events": "Namespaced",
        "namespaces": "Cluster",
        "secrets": "Namespaced",
        "serviceaccounts": "Namespaced",
    }
    assert "" not in {item["metadata"]["name"] for item in read("/apis", V2)["items"]}


def test_both_aggregated_versions_differ_only_in_their_name() -> None:
    assert ask("/apis", V2BETA1).body == ask("/apis", V2).body.replace(b"k8s.io/v2", b"k8s.io/v2beta1")


def test_the_aggregated_document_is_revalidated_by_its_hash() -> None:
    answer = ask("/apis", V2)
    etag = answer.headers["ETag"]
    assert etag == f'"{hashlib.sha512(answer.body).hexdigest().upper()}"'
    assert answer.headers["Cache-Control"] == "public"
    for header in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        again = discovery.answer(DocumentRequest("/apis", {}, {"accept": V2, "if-none-match": header}))
        assert again is not None
        assert (again.status, again.body, again.headers["ETag"]) == (304, b"", etag)
    changed = discovery.answer(DocumentRequest("/apis", {}, {"accept": V2, "if-none-match": '"other"'}))
    assert changed == answer
