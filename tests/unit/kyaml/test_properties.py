"""What holds for all texts and values: both readers see the same, what is written reads back, nothing else than a
YamlError ever comes out.
"""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from porch import kyaml
from porch.krm.style import Style
from porch.kyaml.compose import compose
from porch.kyaml.documents import split
from porch.kyaml.node import Node
from porch.kyaml.plain import Unusual, compose_plain
from tests.differential.yaml.compare import document_tree
from tests.differential.yaml.files import rewritten
from tests.differential.yaml.generate import document, fixtures

_PACKAGES = Path(__file__).parents[2] / "fixtures"
_SAMPLES = fixtures()
_LINES = st.sampled_from(
    """a: 1;a:;- b;-;  c: 'x';  - d: "y";# c;  # d;;  e: |;    text;f: [1, {g: h}] # i;j: {k: v};  l: >-;---;...;? m
: n;&x o;*x;p: &x;\tq;r: !t s;u: # v;'w':;\ufeff;{;];x: a: b;%YAML 1.1;é: 😀;\u2028;\x07;  e: !!str""".replace(
        "\n", ";"
    ).split(";")
)


def rows(root: Node) -> list[int]:
    return [node.row for node in kyaml.walk(root)]


def quick(text: str) -> Node | None:
    try:
        return compose_plain(text)
    except Unusual:
        return None


@pytest.mark.parametrize("seed", range(4))
def test_the_quick_reader_sees_what_the_scanner_sees(seed: int) -> None:
    read = 0
    for number in range(500):
        text = document(Random(f"{seed}-{number}"), _SAMPLES)
        root = quick(text)
        if root is not None:
            read += 1
            scanned = next(compose(text))
            assert document_tree(root) == document_tree(scanned), text
            assert rows(root) == rows(scanned), text
    assert read > 30


def test_the_quick_reader_reads_most_of_what_packages_hold() -> None:
    texts = [part for path in _PACKAGES.rglob("*.yaml") for part, _ in split(path.read_text())]
    read = 0
    for text in texts:
        root = quick(text)
        if root is not None:
            read += 1
            assert document_tree(root) == document_tree(next(compose(text))), text
    assert read > 0.8 * len(texts)


@settings(max_examples=400, derandomize=True, deadline=None)
@given(st.lists(_LINES, max_size=12))
def test_lines_of_any_kind_are_read_alike_or_refused(lines: list[str]) -> None:
    text = "\n".join([*lines, ""])
    root = quick(text)
    try:
        scanned = list(compose(text))
    except kyaml.YamlError:
        assert root is None
        return
    assert root is None or [document_tree(root)] == [document_tree(each) for each in scanned]
    for each in scanned:
        kyaml.emit(each)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.text(max_size=60) | st.text(alphabet="ab:-?,[]{}#&*!|>'\"%@ \n\t\\0~", max_size=40))
def test_nothing_but_a_yaml_error_comes_out(text: str) -> None:
    try:
        written = rewritten(text)
        for root in kyaml.parse(text):
            kyaml.emit(kyaml.copy(root), wide=True)
            kyaml.to_value(root)
    except kyaml.YamlError:
        return
    assert written is None or written.endswith("\n")


_TEXTS = st.text(alphabet=st.sampled_from("ab1 .:-#'\"\\\n\t{}[],&*!|>%@`~é\x85\u2028😀<"), max_size=10)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | _TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(_TEXTS.filter(lambda key: key != "<<"), inner, max_size=3)
    ),
    max_leaves=8,
)
_STYLES: list[Style] = ["", "single", "double", "literal"]


@settings(max_examples=300, derandomize=True, deadline=None)
@given(_VALUES, st.booleans(), st.randoms(use_true_random=False))
def test_what_is_written_reads_back(value: Any, wide: bool, random: Random) -> None:
    root = kyaml.from_value({"v": value})
    for node in kyaml.walk(root):
        if node.tag == "!!str":
            node.style = random.choice(_STYLES)
    text = kyaml.emit(root, wide=wide)
    (again,) = kyaml.parse(text)
    assert kyaml.to_value(again) == {"v": value}
    assert kyaml.emit(again, wide=wide) == text


@pytest.mark.parametrize("seed", range(4))
def test_ordinary_documents_are_written_the_same_the_second_time(seed: int) -> None:
    for number in range(500):
        root = quick(document(Random(f"again-{seed}-{number}"), _SAMPLES))
        if root is not None:
            text = kyaml.emit(root)
            (again,) = kyaml.parse(text)
            assert kyaml.emit(again) == text
