"""Whatever is in a body ends in an object or in a client error that says what is wrong and where."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from porch.apiserver import codec
from porch.errors import PorchError
from porch.types import ALL_KINDS, Kind
from porch.types.packagerevision import PACKAGE_REVISION, PackageRevision
from porch.types.resources import PACKAGE_REVISION_RESOURCES
from tests.support.wire import Wire
from tests.unit.apiserver.conftest import MAX_BODY

REVISIONS = "/apis/porch.kpt.dev/v1alpha1/namespaces/default/packagerevisions"
MAPS = "/api/v1/namespaces/default/configmaps"
CANNOT = 'PackageRevision in version "v1alpha1" cannot be handled as a PackageRevision: '


def revision(**spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "a"}, "spec": spec}


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (revision(revision="one"), "string into Go struct field PackageRevision.spec.revision of type int"),
        (revision(revision=1.5), "number 1.5 into Go struct field PackageRevision.spec.revision of type int"),
        (revision(revision=True), "bool into Go struct field PackageRevision.spec.revision of type int"),
        (revision(revision=2**63), "number 9223372036854775808 into Go struct field PackageRevision.spec.revision"),
        (revision(tasks={}), "object into Go struct field PackageRevision.spec.tasks of type []v1alpha1.Task"),
        (revision(tasks=[{}, 7]), "number 7 into Go struct field PackageRevision.spec.tasks[1] of type v1alpha1.Task"),
        (
            revision(tasks=[{"init": {"keywords": [1]}}]),
            "number 1 into Go struct field PackageRevision.spec.tasks[0].init.keywords[0] of type string",
        ),
        (
            {"metadata": {"labels": {"a": []}}},
            "array into Go struct field PackageRevision.metadata.labels.a of type string",
        ),
        ({"metadata": []}, "array into Go struct field PackageRevision.metadata of type v1alpha1.ObjectMeta"),
        ({"spec": "x"}, "string into Go struct field PackageRevision.spec of type v1alpha1.PackageRevisionSpec"),
    ],
)
def test_a_value_of_the_wrong_type_is_named_with_its_path(wire: Wire, body: Any, problem: str) -> None:
    reply = wire.post(REVISIONS, body)
    assert reply.code == 400
    assert reply.message.startswith(f"{CANNOT}json: cannot unmarshal {problem}")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"", "(<empty>)"),
        (b"{", "json parse error"),
        (b"kind: ConfigMap", "json parse error"),
        (b"[]", "cannot unmarshal array"),
        (b'"x"', "cannot unmarshal string"),
        (b"null", "cannot unmarshal null"),
        (b'{"metadata":{"name":"\xff"}}', "utf-8"),
        (b'{"metadata":{"name":"\\ud800"}}', "json parse error"),
        (b'{"x":NaN}', "json parse error"),
        (b'{"x":1e999}', "out of range"),
        (b'{"x":' + b"1" * 5000 + b"}", "out of range"),
        (b'{"x":' + b"[" * 30000 + b"]" * 30000 + b"}", "nested too deeply"),
        (b'{"x":' + b"[" * 300 + b"]" * 300 + b"}", "nested more than 200 levels deep"),
    ],
)
def test_a_body_that_is_no_object_is_a_bad_request(wire: Wire, body: bytes, text: str) -> None:
    reply = wire.post(MAPS, body)
    assert (reply.code, reply.json["reason"]) == (400, "BadRequest")
    assert "must be of type ConfigMap" in reply.message
    assert text in reply.message


def test_null_is_absent_and_a_null_item_is_a_zero_value(wire: Wire) -> None:
    reply = wire.post(MAPS, {"metadata": {"name": "a", "creationTimestamp": None, "labels": None}, "data": {"x": None}})
    assert reply.code == 201
    assert reply.json["data"] == {"x": ""}


def test_strict_names_every_unknown_and_duplicate_field(wire: Wire) -> None:
    body = (
        b'{"metadata":{"name":"a","foo":1},"color":1,"spec":{"tasks":[{"type":"init","init":{"bar":1}}],'
        b'"lifecycle":"Draft","lifecycle":"Draft"}}'
    )
    reply = wire.post(f"{REVISIONS}?fieldValidation=Strict", body)
    assert reply.code == 400
    assert reply.message == (
        f'{CANNOT}strict decoding error: duplicate field "spec.lifecycle", unknown field "metadata.foo", '
        'unknown field "color", unknown field "spec.tasks[0].init.bar"'
    )
    assert wire.get(f"{REVISIONS}/a").code == 404


def test_without_strict_they_are_warned_of_and_dropped(wire: Wire) -> None:
    reply = wire.post(REVISIONS, b'{"metadata":{"name":"a"},"spec":{"nope":1,"lifecycle":"x","lifecycle":"Draft"}}')
    assert reply.code == 201
    assert reply.json["spec"] == {"lifecycle": "Draft"}
    assert reply.warnings == [
        '299 - "duplicate field \\"spec.lifecycle\\""',
        '299 - "unknown field \\"spec.nope\\""',
    ]


def test_ignore_says_nothing(wire: Wire) -> None:
    reply = wire.post(f"{REVISIONS}?fieldValidation=Ignore", revision(nope=1))
    assert (reply.code, reply.warnings) == (201, [])


def test_many_warnings_are_cut(wire: Wire) -> None:
    reply = wire.post(REVISIONS, revision(**{f"field{number}" * 40: 1 for number in range(100)}))
    assert len(reply.warnings) == 16
    assert all(len(line) < 300 for line in reply.warnings)


def test_map_keys_and_free_form_values_are_never_unknown(wire: Wire) -> None:
    reply = wire.post(f"{MAPS}?fieldValidation=Strict", {"metadata": {"name": "a"}, "data": {"any.thing": "x"}})
    assert reply.code == 201


def test_yaml_is_read_and_written(wire: Wire) -> None:
    body = b"kind: ConfigMap\nmetadata:\n  name: a\ndata:\n  x: 'yes'\n"
    reply = wire.post(MAPS, body, content_type="application/yaml; charset=utf-8", accept="application/yaml")
    assert (reply.code, reply.headers["content-type"]) == (201, "application/yaml")
    assert b"kind: ConfigMap\n" in reply.body
    assert wire.post(MAPS, b"a: [", content_type="application/yaml").code == 400


def test_an_unknown_media_type_is_415(wire: Wire) -> None:
    reply = wire.post(MAPS, b"x", content_type="text/html")
    assert (reply.code, reply.json["reason"]) == (415, "UnsupportedMediaType")
    assert "application/json, application/yaml" in reply.message


@pytest.mark.parametrize("sized", [True, False])
def test_a_body_above_the_limit_is_413(wire: Wire, *, sized: bool) -> None:
    body = b" " * (MAX_BODY + 1)
    headers = {"content_length": str(len(body))} if sized else {}
    reply = wire.post(MAPS, body, **headers)
    assert (reply.code, reply.message) == (413, f"Request entity too large: limit is {MAX_BODY}")
    assert reply.headers["connection"] == "close"


def test_a_big_body_still_reports_unknown_fields() -> None:
    files = {f"file-{number}": "x" * 1000 for number in range(300)}
    body = json.dumps({"metadata": {"name": "a"}, "spec": {"resources": files, "nope": 1}}).encode()
    assert len(body) > codec.DUPLICATES_LIMIT
    plain, repeated = codec.read_object(PACKAGE_REVISION_RESOURCES, body, "")
    assert repeated == []
    assert codec.to_object(PACKAGE_REVISION_RESOURCES, plain).problems == ['unknown field "spec.nope"']


FIELD_NAMES = st.sampled_from(["metadata", "spec", "status", "name", "tasks", "labels", "init", "type", "x"])
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELD_NAMES, inner, max_size=4),
    max_leaves=12,
)


def decoded(kind: Kind, body: bytes, media: str) -> Any:
    """The object in the body, or the error of ours that it ended in."""
    try:
        plain, _ = codec.read_object(kind, body, media)
        return codec.to_object(kind, plain).obj
    except PorchError as error:
        return error


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.sampled_from(ALL_KINDS), JSON_VALUES)
def test_any_value_becomes_an_object_that_can_be_stored_or_a_bad_request(kind: Kind, value: Any) -> None:
    result = decoded(kind, json.dumps(value).encode(), "application/json")
    assert result.code == 400 if isinstance(result, PorchError) else kind.encode_tail(result)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.binary(max_size=60), st.sampled_from(["application/json", "application/yaml", "text/plain"]))
def test_any_bytes_become_an_object_or_a_client_error(body: bytes, media: str) -> None:
    result = decoded(PACKAGE_REVISION, body, media)
    assert isinstance(result, PackageRevision) or result.code in {400, 415}
