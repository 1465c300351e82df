"""Whose a comment is, and where it is written after a change."""

from __future__ import annotations

import pytest

from porch import kyaml
from porch.kyaml.node import Node


def root(text: str) -> Node:
    (found,) = kyaml.parse(text)
    return found


def key(node: Node, name: str) -> Node:
    return node.content[kyaml.place(node, name)]


def test_a_comment_above_is_the_head_of_the_key() -> None:
    assert key(root("a: 1\n# b\nb: 2\n"), "b").head == "# b"


def test_a_comment_behind_is_the_line_of_the_value() -> None:
    value = kyaml.get(root("a: 1 # one\n"), "a")
    assert value is not None
    assert value.line == "# one"


def test_a_comment_behind_a_key_with_a_block_is_the_line_of_the_key() -> None:
    assert key(root("a: # one\n  b: 1\n"), "a").line == "# one"


def test_a_comment_before_an_empty_line_is_the_foot_of_what_stood_before() -> None:
    read = root("a: 1\n# foot\n\nb: 2\n")
    assert key(read, "a").foot == "# foot"
    assert key(read, "b").head == ""


def test_a_comment_above_a_dash_is_that_of_the_item_and_not_of_its_first_key() -> None:
    items = kyaml.get(root("a:\n# item\n- # under\n  b: 1\n"), "a")
    assert items is not None
    assert items.content[0].head == "# item"
    assert key(items.content[0], "b").head == "# under"


def test_a_comment_and_an_empty_line_at_the_beginning_are_the_documents() -> None:
    read = root("# licence\n\n# a\na: 1\n")
    assert read.before == "# licence"
    assert key(read, "a").head == "# a"


def test_a_comment_at_the_end_is_the_documents() -> None:
    assert root("a: 1\n\n# end\n").after == "# end"


@pytest.mark.parametrize("spelling", ["a: 1  # one\n", "a:   1 # one\n"])
def test_one_blank_stands_before_a_comment(spelling: str) -> None:
    assert kyaml.emit(root(spelling)) == "a: 1 # one\n"


def test_a_comment_goes_with_its_field_and_stays_with_a_changed_value() -> None:
    read = root("# a\na: 1 # one\nb: 2 # two\n")
    value = kyaml.get(read, "a")
    assert value is not None
    kyaml.change(value, "new")
    kyaml.drop(read, "b")
    assert kyaml.emit(read) == "# a\na: new # one\n"


def test_a_foot_is_written_with_an_empty_line_below() -> None:
    read = root("a: 1\nb: 2\n")
    key(read, "a").foot = "# foot"
    assert kyaml.emit(read) == "a: 1\n# foot\n\nb: 2\n"


def test_a_comment_of_two_lines_behind_a_block_stays_out_of_its_text() -> None:
    read = root("a: |\n  x\n")
    value = kyaml.get(read, "a")
    assert value is not None
    value.line = "# one\n# two"
    assert kyaml.emit(read) == "a: | # one # two\n  x\n"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("a: # c\n- x\nb: 1\n", "a: [] # c\nb: 1\n"),
        ("a: # c\n  x: y\nb: 1\n", "a: {} # c\nb: 1\n"),
    ],
)
def test_a_comment_stays_behind_what_became_empty(text: str, written: str) -> None:
    read = root(text)
    value = kyaml.get(read, "a")
    assert value is not None
    value.content.clear()
    assert kyaml.emit(read) == written
    assert kyaml.emit(root(written)) == written


def test_a_comment_stands_behind_an_anchor() -> None:
    read = root("a: # c\n  x: y\nb: 1\n")
    value = kyaml.get(read, "a")
    assert value is not None
    value.anchor = "n"
    assert kyaml.emit(read) == "a: &n # c\n  x: y\nb: 1\n"


def test_a_comment_in_flow_style_stands_behind_its_item() -> None:
    read = root("a: [b, {c: d}, e]\n")
    items = kyaml.get(read, "a")
    assert items is not None
    items.content[1].content[0].head = "# one"
    items.content[1].line = "# two"
    (again,) = kyaml.parse(kyaml.emit(read))
    assert kyaml.to_value(again) == {"a": ["b", {"c": "d"}, "e"]}
