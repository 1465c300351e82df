"""apply-setters, create-setters and list-setters where no stored output of the Go versions shows it."""

from __future__ import annotations

import pytest

from porch.function.builtin import apply_setters, create_setters, list_setters
from porch.function.builtin._setters import derive
from porch.function.interface import FunctionFailed, ResourceList
from porch.kyaml import Node, emit, from_value, parse


def config(**data: str) -> Node:
    return from_value({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": data})


def applied(text: str, **data: str) -> str:
    resources = ResourceList(parse(text), config(**data))
    apply_setters.run(resources)
    return emit(resources.items[0])


@pytest.mark.parametrize(
    ("pattern", "value", "names"),
    [
        ("${a}:${b}", "x:y:z", {"a": "x:y", "b": "z"}),
        ("${a}.${a}", "x.y", {"a": "y"}),
        ("p-${a}", "q p-x", {"a": "x"}),
        ("${a}-s", "x-s-s-t", {"a": "x-s"}),
        ("${a}:${b}", "x", {}),
        ("${a}:${b}", "x:", {}),
        ("${a}/${b}", "one\ntwo/three", {"a": "two", "b": "three"}),
        ("none", "none", {}),
        ("${a}${b}", "xyz", {}),
        ("a${x}a", "aa", {}),
        ("a${x}a", "aba a", {"x": "ba "}),
    ],
)
def test_names_are_derived_as_by_a_greedy_expression(pattern: str, value: str, names: dict[str, str]) -> None:
    assert derive(pattern, value) == names


def test_deriving_takes_linear_time() -> None:
    pattern = ":".join(f"${{n{number}}}" for number in range(40))
    assert derive(pattern, "x" * 100_000) == {}


def test_an_empty_list_stands_on_the_line_of_its_key() -> None:
    """Go writes `[]` below the key, in the first column, and then cannot read it."""
    assert applied("a: # kpt-set: ${l}\n- x\n", l="[]") == "a: [] # kpt-set: ${l}\n"


def test_a_value_has_the_type_that_its_text_has() -> None:
    resources = ResourceList(parse("a: x # kpt-set: ${v}\nb: 'x' # kpt-set: ${v}\n"), config(v="5"))
    apply_setters.run(resources)
    tags = [node.tag for node in resources.items[0].content[1::2]]
    assert tags == ["!!int", "!!str"]


def test_lists_that_are_set_may_hold_setters_themselves() -> None:
    text = "a: # kpt-set: ${l}\n- x\n"
    assert applied(text, l="- y # kpt-set: ${v}\n", v="z") == "a: # kpt-set: ${l}\n- z # kpt-set: ${v}\n"


def test_what_an_alias_stands_for_is_set_once() -> None:
    resources = ResourceList(parse("a: &x old # kpt-set: ${v}\nb: *x\n"), config(v="new"))
    apply_setters.run(resources)
    assert emit(resources.items[0]) == "a: &x new # kpt-set: ${v}\nb: *x\n"
    assert len(resources.results) == 1


def test_setters_of_the_same_value_are_taken_in_their_order() -> None:
    resources = ResourceList(parse("a: x\n"), config(one="x", two="x"))
    create_setters.run(resources)
    assert emit(resources.items[0]) == "a: x # kpt-set: ${one}\n"


def test_a_setter_whose_value_is_a_mapping_fits_nothing() -> None:
    with pytest.raises(FunctionFailed) as failed:
        create_setters.run(ResourceList(parse("a: 'k: v'\n"), config(one="k: v")))
    assert failed.value.stderr == "no matches for the input list of settersno matches for the input list of setters\n"


def test_a_setter_is_listed_for_its_lists_and_for_its_scalars() -> None:
    text = "a: [y, x] # kpt-set: ${n}\nb: 7 # kpt-set: ${n}\nc: p7 # kpt-set: p${n}\n"
    resources = ResourceList(parse(text))
    list_setters.run(resources)
    assert [result.message for result in resources.results] == [
        "Name: n, Value: [x, y], Type: array, Count: 1",
        "Name: n, Value: 7, Type: int, Count: 2",
    ]
