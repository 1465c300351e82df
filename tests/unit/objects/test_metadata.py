from __future__ import annotations

import re
import string
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from porch.keys import label_value_problems, qualified_name_problems, subdomain_problems
from porch.objects.metadata import (
    MAX_ANNOTATION_BYTES,
    MAX_ENTRIES,
    generated_name,
    metadata_errors,
)
from porch.types.meta import ObjectMeta, OwnerReference

OWNER: dict[str, Any] = {"api_version": "v1", "kind": "Secret", "name": "s", "uid": "u"}


def _errors(**meta: Any) -> list[str]:
    return [str(error) for error in metadata_errors(ObjectMeta(**{"name": "a", **meta}), subdomain_problems)]


@pytest.mark.parametrize("name", ["a", "0", "a-b.c-1", "a" * 253])
def test_names_are_subdomains(name: str) -> None:
    assert _errors(name=name) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("A", "a lowercase RFC 1123 subdomain must consist of"),
        ("-a", "a lowercase RFC 1123 subdomain must consist of"),
        ("a\n", "a lowercase RFC 1123 subdomain must consist of"),
        ("a" * 254, "must be no more than 253 characters"),
        ("..", "may not be '..'"),
        (".", "may not be '.'"),
        ("a/b", "may not contain '/'"),
        ("a%b", "may not contain '%'"),
    ],
)
def test_other_names_are_refused(name: str, text: str) -> None:
    [error] = _errors(name=name)
    assert error.startswith("metadata.name: Invalid value: ")
    assert text in error


def test_names_of_other_kinds_are_at_least_one_segment_of_a_url() -> None:
    meta = ObjectMeta(name="system:a/b")
    assert [str(error) for error in metadata_errors(meta, lambda _: [])] == [
        "metadata.name: Invalid value: \"system:a/b\": may not contain '/'"
    ]


def test_a_bad_prefix_is_named_instead_of_the_name_made_from_it() -> None:
    [error] = _errors(name="Run-12345", generate_name="Run-")
    assert error.startswith('metadata.generateName: Invalid value: "Run-": ')


@pytest.mark.parametrize(
    "labels",
    [{"a": ""}, {"example.com/a": "b"}, {"A_b.c-d": "x" * 63}, {"a" * 63: "B_1.c"}, {f"{'a' * 253}/b": "c"}],
)
def test_labels_may_be_qualified(labels: dict[str, str]) -> None:
    assert _errors(labels=labels) == []


@pytest.mark.parametrize(
    ("labels", "text"),
    [
        ({"": "x"}, "name part must be non-empty"),
        ({"/a": "x"}, "prefix part must be non-empty"),
        ({"a/b/c": "x"}, "prefix part a lowercase RFC 1123 subdomain"),
        ({"A.com/b": "x"}, "prefix part a lowercase RFC 1123 subdomain"),
        ({"a" * 64: "x"}, "name part must be no more than 63 characters"),
        ({"a b": "x"}, "name part must consist of alphanumeric characters"),
        ({"a": "x" * 64}, "must be no more than 63 characters"),
        ({"a": "x y"}, "a valid label must be an empty string or consist of"),
        ({"a": "-x"}, "a valid label must be an empty string or consist of"),
        ({"a": "x\n"}, "a valid label must be an empty string or consist of"),
    ],
)
def test_other_labels_are_refused(labels: dict[str, str], text: str) -> None:
    errors = _errors(labels=labels)
    assert all(error.startswith("metadata.labels: Invalid value: ") for error in errors)
    assert any(text in error for error in errors)


def test_annotation_keys_may_be_in_upper_case_and_values_are_free() -> None:
    assert _errors(annotations={"Example.COM/a": "\0 anything"}) == []
    assert "name part must consist" in _errors(annotations={"a b": ""})[0]


def test_annotations_have_a_size_limit_in_bytes() -> None:
    assert _errors(annotations={"a": "x" * (MAX_ANNOTATION_BYTES - 1)}) == []
    too_long = ["metadata.annotations: Too long: may not be more than 262144 bytes"]
    assert _errors(annotations={"a": "x" * MAX_ANNOTATION_BYTES}) == too_long
    assert _errors(annotations={"a": "ä" * (MAX_ANNOTATION_BYTES // 2)}) == too_long


def test_finalizers_are_qualified_names() -> None:
    assert _errors(finalizers=["example.com/a", "orphan"]) == []
    assert "metadata.finalizers: Invalid value" in _errors(finalizers=["a b"])[0]


def test_owner_references_are_complete() -> None:
    assert _errors(owner_references=[OwnerReference(**OWNER)]) == []
    assert _errors(owner_references=[OwnerReference(**OWNER), OwnerReference()]) == [
        f"metadata.ownerReferences[1].{field}: Required value: must not be empty"
        for field in ("apiVersion", "kind", "name", "uid")
    ]


def test_one_owner_at_most_is_the_controller() -> None:
    owners = [OwnerReference(**{**OWNER, "uid": uid}, controller=True) for uid in "ab"]
    assert "Only one reference can have Controller set to true" in _errors(owner_references=owners)[0]


def test_events_own_nothing() -> None:
    owners = [OwnerReference(**{**OWNER, "kind": "Event"})]
    assert "is disallowed from being an owner" in _errors(owner_references=owners)[0]


@pytest.mark.parametrize(
    "meta",
    [
        {"labels": {f"l{n}": "" for n in range(MAX_ENTRIES + 1)}},
        {"finalizers": [f"f{n}" for n in range(MAX_ENTRIES + 1)]},
        {"owner_references": [OwnerReference(**{**OWNER, "uid": str(n)}) for n in range(MAX_ENTRIES + 1)]},
    ],
)
def test_collections_are_bounded(meta: dict[str, Any]) -> None:
    [error] = _errors(**meta)
    assert error.endswith("Too many: 1001: must have at most 1000 items")


@settings(max_examples=100, derandomize=True, deadline=None)
@given(st.from_regex(r"\A[a-z]([-.a-z0-9]{0,80}[a-z0-9])?-?\Z"))
def test_a_generated_name_begins_with_its_prefix_and_fits_a_label(prefix: str) -> None:
    name = generated_name(prefix)
    assert name.startswith(prefix[:58])
    assert len(name) == len(prefix[:58]) + 5 <= 63


_WORD = string.ascii_letters + string.digits


@settings(max_examples=100, derandomize=True, deadline=None)
@given(st.text(_WORD + "-_.", max_size=70))
def test_label_values_are_words_between_alphanumerics(value: str) -> None:
    fits = len(value) <= 63 and (not value or (value[0] in _WORD and value[-1] in _WORD))
    assert (label_value_problems(value) == []) == fits


@settings(max_examples=100, derandomize=True, deadline=None)
@given(st.text(max_size=80))
def test_any_text_is_judged(text: str) -> None:
    accepted = not qualified_name_problems(text)
    shape = re.fullmatch(r"([a-z0-9.-]{1,253}/)?[A-Za-z0-9._-]{1,63}", text) is not None
    assert not accepted or shape
    assert all(problem for problem in _errors(name=text, labels={text: text}, annotations={text: text}))
