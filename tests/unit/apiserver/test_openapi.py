"""OpenAPI: what the documents say about the kinds, and how they are handed out."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from porch.apiserver.interface import Answer, DocumentRequest
from porch.apiserver.openapi import OpenApi
from porch.errors import NotAcceptable
from porch.types import ALL_KINDS

META = "io.k8s.apimachinery.pkg.apis.meta.v1."
PORCH = "com.github.nephio-project.porch.api.porch.v1alpha1."
PROTOBUF_V2 = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
openapi = OpenApi(ALL_KINDS)


def ask(url: str, **headers: str) -> Answer:
    split = urlsplit(url)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = openapi.answer(DocumentRequest(split.path, parse_qs(split.query), named))
    assert answer is not None
    return answer


def read(url: str) -> Any:
    return json.loads(ask(url).body)


def schema(group_version: str, name: str) -> Any:
    return read(f"/openapi/v3/{group_version}")["components"]["schemas"][name]


def everything() -> Iterator[tuple[str, Any]]:
    for name in read("/openapi/v3")["paths"]:
        yield name, read(f"/openapi/v3/{name}")
    yield "v2", read("/openapi/v2")


# Handing out


def test_paths_of_others_are_left_alone() -> None:
    for path in ("/openapi", "/openapi/v3/apis/unknown/v1", "/openapi/v4", "/apis"):
        assert openapi.answer(DocumentRequest(path, {}, {})) is None


def test_the_index_names_a_document_for_each_group_version() -> None:
    paths = read("/openapi/v3?timeout=32s")["paths"]
    assert list(paths)[:3] == ["api/v1", "apis/porch.kpt.dev/v1alpha1", "apis/config.porch.kpt.dev/v1alpha1"]
    assert {f"apis/{kind.api_version}" if kind.group else "api/v1" for kind in ALL_KINDS} == set(paths)


def test_a_document_under_its_hash_may_be_kept_for_ever() -> None:
    url = read("/openapi/v3")["paths"]["apis/porch.kpt.dev/v1alpha1"]["serverRelativeURL"]
    answer = ask(url, accept="application/json")
    digest = url.partition("=")[2]
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "public, immutable"
    assert answer.headers["ETag"] == f'"{digest}"'
    assert parsedate_to_datetime(answer.headers["Expires"]).tzinfo is not None
    assert ask(url, if_none_match=f'"{digest}"').status == 304


def test_another_hash_leads_to_the_present_document() -> None:
    answer = ask("/openapi/v3/api/v1?hash=OLD")
    assert (answer.status, answer.body) == (301, b"")
    assert answer.headers["Location"] == read("/openapi/v3")["paths"]["api/v1"]["serverRelativeURL"]


def test_without_a_hash_nothing_is_promised() -> None:
    assert not {"Cache-Control", "Expires"} & set(ask("/openapi/v3/api/v1").headers)
    assert ask("/openapi/v2?hash=OLD").status == 200


@pytest.mark.parametrize("path", ["/openapi/v2", "/openapi/v3", "/openapi/v3/api/v1"])
def test_documents_are_compressed_when_asked_and_revalidated(path: str) -> None:
    plain = ask(path)
    packed = ask(path, accept_encoding="br, gzip;q=0.8")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert packed.headers["Vary"] == "Accept, Accept-Encoding"
    assert ask(path, accept_encoding="gzip;q=0") == plain
    assert ask(path, if_none_match=plain.headers["ETag"]).status == 304


@pytest.mark.parametrize("accept", ["text/html", "application/json;q=0", PROTOBUF_V2.replace("v2", "v3")])
def test_other_forms_are_not_written(accept: str) -> None:
    for path in ("/openapi/v2", "/openapi/v3", "/openapi/v3/api/v1"):
        with pytest.raises(NotAcceptable):
            ask(path, accept=accept)


def test_json_is_found_among_other_wishes() -> None:
    for accept in (f"{PROTOBUF_V2};q=0.5, application/json", "application/json, */*", "application/*"):
        assert ask("/openapi/v2", accept=accept).content_type == "application/json"
    assert ask("/openapi/v3", accept=f"{PROTOBUF_V2}, application/json;q=0.5").content_type == "application/json"


@pytest.mark.parametrize("accept", [PROTOBUF_V2, PROTOBUF_V2.replace("@", "."), f"{PROTOBUF_V2}, */*;q=0.5"])
def test_version_2_is_written_as_protobuf_for_old_clients(accept: str) -> None:
    """A real kubectl reads it in tests/clients; here only that all keys of all kinds have their numbers."""
    answer = ask("/openapi/v2", accept=accept)
    assert answer.content_type == PROTOBUF_V2.replace("@", ".")
    assert answer.body.startswith(b"\x0a\x032.0")
    assert b"io.k8s.api.core.v1.ConfigMap" in answer.body


def test_nothing_is_built_before_the_first_request() -> None:
    program = """
import sys
from porch.apiserver.openapi import OpenApi
from porch.types import ALL_KINDS
OpenApi(ALL_KINDS)
assert "porch.apiserver.openapi.schemas" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)


# Operations


def test_patch_takes_exactly_the_types_that_the_server_accepts() -> None:
    path = "/apis/porch.kpt.dev/v1alpha1/namespaces/{namespace}/packagerevisions/{name}"
    types = ["application/json-patch+json", "application/merge-patch+json", "application/strategic-merge-patch+json"]
    patch = read("/openapi/v3/apis/porch.kpt.dev/v1alpha1")["paths"][path]["patch"]
    assert list(patch["requestBody"]["content"]) == types
    assert patch["requestBody"]["required"] is True
    assert patch["x-kubernetes-action"] == "patch"
    kind = {"group": "porch.kpt.dev", "kind": "PackageRevision", "version": "v1alpha1"}
    assert patch["x-kubernetes-group-version-kind"] == kind
    assert read("/openapi/v2")["paths"][path]["patch"]["consumes"] == types


def test_writes_say_in_line_that_the_server_validates_fields() -> None:
    for name, document in everything():
        for path, methods in document["paths"].items():
            for method in {"post", "put", "patch"} & set(methods):
                names = {p["name"] for p in methods[method]["parameters"] if p["in"] == "query"}
                assert names >= {"dryRun", "fieldManager", "fieldValidation"}, (name, path, method)


def test_path_parameters_are_those_of_the_path() -> None:
    for _, document in everything():
        for path, methods in document["paths"].items():
            for operation in methods.values():
                declared = {p["name"] for p in operation["parameters"] if p["in"] == "path" and p["required"]}
                assert declared == {part[1:-1] for part in path.split("/") if part.startswith("{")}


def test_operation_ids_are_unique() -> None:
    paths = read("/openapi/v2")["paths"]
    ids = [operation["operationId"] for methods in paths.values() for operation in methods.values()]
    assert len(ids) == len(set(ids))
    assert {"createCoreV1Namespace", "listRbacAuthorizationV1NamespacedRole", "readCoreV1NamespacedSecret"} <= set(ids)


def test_only_served_verbs_have_operations() -> None:
    paths = read("/openapi/v3/apis/porch.kpt.dev/v1alpha1")["paths"]
    root = "/apis/porch.kpt.dev/v1alpha1"
    assert set(paths[f"{root}/namespaces/{{namespace}}/packagerevisionresources"]) == {"get"}
    assert set(paths[f"{root}/namespaces/{{namespace}}/packagerevisionresources/{{name}}"]) == {"get", "put", "patch"}
    assert set(paths[f"{root}/packagerevisions"]) == {"get"}
    names = {p["name"] for p in paths[f"{root}/packagerevisions"]["get"]["parameters"]}
    assert {"watch", "sendInitialEvents", "continue"} <= names
    assert not {"put", "patch", "delete"} & set(paths[f"{root}/packages"])
    reviews = read("/openapi/v3/apis/authorization.k8s.io/v1")["paths"]
    assert {method for methods in reviews.values() for method in methods} == {"post"}


def test_subresources_are_read_and_written_as_their_whole_object() -> None:
    paths = read("/openapi/v3/apis/config.porch.kpt.dev/v1alpha1")["paths"]
    root = "/apis/config.porch.kpt.dev/v1alpha1/namespaces/{namespace}/repositories/{name}/status"
    assert set(paths[root]) == {"get", "put", "patch"}
    body = paths[root]["put"]["requestBody"]["content"]["*/*"]["schema"]
    assert body == {"$ref": "#/components/schemas/dev.kpt.porch.config.v1alpha1.Repository"}


def test_delete_takes_options_that_may_be_left_out() -> None:
    delete = read("/openapi/v3/api/v1")["paths"]["/api/v1/namespaces/{name}"]["delete"]
    assert delete["requestBody"] == {
        "content": {"*/*": {"schema": {"$ref": f"#/components/schemas/{META}DeleteOptions"}}}
    }
    assert list(delete["responses"]) == ["200", "202"]


# Schemas


@pytest.mark.parametrize(
    ("group_version", "name", "kind"),
    [
        ("api/v1", "io.k8s.api.core.v1.Namespace", ("", "Namespace", "v1")),
        ("api/v1", "io.k8s.api.core.v1.SecretList", ("", "SecretList", "v1")),
        ("apis/rbac.authorization.k8s.io/v1", "io.k8s.api.rbac.v1.Role", ("rbac.authorization.k8s.io", "Role", "v1")),
        ("apis/porch.kpt.dev/v1alpha1", PORCH + "PorchPackage", ("porch.kpt.dev", "PorchPackage", "v1alpha1")),
        (
            "apis/config.porch.kpt.dev/v1alpha1",
            "dev.kpt.porch.config.v1alpha1.Repository",
            ("config.porch.kpt.dev", "Repository", "v1alpha1"),
        ),
    ],
)
def test_kinds_are_found_by_group_version_and_kind(group_version: str, name: str, kind: tuple[str, str, str]) -> None:
    group, kind_name, version = kind
    expected = [{"group": group, "kind": kind_name, "version": version}]
    assert schema(group_version, name)["x-kubernetes-group-version-kind"] == expected


def test_every_reference_leads_somewhere() -> None:
    for name, document in everything():
        for reference in references(document):
            target: Any = document
            for step in reference.removeprefix("#/").split("/"):
                assert step in target, (name, reference)
                target = target[step]


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from references(item)


def test_fields_have_wire_names_types_and_descriptions() -> None:
    fields = schema("apis/porch.kpt.dev/v1alpha1", PORCH + "PackageRevisionSpec")["properties"]
    assert fields["revision"]["type"] == "integer"
    assert fields["revision"]["format"] == "int64"
    assert fields["repositoryName"] == {
        "type": "string",
        "description": "Another spelling of repository.",
        "deprecated": True,
    }
    assert "Draft" in fields["lifecycle"]["enum"]
    assert fields["parent"] == {
        "allOf": [{"$ref": f"#/components/schemas/{PORCH}NameReference"}],
        "deprecated": True,
    }
    status = schema("apis/config.porch.kpt.dev/v1alpha1", "dev.kpt.porch.config.v1alpha1.RepositoryStatus")
    assert status["properties"]["cloneURL"]["type"] == "string"
    assert status["properties"]["lastFullSyncTime"]["format"] == "date-time"


def test_lists_say_how_they_are_merged() -> None:
    fields = schema("api/v1", META + "ObjectMeta")["properties"]
    owners = fields["ownerReferences"]
    assert owners["x-kubernetes-patch-merge-key"] == "uid"
    assert owners["x-kubernetes-list-type"] == "map"
    assert fields["finalizers"]["x-kubernetes-patch-strategy"] == "merge"
    assert fields["labels"] == {
        "type": "object",
        "additionalProperties": {"type": "string"},
        "description": "Labels to select by.",
    }


def test_objects_of_any_shape_keep_unknown_fields() -> None:
    result = schema("apis/porch.kpt.dev/v1alpha1", PORCH + "RenderResult")["properties"]
    assert result["metadata"] == {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    assert result["items"]["items"] == {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def test_references_with_a_description_are_wrapped_only_in_version_3() -> None:
    name = PORCH + "PackageRevision"
    wrapped = schema("apis/porch.kpt.dev/v1alpha1", name)["properties"]["metadata"]
    assert wrapped == {"allOf": [{"$ref": f"#/components/schemas/{META}ObjectMeta"}], "default": {}}
    plain = read("/openapi/v2")["definitions"][name]["properties"]["metadata"]
    assert plain == {"$ref": f"#/definitions/{META}ObjectMeta"}


def test_descriptions_are_the_first_sentence_for_users() -> None:
    assert schema("api/v1", META + "ObjectMeta")["description"] == "Standard object metadata."
    assert "description" not in schema("api/v1", "io.k8s.api.core.v1.NamespaceSpec")


def test_list_metadata_has_the_wire_name_of_continue() -> None:
    assert set(schema("api/v1", META + "ListMeta")["properties"]) == {
        "continue",
        "remainingItemCount",
        "resourceVersion",
        "selfLink",
    }
