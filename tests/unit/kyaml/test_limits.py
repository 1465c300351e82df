"""A small text cannot become a big value, a deep one is refused, and no text takes long for its size."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from porch import kyaml
from porch.krm import yaml
from porch.kyaml import build
from porch.kyaml.documents import seqindent, split
from porch.kyaml.parse import parse_one
from porch.kyaml.plain import Unusual, compose_plain


@pytest.mark.parametrize(
    "text",
    [
        "[" * 101 + "]" * 101,
        "a: " + "{b: " * 101 + "c" + "}" * 101,
        "".join(" " * depth + "a:\n" for depth in range(101)),
        "- " * 101 + "a\n",
        "? " * 101 + "a\n",
    ],
)
def test_more_than_a_hundred_levels_are_refused(text: str) -> None:
    with pytest.raises(kyaml.YamlError, match="nested deeper than 100 levels"):
        kyaml.parse(text)


@pytest.mark.parametrize("text", ["[" * 100 + "]" * 100, "".join(" " * depth + "a:\n" for depth in range(100))])
def test_a_hundred_levels_are_read_and_written(text: str) -> None:
    (root,) = kyaml.parse(text)
    kyaml.to_value(kyaml.copy(root))
    (again,) = kyaml.parse(kyaml.emit(root))
    assert kyaml.emit(again) == kyaml.emit(root)


def test_nodes_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "MAX_NODES", 10)
    with pytest.raises(kyaml.YamlError, match="line 1: more than 10 values"):
        kyaml.parse("[" + "a, " * 10 + "]")


def test_a_text_that_could_hold_too_many_nodes_is_counted() -> None:
    with pytest.raises(Unusual):
        compose_plain("- a\n" * (yaml.MAX_NODES // 2 + 1))


def test_aliases_that_multiply_are_read_and_written_but_are_no_value() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]" for level in range(1, 9)]
    text = "\n".join(lines) + "\n"
    (root,) = kyaml.parse(text)
    assert kyaml.emit(root) == text
    with pytest.raises(kyaml.YamlError, match="aliases stand for more than 100000 values"):
        kyaml.to_value(root)


def test_an_alias_inside_its_anchor_is_no_value() -> None:
    (root,) = kyaml.parse("a: &x\n  b: *x\n")
    with pytest.raises(kyaml.YamlError, match="line 2: anchor 'x' value contains itself"):
        kyaml.to_value(root)


_MANY = 4_000
HOSTILE: dict[str, Callable[[int], str]] = {
    "comments": lambda many: "a: 1\n" + "# c\n" * many,
    "comments at changing columns": lambda many: "a:\n  b: 1\n" + " # c\n# d\n" * (many // 2),
    "comments with gaps": lambda many: "a: 1\n\n" + "# c\n\n" * many + "b: 2\n",
    "blanks in a line": lambda many: "a: b" + " " * many + ": c\n",
    "groups of blanks": lambda many: "a: b" + (" " * 90 + "c") * (many // 90) + ": d\n",
    "a plain text of many lines": lambda many: "a: b\n" + "  c\n" * many,
    "empty lines": lambda many: "a: |\n" + "\n" * many + "b: 1\n",
    "an open quote": lambda many: 'a: "' + "x\n" * many,
    "quotes": lambda many: "a: '" + "''" * many + "'\n",
    "dashes": lambda many: "a:\n    - b\n" + "    - b\n" * many,
    "question marks": lambda many: "? a\n" * many,
    "colons": lambda many: "a" * 10 + ":" * many + "\n",
    "hashes": lambda many: "a: " + "#" * many + "\nb: x" + " #" * many + "\n",
    "brackets": lambda many: "a: [" + "b, " * many + "]\n",
    "open brackets": lambda many: "a: " + "[" * many + "\n",
    "braces with keys": lambda many: "a: {" + "b: c, " * many + "}\n",
    "tags": lambda many: "- !t a\n" * many,
    "anchors": lambda many: "".join(f"- &a{number} x\n" for number in range(many)),
    "documents": lambda many: "a: 1\n---\n" * many,
    "underscores": lambda many: "a: 1" + "_" * many + "\n",
    "digits": lambda many: "a: " + "1" * many + "\n",
    "tabs": lambda many: "a: b" + "\t" * many + "\n",
}


def spent(work: Callable[[], object]) -> float:
    begin = time.process_time()
    work()
    return time.process_time() - begin


def read_and_write(text: str) -> None:
    try:
        for part, offset in split(text):
            seqindent(part)
            root = parse_one(part, offset)
            if root is not None:
                kyaml.emit(root)
    except kyaml.YamlError:
        return


@pytest.mark.parametrize("name", HOSTILE)
def test_four_times_the_text_takes_no_ten_times_the_time(name: str) -> None:
    make = HOSTILE[name]
    short = min(spent(lambda: read_and_write(make(_MANY))) for _ in range(2))
    long = spent(lambda: read_and_write(make(4 * _MANY)))
    assert long < 0.1 + 10 * short
