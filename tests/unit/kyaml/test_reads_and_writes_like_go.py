"""Texts and values agree with the Go tools' own answers; where they do not, the difference is named here and explained
in docs/yaml.md.
"""

import json
from typing import Any

import pytest

from porch import kyaml
from porch.kyaml.compose import compose
from porch.kyaml.json_text import write_json
from tests.differential.yaml.files import rewritten
from tests.unit.krm.oracle import CASES

REST_REFUSED = {"docs-10": "did not find expected <document start>"}
"""Go loses the text behind the end of the document."""
TEXT_STAYS = {"scalar-086", "scalar-087", "scalar-088", "scalar-090", "krm-29"}
"""Go makes a time of it, in another spelling."""
NULL_STAYS = {"scalar-146", "flow-12"}
"""Go prints an empty value in flow style as an empty string, and reads JSON from what it printed."""
NOT_FOLDED_TWICE = {"block-05", "block-06"}
"""Go folds the text a second time, because it reads JSON from what it printed."""
NULL_KEYS = {"key-04", "key-05"}
"""Go loses the field."""
NULL_DOCUMENT = {"docs-03"}
NO_OBJECT = {"block-34", "block-35", "block-36", "docs-07", "docs-17", "docs-18", "docs-19", "krm-22"}
"""Go has no JSON for what is no mapping or list."""
JSON_DIFFERS = TEXT_STAYS | NULL_STAYS | NOT_FOLDED_TWICE | NULL_KEYS | NULL_DOCUMENT | NO_OBJECT


def ids(case: dict[str, Any]) -> str:
    return str(case["id"])


@pytest.mark.parametrize("case", [case for case in CASES if "emit" in case], ids=ids)
def test_a_document_is_written_as_go_writes_it(case: dict[str, Any]) -> None:
    root = next(compose(case["doc"]))
    assert kyaml.emit(root) == case["emit"]
    root.before = root.after = ""  # the oracle's wide text is that of the root alone
    assert kyaml.emit(root, wide=True) == case.get("emit_wide", kyaml.emit(root))


@pytest.mark.parametrize("case", [case for case in CASES if "emit_error" in case], ids=ids)
def test_what_go_cannot_read_is_refused_with_its_words(case: dict[str, Any]) -> None:
    if case["emit_error"] == "EOF":
        assert kyaml.parse(case["doc"]) == []
        return
    with pytest.raises(kyaml.YamlError) as refused:
        kyaml.parse(case["doc"])
    assert case["emit_error"].endswith(refused.value.problem)


@pytest.mark.parametrize("case", CASES, ids=ids)
def test_a_file_is_written_as_a_render_without_functions_writes_it(case: dict[str, Any]) -> None:
    theirs = case.get("file_error", "")
    if "wrong node kind" in theirs:
        return  # a document that is a word: read, and refused when the resources are checked
    if theirs or case["id"] in REST_REFUSED:
        with pytest.raises(kyaml.YamlError) as refused:
            rewritten(case["doc"])
        assert (theirs or REST_REFUSED[case["id"]]).endswith(refused.value.problem)
    else:
        assert rewritten(case["doc"]) == case.get("file")


@pytest.mark.parametrize("case", [case for case in CASES if case["id"] not in JSON_DIFFERS], ids=ids)
def test_a_document_is_the_same_json(case: dict[str, Any]) -> None:
    if "kyaml_json" in case:
        assert json.loads(write_json(next(compose(case["doc"])))) == case["kyaml_json"]
    elif "kyaml_json_error" in case:
        with pytest.raises(kyaml.YamlError):
            write_json(next(compose(case["doc"])))


@pytest.mark.parametrize(
    ("document", "value"),
    [
        ("a: 2001-12-14t21:59:43.10-05:00\n", {"a": "2001-12-14t21:59:43.10-05:00"}),
        ("a: {b, c: }\n", {"a": {"b": None, "c": None}}),
        ("a: >-\n  x\n  y\n    more\n  z\n", {"a": "x y\n  more\nz"}),
    ],
)
def test_json_is_what_the_text_says_and_not_what_is_printed(document: str, value: Any) -> None:
    assert kyaml.to_value(kyaml.parse(document)[0]) == value
