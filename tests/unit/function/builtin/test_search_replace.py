"""search-replace where no stored output of the Go version shows it."""

from __future__ import annotations

import pytest

from porch.function.builtin import search_replace
from porch.function.interface import FunctionFailed, ResourceList
from porch.kyaml import emit, from_value, parse

HEAD = "metadata:\n  annotations:\n    internal.config.kubernetes.io/path: d/f.yaml\n"


def run(text: str, data: dict[str, str], *, compatible: bool = True) -> ResourceList:
    names = {key.replace("_", "-"): value for key, value in data.items()}
    config = from_value({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": names})
    resources = ResourceList(parse(HEAD + text), config, compatible=compatible)
    search_replace.run(resources)
    return resources


def changed(text: str, *, compatible: bool = True, **data: str) -> str:
    return emit(run(text, data, compatible=compatible).items[0]).removeprefix(HEAD)


def fails(text: str, **data: str) -> str:
    with pytest.raises(FunctionFailed) as failed:
        run(text, data)
    half = len(failed.value.stderr) // 2
    assert failed.value.stderr == failed.value.stderr[:half] * 2 + "\n"
    return failed.value.stderr[:half]


def test_a_value_is_not_set_below_a_null() -> None:
    assert changed("a: null\n", by_path="a.b", put_value="x") == "a: null\n"


def test_a_value_is_not_set_below_a_text() -> None:
    assert fails("a: t\n", by_path="a.b", put_value="x").startswith(
        "wrong node kind: expected MappingNode but got ScalarNode: node contents:\nt"
    )


def test_a_number_in_the_path_is_an_index() -> None:
    assert changed("a:\n- b: 1\n- b: 2\n", by_path="a.1.b", put_value="x") == "a:\n- b: 1\n- b: x\n"
    assert changed("a:\n- b: 1\n", by_path="a.5.b", put_value="x") == "a:\n- b: 1\n"
    assert "expected SequenceNode but got MappingNode" in fails("a: {b: 1}\n", by_path="a.1.b", put_value="x")


def test_a_replaced_value_keeps_its_quotes_and_loses_its_comment() -> None:
    assert changed("a: 'old' # c\n", by_path="a", put_value="5") == "a: '5'\n"


def test_an_anchor_stays_so_that_its_aliases_keep_their_meaning() -> None:
    assert changed("a: &n old\nb: *n\n", by_path="a", put_value="new") == "a: &n new\nb: *n\n"


def test_a_list_below_a_key_with_a_comment_is_not_found() -> None:
    text = "# head\na:\n- x\n"
    assert changed(text, by_path="a", put_comment="note") == text
    assert changed(text, compatible=False, by_path="a", put_comment="note") == "# head\na: # note\n- x\n"


def test_a_comment_of_several_lines_stays_a_comment() -> None:
    result = run("a: x\n", {"by_value": "x", "put_comment": "one\ntwo"})
    assert emit(result.items[0]).removeprefix(HEAD).startswith("a: x # one\n")
    assert parse(emit(result.items[0]))


def test_a_bad_file_pattern_is_refused() -> None:
    assert fails("a: x\n", by_file_path="[", by_value="x") == "syntax error in pattern"


def test_files_are_found_by_pattern() -> None:
    assert changed("a: x\n", by_file_path="**/*.yaml", by_value="x", put_value="y") == "a: y\n"
    assert changed("a: x\n", by_file_path="*.yaml", by_value="x", put_value="y") == "a: x\n"
