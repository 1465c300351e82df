"""Small changes of a tree: fields, annotations, copies."""

from __future__ import annotations

import pickle

import pytest

from porch import kyaml
from porch.kyaml.node import Node
from tests.differential.yaml.compare import document_tree

TEXT = """# head
apiVersion: v1
kind: ConfigMap
metadata:
  name: c # kpt-set: ${name}
  annotations:
    a: x
data: {k: "v"}
base: &b
  one: 1
other: *b
"""


def root(text: str = TEXT) -> Node:
    (found,) = kyaml.parse(text)
    return found


def test_fields_are_found_by_their_path() -> None:
    assert kyaml.text_of(root(), "metadata", "name") == "c"
    assert kyaml.text_of(root(), "metadata", "nothing", "name") == ""
    assert kyaml.text_of(root(), "data") == ""
    assert kyaml.find(root(), "kind", "x") is None


def test_an_alias_is_followed() -> None:
    assert kyaml.text_of(root(), "other", "one") == "1"


def test_a_field_is_replaced_in_place_and_a_new_one_comes_last() -> None:
    read = root("b: 1 # b\n# a\na: 2\n")
    kyaml.put(read, "b", kyaml.text("x"))
    kyaml.put(read, "c", kyaml.text("yes: no"))
    assert kyaml.emit(read) == "b: x\n# a\na: 2\nc: 'yes: no'\n"


def test_a_dropped_field_takes_its_comments_along() -> None:
    read = root("a: 1\n# b\nb: 2 # two\nc: 3\n")
    value = kyaml.drop(read, "b")
    assert value is not None
    assert value.value == "2"
    assert kyaml.emit(read) == "a: 1\nc: 3\n"
    assert kyaml.drop(read, "b") is None


@pytest.mark.parametrize("text", ["a: 1\n", "a: 1\nm:\n", "a: 1\nm: ~\n"])
def test_missing_mappings_are_made(text: str) -> None:
    read = root(text)
    kyaml.put(kyaml.require(read, "m", "n"), "k", kyaml.text("v"))
    assert kyaml.emit(read) == "a: 1\nm:\n  n:\n    k: v\n"


def test_annotations_are_quoted_as_kyaml_does_or_plain_as_the_sdk_does() -> None:
    read = root("kind: A\n")
    kyaml.annotate(read, "one", "1")
    kyaml.annotate(read, "word", "w", style="")
    kyaml.annotate(read, "two", "2", style="")
    assert kyaml.emit(read) == "kind: A\nmetadata:\n  annotations:\n    one: '1'\n    word: w\n    two: \"2\"\n"
    assert kyaml.annotation(read, "two") == "2"


def test_the_last_annotation_takes_the_mapping_along() -> None:
    read = root("kind: A\nmetadata:\n  name: x\n  annotations:\n    a: b\n    c: d\n")
    kyaml.unannotate(read, "a")
    kyaml.unannotate(read, "nothing")
    assert kyaml.annotation(read, "c") == "d"
    kyaml.unannotate(read, "c")
    assert kyaml.emit(read) == "kind: A\nmetadata:\n  name: x\n"


def test_a_changed_scalar_keeps_its_style() -> None:
    read = root("a: 'x'\nb: \"y\" # c\n")
    for name in ("a", "b"):
        found = kyaml.get(read, name)
        assert found is not None
        kyaml.change(found, "z")
    assert kyaml.emit(read) == "a: 'z'\nb: \"z\" # c\n"


def test_a_copy_is_equal_and_its_own() -> None:
    read = root()
    copied = kyaml.copy(read)
    assert document_tree(copied) == document_tree(read)
    base = kyaml.get(copied, "base")
    assert base is not None
    kyaml.put(base, "one", kyaml.text("new"))
    assert kyaml.text_of(copied, "other", "one") == "new"
    assert kyaml.emit(read) == TEXT


def test_a_copied_part_still_stands_for_an_anchor_outside() -> None:
    read = root()
    alias = read.content[kyaml.place(read, "other") + 1]
    assert kyaml.copy(alias).target is kyaml.get(read, "base")


@pytest.mark.parametrize("text", [TEXT, "a: &x\n  b: *x\n  # c\n  d: [1, 2] # e\n"])
def test_a_pickled_tree_is_the_same(text: str) -> None:
    again = pickle.loads(pickle.dumps(root(text)))
    assert document_tree(again) == document_tree(root(text))
    assert [node.row for node in kyaml.walk(again)] == [node.row for node in kyaml.walk(root(text))]
    aliases = [node for node in kyaml.walk(again) if node.kind == "alias"]
    assert all(any(alias.target is node for node in kyaml.walk(again)) for alias in aliases)


def test_text_is_quoted_where_it_would_mean_something_else() -> None:
    node = kyaml.from_value({"a": "1", "b": "yes", "n": None, "t": True, "f": 1.5, "i": 3, "l": [], "m": "x\ny"})
    assert kyaml.emit(node) == 'a: "1"\nb: yes\nn: null\nt: true\nf: 1.5\ni: 3\nl: []\nm: |-\n  x\n  y\n'
