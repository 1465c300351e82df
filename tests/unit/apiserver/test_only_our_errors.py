"""Whatever a client sends to a parser: a value, or an error of `porch.errors`. Nothing else may come out."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from porch.apiserver import codec, patch, protobuf, select
from porch.apiserver.options import resource_version
from porch.errors import BadRequest, PorchError
from porch.objects.paging import Position, read_token, read_version, write_token
from porch.types import ALL_KINDS
from porch.types.selectors import Requirement, Selector
from tests.support.garbage import NUMBERS, WORDS
from tests.support.protobuf import encode

seeded = settings(derandomize=True, deadline=None, max_examples=150)

# Selectors

LABEL = st.from_regex(r"[a-z]([a-z0-9._-]{0,5}[a-z0-9])?", fullmatch=True)
KEY = LABEL | st.tuples(st.just("example.com"), LABEL).map("/".join)
VALUE = LABEL | st.just("")
LABEL_REQUIREMENTS = st.one_of(
    st.builds(Requirement, KEY, st.sampled_from(["exists", "!exists"])),
    st.builds(
        Requirement,
        KEY,
        st.sampled_from(["in", "notin"]),
        st.lists(VALUE, min_size=1, max_size=3, unique=True).map(tuple),
    ),
    st.builds(Requirement, KEY, st.sampled_from(["gt", "lt"]), st.tuples(st.integers(-999, 999).map(str))),
)
FIELD_VALUE = st.text(max_size=8)
FIELD_REQUIREMENTS = st.builds(Requirement, KEY, st.sampled_from(["in", "notin"]), st.tuples(FIELD_VALUE))
PIECES = st.lists(
    st.sampled_from(
        ["a", "=", "==", "!=", "!", ",", "(", ")", "<", ">", " in ", "notin", " ", "\\", "é", "\0", "1", "x/y"]
    )
)
TEXTS = PIECES.map("".join) | st.text(max_size=30) | st.sampled_from(WORDS)


def label_text(requirement: Requirement) -> str:
    """As a client writes it."""
    key, values = requirement.key, requirement.values
    match requirement.operator:
        case "exists":
            return key
        case "!exists":
            return f"!{key}"
        case "gt" | "lt":
            return f"{key}{'>' if requirement.operator == 'gt' else '<'}{values[0]}"
    return f"{key} {requirement.operator} ({','.join(values)})"


def field_text(requirement: Requirement) -> str:
    (value,) = requirement.values
    for mark in ("\\", ",", "="):
        value = value.replace(mark, f"\\{mark}")
    return f"{requirement.key}{'=' if requirement.operator == 'in' else '!='}{value}"


@seeded
@given(st.lists(LABEL_REQUIREMENTS, max_size=3))
def test_a_label_selector_is_read_as_it_was_written(requirements: list[Requirement]) -> None:
    assert select.label_selector(",".join(map(label_text, requirements))) == Selector(tuple(requirements))


@seeded
@given(st.lists(FIELD_REQUIREMENTS, max_size=3))
def test_a_field_selector_is_read_as_it_was_written(requirements: list[Requirement]) -> None:
    assert select.field_selector(",".join(map(field_text, requirements))) == Selector(tuple(requirements))


@pytest.mark.parametrize("read", [select.label_selector, select.field_selector])
@seeded
@given(text=TEXTS)
def test_any_text_as_a_selector(read: Callable[[str], Selector], text: str) -> None:
    with contextlib.suppress(BadRequest):
        assert isinstance(read(text), Selector)


# Versions and tokens

DIGITS = st.integers(0, 2**70).map(str)


@seeded
@given(DIGITS | st.text(max_size=30) | st.sampled_from(["٣", "²", "1_0", "+1", "-0", " 1", "1" * 5000]))
def test_any_text_as_a_version(text: str) -> None:
    with contextlib.suppress(BadRequest):
        assert 0 <= read_version(text) < 2**63
    with contextlib.suppress(BadRequest):
        assert not resource_version(text) or int(resource_version(text)) == int(text) < 2**63


NAME = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=8)


@seeded
@given(st.integers(1, 2**63 - 1), st.just("") | NAME, NAME)
def test_a_continue_token_is_read_as_it_was_written(version: int, namespace: str, name: str) -> None:
    position = Position(version, (namespace, name))
    assert read_token(write_token(position)) == position


@seeded
@given(st.data())
def test_a_forged_continue_token(data: st.DataObject) -> None:
    token = write_token(Position(7, ("team", "app")))
    at = data.draw(st.integers(0, len(token)))
    forged = token[:at] + data.draw(st.text(max_size=3)) + token[at + data.draw(st.integers(0, 5)) :]
    for text in (forged, data.draw(st.text(max_size=40))):
        with contextlib.suppress(BadRequest):
            assert read_token(text).version > 0


# Bodies and patches

NUMBER = st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from(NUMBERS)
WORD = st.sampled_from(
    [*WORDS, "$patch", "delete", "replace", "merge", "$retainKeys", "uid", "metadata", "ownerReferences"]
)
ORDERS = ["$setElementOrder/ownerReferences", "$deleteFromPrimitiveList/finalizers", "finalizers", "labels"]
KEYS = WORD | st.sampled_from(ORDERS) | st.text(max_size=3)
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | NUMBER | WORD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)
OBJECT: dict[str, Any] = {
    "metadata": {
        "name": "one",
        "labels": {"a": "b"},
        "finalizers": ["x/y"],
        "ownerReferences": [{"uid": "1", "name": "o"}],
    },
    "data": {"a": "bWU="},
}
POINTER = st.sampled_from(["", "/", "/metadata", "/metadata/labels/a", "/metadata/finalizers/-", "/data", "/~1", "/~"])
STEP = st.fixed_dictionaries(
    {"op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test", "?"]), "path": POINTER},
    optional={"from": POINTER, "value": JSON_VALUES},
)
SECRET = next(kind for kind in ALL_KINDS if kind.name == "Secret")


@pytest.mark.parametrize("media", [patch.MERGE_PATCH, patch.STRATEGIC_PATCH, patch.JSON_PATCH])
@seeded
@given(body=st.lists(STEP, max_size=4) | st.dictionaries(KEYS, JSON_VALUES, max_size=3) | JSON_VALUES)
def test_any_json_as_a_patch(media: str, body: Any) -> None:
    before = json.dumps(OBJECT)
    with contextlib.suppress(PorchError):
        patch.parse(media, json.dumps(body).encode(), SECRET)(OBJECT)
    assert json.dumps(OBJECT) == before


@pytest.mark.parametrize("media", ["application/json", "application/yaml"])
@seeded
@given(body=st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_as_a_body(media: str, body: bytes) -> None:
    with contextlib.suppress(PorchError):
        codec.read_object(SECRET, body, media)


MESSAGES = [
    (kind, whole)
    for kind in ALL_KINDS
    if (whole := encode(kind.group, kind.name, {**OBJECT, "apiVersion": kind.api_version}))
]


@pytest.mark.parametrize(("kind", "whole"), MESSAGES, ids=[kind.name for kind, _ in MESSAGES])
@settings(derandomize=True, deadline=None, max_examples=40)
@given(data=st.data())
def test_a_protobuf_message_with_bytes_changed(kind: Any, whole: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(4, len(whole)))
    put = data.draw(st.binary(max_size=12))
    for body in (whole[:at], whole[:at] + put + whole[at + len(put) :], whole[:at] + put + whole[at:]):
        with contextlib.suppress(PorchError):
            codec.to_object(kind, protobuf.decode(kind, body))
        with contextlib.suppress(PorchError):
            protobuf.decode_delete_options(body)
