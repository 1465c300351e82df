"""Regular expressions and file patterns match, and are refused, as in Go."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from porch.function.builtin._glob import GlobError, matches_path
from porch.function.builtin._re2 import compile_re2
from porch.function.builtin._re2_characters import RegexError

GO = Path(__file__).parents[3] / "fixtures/go"
STAR_IN_STAR = {"(a*)*", "(a*)+"}
"""Python goes on with one more, empty turn: the whole match is the same, the group is not. See docs."""


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (GO / name).read_text().splitlines()]


REGEXPS, GLOBS = rows("regexps.jsonl"), rows("globs.jsonl")
TEXTS = sorted({match["text"] for row in REGEXPS for match in row.get("matches", [])})
NAMES = sorted({name for row in GLOBS for name in row["matches"]})


@pytest.mark.parametrize("row", REGEXPS, ids=lambda row: row["pattern"])
def test_an_expression_matches_as_in_go(row: dict[str, Any]) -> None:
    if "error" in row:
        with pytest.raises(RegexError) as refused:
            compile_re2(row["pattern"])
        assert str(refused.value) == row["error"]
        return
    compiled = compile_re2(row["pattern"])
    found = {text: compiled.search(text) for text in TEXTS}
    groups = {text: [match[0], *match.groups("")] for text, match in found.items() if match}
    expected = {match["text"]: match["groups"] for match in row.get("matches", [])}
    if row["pattern"] in STAR_IN_STAR:
        groups, expected = ({text: found[:1] for text, found in each.items()} for each in (groups, expected))
    assert groups == expected


@pytest.mark.parametrize("row", GLOBS, ids=lambda row: row["pattern"])
def test_a_file_pattern_matches_as_in_go(row: dict[str, Any]) -> None:
    if "error" in row:
        with pytest.raises(GlobError, match=row["error"]):
            matches_path(row["pattern"], "a")
        return
    assert sorted(name for name in NAMES if matches_path(row["pattern"], name)) == sorted(row["matches"])


def test_scripts_are_refused_because_python_has_no_tables_of_them() -> None:
    with pytest.raises(RegexError, match="invalid character class range"):
        compile_re2(r"\p{Greek}")
