"""Protobuf bodies become the objects that JSON would have carried; everything broken is a BadRequest."""

from __future__ import annotations

import contextlib
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from porch.apiserver import protobuf
from porch.apiserver.openapi.schemas import DELETE_OPTIONS as OPTIONS_SCHEMA
from porch.apiserver.openapi.schemas import V2, schema_name, schemas
from porch.apiserver.protobuf import decode, decode_delete_options
from porch.apiserver.protobuf_messages import DELETE_OPTIONS, OBJECTS, PARTS, Field, Message
from porch.errors import BadRequest, UnsupportedMediaType
from porch.types import ALL_KINDS, Kind
from porch.types.authentication import TOKEN_REQUEST
from tests.support.protobuf import counted, entry, envelope, number, varint

KINDS = {kind.name: kind for kind in ALL_KINDS}
SECRET, NAMESPACE, CONFIG_MAP = KINDS["Secret"], KINDS["Namespace"], KINDS["ConfigMap"]
CORE_EVENT = next(kind for kind in ALL_KINDS if kind.name == "Event" and not kind.group)
SUPPORTED = [kind for kind in (*ALL_KINDS, TOKEN_REQUEST) if (kind.group, kind.name) in OBJECTS]


def sent(kind: Kind, raw: bytes) -> dict[str, Any]:
    return decode(kind, envelope(raw, kind.name, kind.api_version))


# What is read


def test_metadata_is_read_in_full() -> None:
    owner = counted(1, "Node") + counted(3, "n") + counted(4, "u") + counted(5, "v1") + number(6, 1) + number(7, 0)
    metadata = (
        counted(1, "team")
        + counted(5, "id-1")
        + counted(6, "42")
        + number(7, 3)
        + counted(8, number(1, 1_700_000_000) + number(2, 5))
        + counted(9, b"")
        + number(10, -1)
        + entry(11, "app", "x")
        + entry(11, "tier", "")
        + entry(12, "note", "ü")
        + counted(13, owner)
        + counted(14, "a.example/x")
        + counted(14, "b.example/y")
    )
    assert sent(NAMESPACE, counted(1, metadata)) == {
        "kind": "Namespace",
        "apiVersion": "v1",
        "metadata": {
            "name": "team",
            "uid": "id-1",
            "resourceVersion": "42",
            "generation": 3,
            "creationTimestamp": "2023-11-14T22:13:20Z",
            "deletionGracePeriodSeconds": -1,
            "labels": {"app": "x", "tier": ""},
            "annotations": {"note": "ü"},
            "ownerReferences": [
                {"kind": "Node", "name": "n", "uid": "u", "apiVersion": "v1", "controller": True,
                 "blockOwnerDeletion": False}
            ],
            "finalizers": ["a.example/x", "b.example/y"],
        },
    }  # fmt: skip


def test_bytes_become_base64() -> None:
    secret = entry(2, "key", b"\0\xff") + entry(4, "plain", "text") + counted(3, "Opaque") + number(5, 1)
    read = sent(SECRET, secret)
    assert read["data"] == {"key": "AP8="}
    assert (read["stringData"], read["type"], read["immutable"]) == ({"plain": "text"}, "Opaque", True)
    assert sent(CONFIG_MAP, entry(2, "a", "b") + entry(3, "c", b"d"))["binaryData"] == {"c": "ZA=="}


def test_a_lease_has_times_with_microseconds() -> None:
    renewed = counted(4, number(1, 1_700_000_000) + number(2, 123_456_789))
    spec = counted(1, "me") + number(2, 15) + counted(3, number(1, 1_700_000_000)) + renewed + number(5, 0)
    assert sent(KINDS["Lease"], counted(1, counted(1, "l")) + counted(2, spec))["spec"] == {
        "holderIdentity": "me",
        "leaseDurationSeconds": 15,
        "acquireTime": "2023-11-14T22:13:20.000000Z",
        "renewTime": "2023-11-14T22:13:20.123456Z",
        "leaseTransitions": 0,
    }


def test_an_event_is_read_in_both_shapes() -> None:
    about = counted(1, "Repository") + counted(3, "blueprints")
    when = number(1, 1_700_000_000) + number(2, 5_000)
    core = sent(CORE_EVENT, counted(2, about) + counted(4, "m") + counted(7, when) + number(8, 3) + counted(10, when))
    assert core | {"kind": "", "apiVersion": ""} == {
        "kind": "",
        "apiVersion": "",
        "involvedObject": {"kind": "Repository", "name": "blueprints"},
        "message": "m",
        "lastTimestamp": "2023-11-14T22:13:20Z",
        "count": 3,
        "eventTime": "2023-11-14T22:13:20.000005Z",
    }
    series = counted(3, number(1, 2) + counted(2, when))
    young = sent(KINDS["Event"], counted(2, when) + series + counted(8, about) + counted(10, "m"))
    assert young | {"kind": "", "apiVersion": ""} == {
        "kind": "",
        "apiVersion": "",
        "eventTime": "2023-11-14T22:13:20.000005Z",
        "series": {"count": 2, "lastObservedTime": "2023-11-14T22:13:20.000005Z"},
        "regarding": {"kind": "Repository", "name": "blueprints"},
        "note": "m",
    }


def test_service_accounts_and_their_tokens_are_read() -> None:
    account = counted(2, counted(3, "s")) + counted(3, counted(1, "pull")) + number(4, 0)
    assert sent(KINDS["ServiceAccount"], account) == {
        "kind": "ServiceAccount",
        "apiVersion": "v1",
        "secrets": [{"name": "s"}],
        "imagePullSecrets": [{"name": "pull"}],
        "automountServiceAccountToken": False,
    }
    bound = counted(1, "Secret") + counted(2, "v1") + counted(3, "s") + counted(4, "u")
    spec = counted(1, "a") + counted(1, "b") + counted(3, bound) + number(4, 600)
    assert sent(TOKEN_REQUEST, counted(2, spec))["spec"] == {
        "audiences": ["a", "b"],
        "boundObjectRef": {"kind": "Secret", "apiVersion": "v1", "name": "s", "uid": "u"},
        "expirationSeconds": 600,
    }
    assert sent(KINDS["TokenReview"], counted(2, counted(1, "t") + counted(2, "a")))["spec"] == {
        "token": "t",
        "audiences": ["a"],
    }


def test_a_map_entry_may_lack_key_or_value() -> None:
    assert sent(CONFIG_MAP, counted(2, counted(1, "k")) + counted(3, counted(1, "b")))["data"] == {"k": ""}
    assert sent(CONFIG_MAP, counted(2, counted(2, "v")))["data"] == {"": "v"}


def test_extra_attributes_of_a_user_become_lists() -> None:
    spec = counted(3, "ann") + counted(4, "dev") + entry(5, "scopes", counted(1, "a") + counted(1, "b"))
    review = sent(KINDS["SubjectAccessReview"], counted(2, spec))
    assert review["spec"] == {"user": "ann", "groups": ["dev"], "extra": {"scopes": ["a", "b"]}}


def test_an_absent_message_stays_absent() -> None:
    spec = counted(2, counted(1, "/metrics") + counted(2, "get"))
    review = sent(KINDS["SelfSubjectAccessReview"], counted(2, spec))
    assert review["spec"] == {"nonResourceAttributes": {"path": "/metrics", "verb": "get"}}


def test_unknown_fields_are_skipped_whatever_their_wire_type() -> None:
    unknown = number(99, 1) + varint(98 << 3 | 1) + bytes(8) + varint(97 << 3 | 5) + bytes(4) + counted(96, b"\xff")
    assert sent(CONFIG_MAP, unknown + entry(2, "a", "b"))["data"] == {"a": "b"}


def test_a_missing_type_is_that_of_the_url() -> None:
    assert decode(NAMESPACE, b"k8s\0") == {"kind": "Namespace", "apiVersion": "v1"}


def test_delete_options_come_in_any_version() -> None:
    raw = number(1, 30) + counted(2, counted(1, "u") + counted(2, "7")) + counted(4, "Background") + counted(5, "All")
    for version in ("v1", "meta.k8s.io/v1", "rbac.authorization.k8s.io/v1"):
        assert decode_delete_options(envelope(raw, "DeleteOptions", version)) == {
            "kind": "DeleteOptions",
            "apiVersion": "v1",
            "gracePeriodSeconds": 30,
            "preconditions": {"uid": "u", "resourceVersion": "7"},
            "propagationPolicy": "Background",
            "dryRun": ["All"],
        }


# What is refused


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"", "does not begin"),
        (b'{"kind":"Secret"}', "does not begin"),
        (envelope(b"", "ConfigMap", "v1"), r"the kind in the data \(ConfigMap\) does not match .* \(Secret\)"),
        (envelope(b"", "Secret", "v2"), r"the API version in the data \(v2\) does not match .* API version \(v1\)"),
        (envelope(b"", "Secret", "v1", counted(3, "gzip")), "unknown content encoding 'gzip'"),
        (envelope(counted(3, "Opaque")[:-1]), "unexpected end of data"),
        (envelope(b"\x1a"), "unexpected end of data"),
        (envelope(b"\x1a\xff"), "unexpected end of data"),
        (envelope(b"\x1a" + b"\xff" * 8 + b"\x7f"), "unexpected end of data"),
        (envelope(b"\x28" + b"\xff" * 10), "a number is too large"),
        (envelope(b"\x28" + b"\xff" * 9 + b"\x02"), "a number is too large"),
        (envelope(b"\x00\x01"), "field number 0 is out of range"),
        (envelope(b"\x1b"), "unknown wire type 3"),
        (envelope(number(3, 1)), "field type has wire type 0"),
        (envelope(number(2, 1)), "field data is not a map"),
        (envelope(counted(5, "x")), "field immutable has wire type 2"),
        (envelope(counted(3, b"\xff")), "a string is not UTF-8"),
        (envelope(counted(1, counted(8, number(1, 1 << 62)))), "a time is out of range"),
        (envelope(counted(1, counted(8, number(1, -(1 << 62))))), "a time is out of range"),
    ],
)
def test_what_is_broken_is_a_bad_request(body: bytes, text: str) -> None:
    with pytest.raises(BadRequest, match=text):
        decode(SECRET, body)


def test_long_names_are_not_repeated_in_full() -> None:
    with pytest.raises(BadRequest) as caught:
        decode(SECRET, envelope(b"", "x" * 100_000, "v1"))
    assert len(str(caught.value)) < 500


def test_delete_options_are_not_taken_for_another_kind() -> None:
    with pytest.raises(BadRequest, match=r"\(DeleteOptions\)"):
        decode_delete_options(envelope(b"", "Secret", "v1"))


def test_kinds_that_have_no_protobuf_form_say_what_to_send() -> None:
    for name in ("Repository", "PackageRevision"):
        with pytest.raises(UnsupportedMediaType, match="application/json"):
            decode(KINDS[name], b"k8s\0")


def test_the_number_of_fields_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protobuf, "MAX_FIELDS", 50)
    assert sent(NAMESPACE, number(99, 1) * 50)
    with pytest.raises(BadRequest, match="more than 50 fields"):
        sent(NAMESPACE, number(99, 1) * 51)


# Any bytes

fuzz = settings(max_examples=100, derandomize=True, deadline=None)


@fuzz
@given(st.sampled_from(SUPPORTED), st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(kind: Kind, data: bytes) -> None:
    for body in (data, b"k8s\0" + data, envelope(data), envelope(counted(1, data)), envelope(counted(2, data))):
        with contextlib.suppress(BadRequest):
            decode(kind, body)
        with contextlib.suppress(BadRequest):
            decode_delete_options(body)


# Any object


SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "string": st.text(st.characters(codec="utf-8"), max_size=5),
    "strings": st.lists(st.text(st.characters(codec="utf-8"), max_size=5), max_size=3),
    "bytes": st.binary(max_size=5),
    "bool": st.booleans(),
    "int": st.integers(-(1 << 63), (1 << 63) - 1),
    "time": st.integers(-62_135_596_800, 253_402_300_799),
    "microtime": st.integers(-62_135_596_800, 253_402_300_799),
}


def values(field: Field) -> st.SearchStrategy[Any]:
    one = SCALARS[field.type] if field.type in SCALARS else objects(PARTS[field.type])
    if field.shape == "list":
        return st.lists(one, min_size=1, max_size=2)
    return st.dictionaries(SCALARS["string"], one, min_size=1, max_size=2) if field.shape == "map" else one


def objects(message: Message) -> st.SearchStrategy[dict[int, Any]]:
    return st.fixed_dictionaries({}, optional={key: values(field) for key, field in message.items()})


def encoded(message: Message, value: dict[int, Any]) -> bytes:
    return b"".join(written(key, message[key], item) for key, item in value.items())


def written(key: int, field: Field, value: Any) -> bytes:
    match field.shape:
        case "list":
            return b"".join(one(key, field.type, item) for item in value)
        case "map":
            pairs = (counted(1, name) + one(2, field.type, item) for name, item in value.items())
            return b"".join(counted(key, pair) for pair in pairs)
        case _:
            return one(key, field.type, value)


def one(key: int, of: str, value: Any) -> bytes:
    match of:
        case "bool" | "int":
            return number(key, value)
        case "string" | "bytes":
            return counted(key, value)
        case "strings":
            return counted(key, b"".join(counted(1, item) for item in value))
        case "time" | "microtime":
            return counted(key, number(1, value))
        case _:
            return counted(key, encoded(PARTS[of], value))


@fuzz
@given(st.data())
def test_every_object_fits_the_type_of_its_kind(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(SUPPORTED))
    message = OBJECTS[kind.group, kind.name]
    value = data.draw(objects(message))
    read = sent(kind, encoded(message, value))
    assert set(read) == {"kind", "apiVersion"} | {message[key].name for key in value}
    msgspec.convert(read, kind.type)


def test_every_field_that_is_read_has_a_place_in_the_types() -> None:
    known = schemas(ALL_KINDS, V2)
    for kind in SUPPORTED:
        check(OBJECTS[kind.group, kind.name], schema_name(kind), known)
    check(DELETE_OPTIONS, OPTIONS_SCHEMA, known)


def check(message: Message, name: str, known: dict[str, Any]) -> None:
    for field in message.values():
        place = known[name]["properties"][field.name]
        if field.type in PARTS:
            reference = place.get("items", place)["$ref"]
            check(PARTS[field.type], reference.removeprefix(V2.root), known)
