"""Where documents begin and end in a file, how lists are indented in them, and JSON files."""

from __future__ import annotations

import pytest

from porch import kyaml
from porch.kyaml.documents import seqindent, split
from porch.kyaml.json_text import write_json
from porch.kyaml.parse import parse_one
from tests.differential.yaml.files import rewritten


def test_a_file_is_cut_before_it_is_parsed() -> None:
    text = "a: 1\n--- # two\n# head\nb: 2\n---\n\n---\nc: 3\n"
    assert list(split(text)) == [("a: 1\n", 0), ("# head\nb: 2\n", 2), ("\n", 5), ("c: 3\n", 7)]
    assert rewritten(text) == "a: 1\n---\n# head\nb: 2\n---\nc: 3\n"
    assert list(split("")) == []


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("a: 1\n--- b: 2\nc: 3\n", 2, "invalid document separator: --- b: 2"),
        ("a: 1\n---\nb:\n  c: 1\n d: 2\n", 5, "did not find expected key"),
        ("a: 1\n---\nb: 1\n---\n\nc: @\n", 6, "found character that cannot start any token"),
        ("a: 1\n---\nb: 2\n--- |\n x\n", 4, "invalid document separator: --- |"),
        ("a: 1\n...\nb: 2\n", 3, "did not find expected <document start>"),
        ("   a: 1\nb: 2\n", 2, "did not find expected <document start>"),
    ],
)
def test_errors_name_the_line_in_the_file(text: str, line: int, problem: str) -> None:
    with pytest.raises(kyaml.YamlError) as refused:
        rewritten(text)
    assert (refused.value.line, refused.value.problem) == (line, problem)


def test_a_separator_at_the_very_end_is_no_second_document() -> None:
    assert rewritten("a: 1\n---") == "a: 1\n"


def test_rows_count_in_the_file() -> None:
    first, second = (parse_one(part, offset) for part, offset in split("a: 1\n---\n\nb: &x [1,\n 2]\n"))
    assert first is not None
    assert second is not None
    assert [node.row for node in kyaml.walk(first)] == [1, 1, 1]
    assert [node.row for node in kyaml.walk(second)] == [4, 4, 4, 4, 5]


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
    assert rewritten(text) == text


def test_json_files_are_written_as_go_writes_them() -> None:
    (root,) = kyaml.parse(
        '{"b": "<&>\\u2028", "a": [1.50, 1e21, 1e-7, 123456789012345678901, {}, []], "c": {"é": null}}\n'
    )
    assert write_json(root) == (
        '{\n  "a": [\n    1.5,\n    1e+21,\n    1e-7,\n    123456789012345680000,\n    {},\n    []\n  ],\n'
        '  "b": "\\u003c\\u0026\\u003e\\u2028",\n  "c": {\n    "é": null\n  }\n}\n'
    )
