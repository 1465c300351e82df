"""Results: read in each form that functions write, written in one."""

from __future__ import annotations

import pytest

from porch.function.results import FieldRef, FileRef, ResourceRef, Result, results_from_json

_WHOLE = {
    "message": "m",
    "severity": "error",
    "resourceRef": {"apiVersion": "v1", "kind": "ConfigMap", "name": "n", "namespace": "s"},
    "field": {"path": "a.b", "currentValue": 1, "proposedValue": [2]},
    "file": {"path": "f.yaml", "index": 3},
    "tags": {"a": "b"},
}


def test_a_result_is_read_and_written() -> None:
    result = Result.from_json(_WHOLE)
    assert result == Result(
        "m",
        "error",
        ResourceRef("v1", "ConfigMap", "n", "s"),
        FieldRef("a.b", 1, [2]),
        FileRef("f.yaml", 3),
        {"a": "b"},
    )
    assert result.to_json() == _WHOLE
    assert list(result.to_json()) == list(_WHOLE)


def test_older_names_of_fields_are_understood() -> None:
    older = {"resourceRef": {"kind": "K", "metadata": {"name": "n", "namespace": "s"}}, "field": {"suggestedValue": 0}}
    assert Result.from_json(older).to_json() == {
        "resourceRef": {"kind": "K", "name": "n", "namespace": "s"},
        "field": {"proposedValue": 0},
    }


def test_results_are_a_list_or_an_older_mapping() -> None:
    assert results_from_json([{"message": "a"}]) == [Result("a")]
    assert results_from_json({"name": "f", "items": [{"message": "a"}]}) == [Result("a")]


@pytest.mark.parametrize("value", [None, "x", 1, {}, {"items": None}, {"items": {"a": 1}}, {"name": "f"}])
def test_anything_else_is_no_results(value: object) -> None:
    assert results_from_json(value) == []


@pytest.mark.parametrize("wrong", [None, 1, "text", [], {"message": 5, "field": 1, "file": "x", "tags": ["a"]}])
def test_what_has_the_wrong_shape_is_left_out(wrong: object) -> None:
    assert results_from_json([wrong]) == [Result("")]


def test_a_result_is_shown_as_go_shows_it() -> None:
    assert str(Result.from_json(_WHOLE)) == "[error] v1/ConfigMap/s/n a.b: m"
    assert str(Result("m")) == "[info]: m"
