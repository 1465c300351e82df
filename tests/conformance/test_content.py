"""Rows 8 to 14: media types of questions and answers."""

from __future__ import annotations

import gzip

from porch.krm import yaml
from tests.conformance.objects import MAPS, config_map
from tests.wire.space import Space


def _type(space: Space, path: str, accept: str) -> str:
    return space.client.send("GET", path, headers={"Accept": accept}).headers["content-type"]


def test_row_8_an_unknown_media_type_is_a_406_in_json(empty: Space) -> None:
    answer = empty.client.send("GET", empty.path(MAPS), headers={"Accept": "text/html"})
    told = answer.json()
    assert (answer.status, told["kind"], told["reason"]) == (406, "Status", "NotAcceptable")
    assert told["message"].startswith("only the following media types are accepted: application/json")
    assert answer.headers["content-type"] == "application/json"


def test_row_9_json_when_protobuf_is_preferred(empty: Space) -> None:
    asked = "application/vnd.kubernetes.protobuf,application/json"
    assert _type(empty, empty.path(MAPS), asked) == "application/json"


def test_row_10_protobuf_bodies_of_reviews_and_core_kinds(empty: Space) -> None:
    assert empty.kubectl("auth", "can-i", "get", "packagerevisions").out == "yes\n"
    assert "porch-admin" in empty.kubectl("auth", "whoami").out
    empty.kubectl("create", "configmap", "x", "--from-literal=a=b")
    assert empty.get(MAPS, "x")["data"] == {"a": "b"}
    empty.kubectl("create", "secret", "generic", "s", "--from-literal=a=b")
    assert empty.get("secrets", "s")["data"] == {"a": "Yg=="}


def test_row_11_yaml_bodies_and_answers(empty: Space) -> None:
    body = b"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  x: y\n"
    accept = {"Accept": "application/yaml"}
    made = empty.client.send("POST", empty.path(MAPS), body, content_type="application/yaml", headers=accept)
    assert (made.status, made.headers["content-type"]) == (201, "application/yaml")
    assert yaml.load_json_like(made.body) == empty.get(MAPS, "a")


def test_row_12_tables_with_the_objects_asked_for(empty: Space) -> None:
    empty.create(MAPS, config_map("a", x="1") | {"metadata": {"name": "a", "labels": {"k": "v"}}})
    printed = empty.kubectl("get", MAPS, "-o", "wide", "--show-labels", "-A").out.splitlines()
    assert printed[0].split() == ["NAMESPACE", "NAME", "DATA", "AGE", "LABELS"]
    [row] = [line.split() for line in printed if line.startswith(f"{empty.namespace} ")]
    assert row[1:3] == ["a", "1"]
    assert row[-1] == "k=v"
    table = {"Accept": "application/json;as=Table;v=v1;g=meta.k8s.io"}
    for include, kind in (
        ("", "PartialObjectMetadata"),
        ("Metadata", "PartialObjectMetadata"),
        ("Object", "ConfigMap"),
    ):
        shown = empty.client.send("GET", f"{empty.path(MAPS)}?includeObject={include}", headers=table).json()
        assert (shown["kind"], shown["rows"][0]["object"]["kind"]) == ("Table", kind)
    none = empty.client.send("GET", f"{empty.path(MAPS)}?includeObject=None", headers=table).json()
    assert none["rows"][0].get("object") is None
    assert empty.client.send("GET", f"{empty.path(MAPS)}?includeObject=Bad", headers=table).status == 400


def test_row_13_metadata_only(empty: Space) -> None:
    made = empty.create(MAPS, config_map("a", x="1"))
    accept = {"Accept": "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"}
    listed = empty.client.send("GET", empty.path(MAPS), headers=accept).json()
    assert (listed["kind"], listed["apiVersion"]) == ("PartialObjectMetadataList", "meta.k8s.io/v1")
    [item] = listed["items"]
    assert item["metadata"] == made["metadata"]
    assert "data" not in item
    one = {"Accept": "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"}
    assert empty.client.send("GET", empty.path(MAPS, "a"), headers=one).json()["kind"] == "PartialObjectMetadata"


def test_row_14_gzip_above_128_kib_only(empty: Space) -> None:
    accept = {"Accept-Encoding": "gzip"}
    empty.create(MAPS, config_map("small", x="1"))
    small = empty.client.send("GET", empty.path(MAPS), headers=accept)
    assert "content-encoding" not in small.headers
    empty.create(MAPS, config_map("big", x="z" * 200_000))
    big = empty.client.send("GET", empty.path(MAPS), headers=accept)
    assert (big.headers["content-encoding"], big.headers["vary"]) == ("gzip", "Accept-Encoding")
    plain = empty.client.send("GET", empty.path(MAPS))
    assert "content-encoding" not in plain.headers
    assert gzip.decompress(big.body) == plain.body
    with empty.client.open("GET", f"{empty.path(MAPS)}?watch=true&timeoutSeconds=1", headers=accept) as watch:
        assert watch.getheader("Content-Encoding") is None
        watch.read()
