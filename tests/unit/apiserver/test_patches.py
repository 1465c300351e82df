"""JSON patch, merge patch and strategic merge patch: as functions, and over the wire."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from porch.apiserver import patch
from porch.apiserver.conform import node_of
from porch.apiserver.strategic import merge
from porch.errors import BadRequest, Invalid, PorchError, RequestTooLarge
from porch.types.core import ConfigMap
from tests.support.wire import Wire

MAPS = "/api/v1/namespaces/default/configmaps"
REPOSITORIES = "/apis/config.porch.kpt.dev/v1alpha1/namespaces/default/repositories"
NODE = node_of(ConfigMap, "v1")


def json_patch(value: Any, steps: Any) -> Any:
    return patch.json_patch(value, patch.json_patch_steps(json.dumps(steps).encode()))


# The examples of RFC 7386, appendix A.
@pytest.mark.parametrize(
    ("value", "changes", "result"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge_patch_does_what_its_rfc_shows(value: Any, changes: Any, result: Any) -> None:
    assert patch.merge_patch(value, changes) == result


# The examples of RFC 6902, appendix A.
@pytest.mark.parametrize(
    ("value", "steps", "result"),
    [
        ({"foo": "bar"}, [{"op": "add", "path": "/baz", "value": "qux"}], {"baz": "qux", "foo": "bar"}),
        ({"foo": ["bar", "baz"]}, [{"op": "add", "path": "/foo/1", "value": "q"}], {"foo": ["bar", "q", "baz"]}),
        ({"baz": "qux", "foo": "bar"}, [{"op": "remove", "path": "/baz"}], {"foo": "bar"}),
        ({"foo": ["bar", "q", "baz"]}, [{"op": "remove", "path": "/foo/1"}], {"foo": ["bar", "baz"]}),
        ({"baz": "qux"}, [{"op": "replace", "path": "/baz", "value": "boo"}], {"baz": "boo"}),
        (
            {"foo": {"bar": "baz", "w": "f"}, "qux": {"c": "g"}},
            [{"op": "move", "from": "/foo/w", "path": "/qux/t"}],
            {"foo": {"bar": "baz"}, "qux": {"c": "g", "t": "f"}},
        ),
        (
            {"foo": ["all", "grass", "cows", "eat"]},
            [{"op": "move", "from": "/foo/1", "path": "/foo/3"}],
            {"foo": ["all", "cows", "eat", "grass"]},
        ),
        ({"a": [1]}, [{"op": "test", "path": "/a/0", "value": 1}], {"a": [1]}),
        ({"foo": "bar"}, [{"op": "add", "path": "/c", "value": {"g": {}}}], {"foo": "bar", "c": {"g": {}}}),
        ({"foo": "bar"}, [{"op": "add", "path": "/baz", "value": "q", "xyz": 1}], {"foo": "bar", "baz": "q"}),
        ({"/": 9, "~1": 10}, [{"op": "test", "path": "/~01", "value": 10}], {"/": 9, "~1": 10}),
        ({"foo": ["bar"]}, [{"op": "add", "path": "/foo/-", "value": ["a"]}], {"foo": ["bar", ["a"]]}),
        ({"a": {"b": 1}}, [{"op": "copy", "from": "/a", "path": "/c"}], {"a": {"b": 1}, "c": {"b": 1}}),
        ({"a": 1}, [{"op": "replace", "path": "", "value": {"b": 2}}], {"b": 2}),
        ({"a": 1}, [{"op": "add", "path": "/b", "value": None}], {"a": 1, "b": None}),
    ],
)
def test_json_patch_does_what_its_rfc_shows(value: Any, steps: Any, result: Any) -> None:
    assert json_patch(value, steps) == result


@pytest.mark.parametrize(
    ("steps", "why"),
    [
        ([{"op": "test", "path": "/a", "value": 2}], 'operation 0 ("test" at "/a"): the value is another one'),
        ([{"op": "test", "path": "/a", "value": True}], "the value is another one"),
        ([{"op": "add", "path": "/x/y", "value": 1}], 'there is no "x"'),
        ([{"op": "test", "path": "/a", "value": 1}, {"op": "remove", "path": "/x"}], "operation 1"),
        ([{"op": "replace", "path": "/x", "value": 1}], 'there is no "x"'),
        ([{"op": "add", "path": "/l/5", "value": 1}], "index 5 is out of bounds"),
        ([{"op": "add", "path": "/l/01", "value": 1}], '"01" is no list index'),
        ([{"op": "add", "path": "/l/٣", "value": 1}], "is no list index"),
        ([{"op": "add", "path": "/a/b", "value": 1}], "neither object nor list"),
        ([{"op": "add", "path": "a", "value": 1}], "a path begins with '/'"),
        ([{"op": "add", "path": "/a"}], '"value" is missing'),
        ([{"op": "copy", "path": "/b"}], '"from" is missing'),
        ([{"op": "move", "from": "/o", "path": "/o/p"}], '"from" may not contain "path"'),
        ([{"op": "jump", "path": "/a"}], "unknown operation"),
    ],
)
def test_a_json_patch_that_does_not_fit_names_its_step(steps: Any, why: str) -> None:
    value = {"a": 1, "l": [1], "o": {}}
    with pytest.raises(Invalid) as caught:
        json_patch(value, steps)
    assert why in caught.value.message
    assert caught.value.details
    assert why in caught.value.details.causes[0].text
    assert value == {"a": 1, "l": [1], "o": {}}


def test_a_json_patch_is_bounded() -> None:
    step = {"op": "test", "path": "/a", "value": 1}
    with pytest.raises(RequestTooLarge, match="is 10000, got 10001"):
        json_patch({"a": 1}, [step] * 10_001)
    doubling = [{"op": "copy", "from": "/l", "path": "/l/-"}] * 64
    with pytest.raises(PorchError):
        json_patch({"l": ["x" * 1000]}, doubling)
    deeper = [{"op": "copy", "from": "", "path": "/l/-"}, {"op": "move", "from": "/l", "path": "/m"}] * 9
    with pytest.raises(PorchError):
        json_patch({"l": []}, deeper)


def test_copies_in_a_json_patch_are_counted_before_they_are_made() -> None:
    long = {"a": "x" * 1024 * 1024}
    copies = [{"op": "copy", "from": "/a", "path": f"/b{place}"} for place in range(3)]
    assert len(json_patch(long, copies[:2])) == 3
    with pytest.raises(RequestTooLarge, match="3 MiB"):
        json_patch(long, copies)
    doubling = [{"op": "copy", "from": "/a", "path": f"/a/{place}"} for place in range(64)]
    with pytest.raises(RequestTooLarge):
        json_patch({"a": {}}, doubling)


VALUES = st.recursive(
    st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=10,
)
OBJECTS = st.dictionaries(st.sampled_from("abc"), VALUES, max_size=3)


PATHS = st.lists(st.sampled_from(["a", "b", "c", "0", "-"]), max_size=3).map(
    lambda tokens: "".join(f"/{t}" for t in tokens)
)
STEPS = st.fixed_dictionaries(
    {
        "op": st.sampled_from(["add", "remove", "replace", "move", "copy", "copy"]),
        "path": PATHS,
        "from": PATHS,
        "value": VALUES,
    }
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(OBJECTS, st.lists(STEPS, max_size=12))
def test_steps_together_do_what_they_do_one_by_one(value: Any, steps: list[Any]) -> None:
    """One by one, each begins with a value that shares nothing with what was before."""
    alone, fitting = json.dumps(value), []
    for step in steps:
        with suppress(Invalid):
            alone = json.dumps(json_patch(json.loads(alone), [step]))
            fitting.append(step)
    before = json.dumps(value)
    assert json_patch(value, fitting) == json.loads(alone)
    assert json.dumps(value) == before


def test_a_copy_is_one_with_what_it_was_copied_from_until_one_of_them_is_changed() -> None:
    copies = [{"op": "copy", "from": "/a", "path": f"/{place}"} for place in "bc"]
    copied = json_patch({"a": {"l": [1], "m": {}}}, copies)
    assert copied["a"] is copied["b"] is copied["c"]
    changed = json_patch({"a": {"l": [1], "m": {}}}, [*copies, {"op": "add", "path": "/b/l/0", "value": 0}])
    assert changed == {"a": {"l": [1], "m": {}}, "b": {"l": [0, 1], "m": {}}, "c": {"l": [1], "m": {}}}
    assert changed["a"]["m"] is changed["b"]["m"]


@settings(max_examples=100, deadline=None, derandomize=True)
@given(OBJECTS, OBJECTS)
def test_a_merge_patch_applied_twice_is_applied_once(value: Any, changes: Any) -> None:
    once = patch.merge_patch(value, changes)
    assert patch.merge_patch(once, changes) == once


@settings(max_examples=100, deadline=None, derandomize=True)
@given(OBJECTS, OBJECTS)
def test_without_lists_of_known_types_strategic_is_merge_patch(value: Any, changes: Any) -> None:
    assert merge(value, changes, None) == patch.merge_patch(value, changes)


def test_strategic_joins_lists_by_their_merge_key() -> None:
    owners = {"metadata": {"ownerReferences": [{"uid": "1", "name": "a"}, {"uid": "2", "name": "b"}]}}
    changes = {
        "metadata": {
            "ownerReferences": [{"uid": "2", "name": "c"}, {"uid": "1", "$patch": "delete"}, {"uid": "3"}],
            "$setElementOrder/ownerReferences": [{"uid": "3"}, {"uid": "2"}],
        }
    }
    merged = merge(owners, changes, NODE)
    assert merged == {"metadata": {"ownerReferences": [{"uid": "3"}, {"uid": "2", "name": "c"}]}}


def test_strategic_takes_items_out_wherever_that_stands() -> None:
    owners = [{"uid": uid} for uid in "123"]
    doomed = {"uid": "1", "$patch": "delete"}
    for changes in ([doomed, {"uid": "4"}], [{"uid": "4"}, doomed]):
        merged = merge({"metadata": {"ownerReferences": owners}}, {"metadata": {"ownerReferences": changes}}, NODE)
        assert merged == {"metadata": {"ownerReferences": [{"uid": uid} for uid in "234"]}}


def test_strategic_replaces_a_keyed_list_by_its_plain_items() -> None:
    changes = [{"uid": "2"}, {"$patch": "replace", "uid": "9"}, {"uid": "3", "$patch": "delete"}]
    merged = merge({"metadata": {"ownerReferences": [{"uid": "1"}]}}, {"metadata": {"ownerReferences": changes}}, NODE)
    assert merged == {"metadata": {"ownerReferences": [{"uid": "2"}]}}


def test_strategic_leaves_items_alone_that_are_no_objects() -> None:
    changes = {"metadata": {"ownerReferences": [{"uid": "1"}, {"uid": "2", "$patch": "delete"}]}}
    merged = merge({"metadata": {"ownerReferences": ["odd", {"uid": "2"}, 7]}}, changes, NODE)
    assert merged == {"metadata": {"ownerReferences": ["odd", 7, {"uid": "1"}]}}


def test_strategic_orders_before_it_takes_out() -> None:
    parts = {
        "$deleteFromPrimitiveList/finalizers": ["b"],
        "$setElementOrder/finalizers": ["b", "a"],
        "finalizers": ["a"],
    }
    for keys in (list(parts), list(reversed(parts))):
        changes = {"metadata": {key: parts[key] for key in keys}}
        merged = merge({"metadata": {"finalizers": ["a", "b", "c"]}}, changes, NODE)
        assert merged == {"metadata": {"finalizers": ["c", "a"]}}


def test_strategic_unites_sets_and_takes_items_out() -> None:
    value = {"metadata": {"finalizers": ["a", "b"]}}
    changes = {"metadata": {"finalizers": ["b", "c"], "$deleteFromPrimitiveList/finalizers": ["a"]}}
    assert merge(value, changes, NODE) == {"metadata": {"finalizers": ["b", "c"]}}


@pytest.mark.parametrize(
    ("changes", "result"),
    [
        ({"data": {"$patch": "replace", "z": "1"}}, {"data": {"z": "1"}}),
        ({"data": {"$patch": "delete"}}, {"data": {}}),
        ({"data": {"$retainKeys": ["x", "z"], "z": "1"}}, {"data": {"x": "1", "z": "1"}}),
        ({"data": {"$patch": "merge", "x": None}}, {"data": {"y": "2"}}),
        ({"data": {"$dollar": "kept"}}, {"data": {"x": "1", "y": "2", "$dollar": "kept"}}),
    ],
)
def test_strategic_directives(changes: Any, result: Any) -> None:
    assert merge({"data": {"x": "1", "y": "2"}}, changes, NODE) == result


@pytest.mark.parametrize(
    "changes",
    [
        {"metadata": {"ownerReferences": [{"name": "a"}]}},
        {"metadata": {"$setElementOrder/finalizers": 1, "finalizers": ["a"]}},
        {"data": {"$patch": "explode"}},
        {"data": {"$patch": {}}},
        {"metadata": {"ownerReferences": [{"uid": "1", "$patch": "explode"}]}},
        {"metadata": {"ownerReferences": [{"uid": "1", "$patch": "merge"}]}},
        {"metadata": {"ownerReferences": [{"$patch": "delete"}]}},
        {"metadata": {"ownerReferences": ["odd"]}},
        {"data": {"$retainKeys": "x"}},
    ],
)
def test_a_malformed_strategic_patch_is_a_bad_request(changes: Any) -> None:
    with pytest.raises(BadRequest):
        merge({"metadata": {"finalizers": []}}, changes, NODE)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("merge-patch", {"data": {"x": None, "y": "2"}}),
        ("strategic-merge-patch", {"data": {"x": None, "y": "2"}}),
        ("json-patch", [{"op": "remove", "path": "/data/x"}, {"op": "add", "path": "/data/y", "value": "2"}]),
    ],
)
def test_each_kind_of_patch_over_the_wire(wire: Wire, kind: str, body: Any) -> None:
    wire.post(MAPS, {"metadata": {"name": "a"}, "data": {"x": "1"}})
    reply = wire.patch(f"{MAPS}/a", body, kind)
    assert (reply.code, reply.json["data"]) == (200, {"y": "2"})


def test_a_patch_that_changes_nothing_keeps_the_version(wire: Wire) -> None:
    created = wire.post(MAPS, {"metadata": {"name": "a"}, "data": {"x": "1"}}).json
    assert wire.patch(f"{MAPS}/a", {"data": {"x": "1"}}).json == created


def test_a_patch_is_conditional_only_when_it_says_so(wire: Wire) -> None:
    wire.post(REPOSITORIES, {"metadata": {"name": "r"}})
    assert wire.patch(f"{REPOSITORIES}/r", {"spec": {"description": "x"}}).code == 200
    stale = wire.patch(f"{REPOSITORIES}/r", {"metadata": {"resourceVersion": "1"}, "spec": {"description": "y"}})
    assert (stale.code, stale.json["reason"]) == (409, "Conflict")


def test_a_dry_run_patch_leaves_the_object_as_it_was(wire: Wire) -> None:
    created = wire.post(MAPS, {"metadata": {"name": "a"}}).json
    assert wire.patch(f"{MAPS}/a?dryRun=All", {"data": {"x": "1"}}).json["data"] == {"x": "1"}
    assert wire.get(f"{MAPS}/a").json == created


def test_unknown_fields_of_a_patch_are_refused_or_warned_of(wire: Wire) -> None:
    wire.post(MAPS, {"metadata": {"name": "a"}})
    strict = wire.patch(f"{MAPS}/a?fieldValidation=Strict", {"nope": 1})
    assert strict.code == 422
    assert strict.message.startswith(' "" is invalid: patch: Invalid value: "')
    assert strict.message.endswith('strict decoding error: unknown field "nope"')
    assert wire.patch(f"{MAPS}/a", {"nope": 1}).warnings == ['299 - "unknown field \\"nope\\""']


@pytest.mark.parametrize(
    ("kind", "body", "problem"),
    [
        ("json-patch", b'[{"op":"add","path":"/data","value":{},"foo":1}]', 'json patch unknown field "[0].foo"'),
        ("json-patch", b'[{"op":"test","op":"add","path":"/data","value":{}}]', 'json patch duplicate field "[0].op"'),
        ("merge-patch", b'{"data":{"x":"1","x":"2"}}', 'duplicate field "data.x"'),
        ("strategic-merge-patch", b'{"data":{"x":"1","x":"2"}}', 'duplicate field "data.x"'),
    ],
)
def test_what_is_odd_in_the_patch_itself_is_refused_or_warned_of(
    wire: Wire, kind: str, body: bytes, problem: str
) -> None:
    wire.post(MAPS, {"metadata": {"name": "a"}})
    strict = wire.patch(f"{MAPS}/a?fieldValidation=Strict", body, kind)
    assert strict.code == 422
    assert strict.message.endswith(f"strict decoding error: {problem}")
    quoted = problem.replace('"', '\\"')
    assert wire.patch(f"{MAPS}/a", body, kind).warnings == [f'299 - "{quoted}"']
    assert wire.patch(f"{MAPS}/a?fieldValidation=Ignore", body, kind).warnings == []


def test_a_refusal_does_not_send_megabytes_back(wire: Wire) -> None:
    wire.post(MAPS, {"metadata": {"name": "a"}})
    told = wire.patch(f"{MAPS}/a?fieldValidation=Strict", {"nope": 1, "data": {"x": "y" * 50_000}})
    assert told.code == 422
    assert len(told.message) < 5_000


def test_a_strict_refusal_shows_the_patched_object(wire: Wire) -> None:
    wire.post(MAPS, {"metadata": {"name": "a"}})
    told = wire.patch(f"{MAPS}/a?fieldValidation=Strict", {"nope": 1, "data": {"x": "new"}})
    assert '\\"x\\":\\"new\\"' in told.message


@pytest.mark.parametrize(
    ("kind", "body", "code", "text"),
    [
        ("merge-patch", [], 400, "cannot unmarshal array into Go value of type map[string]interface {}"),
        ("merge-patch", b"{", 400, "error decoding patch"),
        ("merge-patch", {"data": {"x": 1}}, 422, "cannot unmarshal number 1 into Go struct field ConfigMap.data.x"),
        ("merge-patch", {"metadata": {"name": "q"}}, 400, "(q) does not match the name on the URL (a)"),
        ("merge-patch", {"metadata": None}, 400, "name must be provided"),
        ("merge-patch", {"kind": "Secret"}, 422, "does not match the expected kind"),
        ("json-patch", {}, 400, "cannot unmarshal object into Go value of type []handlers.jsonPatchOp"),
        ("json-patch", [{"path": "/a"}], 400, "missing required field `op`"),
        ("json-patch", [{"op": "remove", "path": "/x"}], 422, "the server rejected our request due to an error"),
        ("json-patch", [{"op": "replace", "path": "", "value": 1}], 422, "cannot unmarshal number"),
        ("nonsense", {}, 415, "unknown patch type"),
    ],
)
def test_a_bad_patch_is_a_typed_error(wire: Wire, kind: str, body: Any, code: int, text: str) -> None:
    wire.post(MAPS, {"metadata": {"name": "a"}})
    reply = wire.patch(f"{MAPS}/a", body, kind)
    assert reply.code == code
    assert text in reply.message


def test_server_side_apply_is_refused_clearly(wire: Wire) -> None:
    reply = wire.send("PATCH", f"{MAPS}/a?fieldManager=me", b"{}", content_type="application/apply-patch+yaml")
    assert reply.code == 415
    assert reply.message.startswith("server-side apply is not built yet")
    assert "application/merge-patch+json" in reply.message
