"""Files are cut into documents, lists keep their indentation, and what the reader adds is taken away again."""

from __future__ import annotations

import pytest

from porch import kyaml
from porch.kyaml.documents import BARE_LIST, Document, read_documents, seqindent, split, write_documents
from porch.kyaml.json_text import write_json
from porch.kyaml.order import in_order


def test_a_file_is_cut_before_it_is_parsed() -> None:
    documents = read_documents("a: 1\n--- # two\n# head\nb: 2\n---\n\n---\nc: 3\n")
    assert [kyaml.to_value(document.root) for document in documents] == [{"a": 1}, {"b": 2}, {"c": 3}]
    assert write_documents(documents) == "a: 1\n---\n# head\nb: 2\n---\nc: 3\n"


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("a: 1\n--- b: 2\nc: 3\n", 2, "invalid document separator: --- b: 2"),
        ("a: 1\n---\nb:\n  c: 1\n d: 2\n", 5, "did not find expected key"),
        ("a: 1\n---\nb: 1\n---\n\nc: @\n", 6, "found character that cannot start any token"),
        ("a: 1\n---\n\ntext\n", 4, "wrong node kind: expected MappingNode but got ScalarNode: node contents:\ntext\n"),
        ("a: 1\n...\nb: 2\n", 3, "did not find expected <document start>"),
        ("   a: 1\nb: 2\n", 2, "did not find expected <document start>"),
        ("a: 1\n---", 0, ""),
    ],
)
def test_errors_name_the_line_in_the_file(text: str, line: int, problem: str) -> None:
    if not problem:
        assert len(read_documents(text)) == 1
        return
    with pytest.raises(kyaml.YamlError) as refused:
        read_documents(text)
    assert (refused.value.line, refused.value.problem) == (line, problem)


def test_rows_count_in_the_file() -> None:
    first, second = read_documents("a: 1\n---\n\nb: &x [1,\n 2]\n")
    assert [node.row for node in kyaml.walk(first.root)] == [1, 1, 1]
    assert [node.row for node in kyaml.walk(second.root)] == [4, 4, 4, 4, 5]


@pytest.mark.parametrize(
    ("text", "indentation"),
    [
        ("a:\n- b\n", "compact"),
        ("a:\n  - b\n", "wide"),
        ("a:\n    - b\nc:\n  - d\n", "wide"),
        ("a: # comment\n  # more\n  - b\n", "wide"),
        ("a: |\n  - b\nc:\n- d\n", "compact"),
        ("a:\n\n  - b\n", "compact"),
        ("- a\n", "compact"),
        ("a: b\n", "compact"),
        ("a:\n  - b\nc:\n- d\n", "wide"),
    ],
)
def test_the_first_list_tells_how_lists_are_indented(text: str, indentation: str) -> None:
    assert seqindent(text) == indentation


def test_each_document_keeps_its_indentation_of_lists() -> None:
    text = "a:\n  - b\n---\na:\n- b\n"
    assert write_documents(read_documents(text)) == text


def test_a_list_is_below_a_key_while_functions_work_on_it() -> None:
    (document,) = read_documents("# gone\n\n- a\n- b: c\n")
    assert kyaml.to_value(document.root) == {BARE_LIST: ["a", {"b": "c"}]}
    assert write_documents([document]) == "- a\n- b: c\n"


def test_what_the_reader_added_is_taken_away() -> None:
    (document,) = read_documents("kind: A\nmetadata:\n  name: x\n")
    kyaml.annotate(document.root, "internal.config.kubernetes.io/path", "x.yaml")
    kyaml.annotate(document.root, "internal.config.kubernetes.io/index", "0")
    assert write_documents([document]) == "kind: A\nmetadata:\n  name: x\n"


def test_documents_are_joined_by_separators_only() -> None:
    roots = [kyaml.from_value({"a": number}) for number in range(2)]
    assert write_documents(Document(root) for root in roots) == "a: 0\n---\na: 1\n"
    assert write_documents([]) == ""
    assert list(split("")) == []


def test_json_files_are_written_as_go_writes_them() -> None:
    (root,) = kyaml.parse(
        '{"b": "<&>\\u2028", "a": [1.50, 1e21, 1e-7, 123456789012345678901, {}, []], "c": {"é": null}}\n'
    )
    assert write_json(root) == (
        '{\n  "a": [\n    1.5,\n    1e+21,\n    1e-7,\n    123456789012345680000,\n    {},\n    []\n  ],\n'
        '  "b": "\\u003c\\u0026\\u003e\\u2028",\n  "c": {\n    "é": null\n  }\n}\n'
    )


@pytest.mark.parametrize(
    "keys",
    [
        ["a1", "a2", "a10"],
        ["a-b", "ab"],
        ["1", "2", "10", "a"],
        ["a", "ab", "b"],
        ["app.kubernetes.io/name", "app.kubernetes.io/part-of"],
        ["v1", "v01", "v2"],
        ["a1b", "a1-"],
    ],
)
def test_keys_are_sorted_as_go_sorts_them(keys: list[str]) -> None:
    assert list(in_order(dict.fromkeys(reversed(keys)))) == keys
