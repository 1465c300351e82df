"""What a client gets for what it accepts: JSON, YAML, Tables, metadata; indented or compressed."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from typing import Any

import pytest

from porch.apiserver.negotiate import negotiate
from porch.strategy.ages import age, duration
from tests.support.wire import Wire

MAPS = "/api/v1/namespaces/default/configmaps"
REPOSITORIES = "/apis/config.porch.kpt.dev/v1alpha1/namespaces/default/repositories"
KUBECTL = (
    "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json"
)


def add(wire: Wire, name: str = "a", **data: str) -> Any:
    return wire.post(MAPS, {"metadata": {"name": name, "labels": {"l": "1"}}, "data": data}).json


@pytest.mark.parametrize(
    ("accept", "shape"),
    [
        ("", ("application/json", "")),
        ("*/*", ("application/json", "")),
        ("application/*", ("application/json", "")),
        ("application/vnd.kubernetes.protobuf,application/json", ("application/json", "")),
        ("application/json;q=0.1, application/yaml;q=0.9", ("application/yaml", "")),
        ("application/yaml;q=0, application/json", ("application/json", "")),
        ("application/json;as=Wrong;v=v1;g=meta.k8s.io,application/json", ("application/json", "")),
        ("application/json;as=Table;v=v2;g=meta.k8s.io,application/json", ("application/json", "")),
        ("application/json;g=meta.k8s.io;v=v1;as=Table", ("application/json", "Table")),
        ("application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io", ("application/json", "PartialObjectMetadata")),
        ("application/json;stream=watch", ("application/json", "")),
    ],
)
def test_the_first_acceptable_clause_wins(accept: str, shape: tuple[str, str]) -> None:
    found = negotiate(accept, one=True)
    assert (found.media, found.transform) == shape


def test_nothing_acceptable_is_406_as_json(wire: Wire) -> None:
    reply = wire.get(MAPS, accept="text/html")
    assert (reply.code, reply.json["reason"]) == (406, "NotAcceptable")
    assert reply.message == "only the following media types are accepted: application/json, application/yaml"


def test_kubectl_gets_a_table(wire: Wire) -> None:
    created = add(wire)
    table = wire.get(MAPS, accept=KUBECTL).json
    assert (table["kind"], table["apiVersion"]) == ("Table", "meta.k8s.io/v1")
    assert table["metadata"] == {"resourceVersion": created["metadata"]["resourceVersion"]}
    assert [column["name"] for column in table["columnDefinitions"]] == ["Name", "Age"]
    [row] = table["rows"]
    assert row["cells"][0] == "a"
    assert row["object"] == {
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": created["metadata"],
    }


def test_an_empty_table_has_no_rows_and_one_object_has_one(wire: Wire) -> None:
    assert wire.get(MAPS, accept=KUBECTL).json["rows"] == []
    add(wire)
    assert len(wire.get(f"{MAPS}/a", accept=KUBECTL).json["rows"]) == 1


def test_columns_and_cells_are_those_of_the_strategy(wire: Wire) -> None:
    wire.post(REPOSITORIES, {"metadata": {"name": "r"}, "spec": {"git": {"repo": "hosted:///r"}}})
    table = wire.get(REPOSITORIES, accept=KUBECTL).json
    assert table["columnDefinitions"][2]["priority"] == 1
    assert table["rows"][0]["cells"][2] == "hosted:///r"


@pytest.mark.parametrize(("include", "kind"), [("Object", "ConfigMap"), ("Metadata", "PartialObjectMetadata")])
def test_rows_include_what_is_asked_for(wire: Wire, include: str, kind: str) -> None:
    add(wire)
    table = wire.get(f"{MAPS}?includeObject={include}", accept=KUBECTL).json
    assert table["rows"][0]["object"]["kind"] == kind


def test_rows_without_objects_and_bad_includes(wire: Wire) -> None:
    add(wire)
    assert wire.get(f"{MAPS}?includeObject=None", accept=KUBECTL).json["rows"][0]["object"] is None
    bad = wire.get(f"{MAPS}?includeObject=Bad", accept=KUBECTL)
    assert bad.code == 400
    assert "must be 'Metadata', 'Object', 'None', or empty" in bad.message


def test_metadata_alone(wire: Wire) -> None:
    created = add(wire, x="y")
    one = wire.get(f"{MAPS}/a", accept="application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io").json
    assert one == {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": created["metadata"]}
    many = wire.get(MAPS, accept="application/json;as=PartialObjectMetadataList;v=v1beta1;g=meta.k8s.io").json
    assert (many["kind"], many["apiVersion"]) == ("PartialObjectMetadataList", "meta.k8s.io/v1beta1")
    assert many["items"][0]["metadata"] == created["metadata"]


def test_people_get_indented_json(wire: Wire) -> None:
    add(wire)
    assert b'\n  "kind"' in wire.get(f"{MAPS}/a", user_agent="curl/8.0").body
    assert b'\n  "kind"' in wire.get(f"{MAPS}/a?pretty=true").body
    assert wire.get(f"{MAPS}/a?pretty=false", user_agent="curl/8.0").body.count(b"\n") == 1
    assert b'\n  "kind": "Status"' in wire.get(f"{MAPS}/b", user_agent="curl/8.0").body


def test_only_big_answers_are_compressed(wire: Wire) -> None:
    add(wire, x="y" * 50_000)
    assert "content-encoding" not in wire.get(MAPS, accept_encoding="gzip").headers
    add(wire, "b", x="y" * 50_000)
    add(wire, "c", x="y" * 50_000)
    reply = wire.get(MAPS, accept_encoding="gzip, deflate")
    assert (reply.headers["content-encoding"], reply.headers["vary"]) == ("gzip", "Accept-Encoding")
    assert gzip.decompress(reply.body) == wire.get(MAPS).body


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "<invalid>"),
        (-1, "0s"),
        (11, "11s"),
        (119, "119s"),
        (120, "2m"),
        (312, "5m12s"),
        (601, "10m"),
        (3 * 3600, "3h"),
        (4 * 3600 + 60, "4h1m"),
        (30 * 3600, "30h"),
        (50 * 3600, "2d2h"),
        (9 * 86400, "9d"),
        (3 * 365 * 86400 + 86400, "3y1d"),
        (9 * 365 * 86400, "9y"),
    ],
)
def test_ages_are_rounded_as_kubectl_does(seconds: int, text: str) -> None:
    assert duration(seconds) == text


def test_an_age_needs_a_time() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert age(None, now) == "<unknown>"
    assert age("nonsense", now) == "<unknown>"
    assert age("2025-12-31T23:59:49Z", now) == "11s"
