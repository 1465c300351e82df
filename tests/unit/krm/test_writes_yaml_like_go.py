"""What is written is what Go's typed marshalling writes, and reads back as what it was."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from porch.krm import write, yaml
from tests.unit.krm.oracle import CASES

BLOCKS = [case for case in CASES if case["id"].startswith(("struct-0", "struct-1", "krm-0")) and "emit" in case]
KEPT_STYLE = {"struct-09", "struct-14", "krm-03", "krm-05", "krm-06", "krm-07", "struct-13", "krm-08"}
# quotes, flow and empty items of the input are kept there


@pytest.mark.parametrize("case", [case for case in BLOCKS if case["id"] not in KEPT_STYLE], ids=lambda case: case["id"])
def test_collections_are_laid_out_as_go_does(case: dict[str, Any]) -> None:
    value = yaml.value_of(yaml.documents(case["doc"])[0])
    assert write.dump(value) == case["emit"]
    assert write.dump(value, wide=True) == case.get("emit_wide", case["emit"])


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("plain", "plain"),
        ("", '""'),
        ("true", '"true"'),
        ("yes", '"yes"'),
        ("n", '"n"'),
        ("null", '"null"'),
        ("~", '"~"'),
        ("1", '"1"'),
        ("1.5e3", '"1.5e3"'),
        ("0x1F", '"0x1F"'),
        ("12:30", '"12:30"'),
        ("2001-01-01", '"2001-01-01"'),
        ("<<", '"<<"'),
        ("a: b", "'a: b'"),
        ("it's: b", "'it''s: b'"),
        ("a #b", "'a #b'"),
        ("a#b", "a#b"),
        ("- a", "'- a'"),
        ("-a", "-a"),
        ("-", "'-'"),
        ("*a", "'*a'"),
        ("{{ x }}", "'{{ x }}'"),
        (" a ", "' a '"),
        ("a\tb", '"a\\tb"'),
        ("a\rb", '"a\\rb"'),
        ("😀", '"\\U0001F600"'),
        ("é", "é"),
        ("\x07", '"\\a"'),
        ("\u2028", '"\\L"'),
        ('say "hi"', 'say "hi"'),
        ("back\\slash", "back\\slash"),
        ("http://x:80/y?z#w", "http://x:80/y?z#w"),
    ],
)
def test_strings_are_quoted_where_go_quotes(text: str, written: str) -> None:
    assert write.dump({"a": text}) == f"a: {written}\n"


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("x\ny", "a: |-\n  x\n  y\n"),
        ("x\ny\n", "a: |\n  x\n  y\n"),
        ("x\n\n", "a: |+\n  x\n\n"),
        ("x\n\ny", "a: |-\n  x\n\n  y\n"),
        (" x\ny", "a: |2-\n   x\n  y\n"),
        ("x:\n\ty", "a: |-\n  x:\n  \ty\n"),
        ("x \ny", 'a: "x \\ny"\n'),
        ("x\n😀", 'a: "x\\n\\U0001F600"\n'),
    ],
)
def test_texts_of_several_lines_are_literal_blocks(text: str, written: str) -> None:
    assert write.dump({"a": text}) == written


def test_lists_are_compact_or_wide() -> None:
    value = {"a": [{"b": ["c"], "d": "x\ny"}, "e", [], {}]}
    assert write.dump(value) == "a:\n- b:\n  - c\n  d: |-\n    x\n    y\n- e\n- []\n- {}\n"
    assert write.dump(value, wide=True) == "a:\n  - b:\n      - c\n    d: |-\n      x\n      y\n  - e\n  - []\n  - {}\n"


TEXTS = st.text(alphabet=st.sampled_from("ab1 .:-#'\"\\\n\t\r{}[],&*!|>%@`~é\x85\u2028😀"), max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(VALUES, st.booleans())
def test_what_is_written_reads_back(value: Any, wide: bool) -> None:
    assert yaml.load_json_like(write.dump({"v": value}, wide=wide).encode()) == {"v": value}
