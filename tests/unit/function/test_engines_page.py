"""The examples of docs/functions-engines.md do what the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from porch.function.interface import FunctionFailed
from porch.function.registry import find_native
from porch.kyaml import emit, parse
from tests.unit.function.resources import resources

_PAGE = (Path(__file__).resolve().parents[3] / "docs/functions-engines.md").read_text()
_BLOCK = re.compile(r"<!-- (config|input|output|results) -->\n```\w+\n(.*?)```", re.DOTALL)
_FUNCTIONS = ("starlark", "validate-cel", "gatekeeper", "kubeconform", "kubeval")


def examples() -> list[tuple[str, dict[str, str]]]:
    """The function of each example, and its blocks. An example ends with what comes out."""
    found: list[tuple[str, dict[str, str]]] = []
    for section in re.split(r"^## ", _PAGE, flags=re.MULTILINE)[1:]:
        name = section.partition("\n")[0]
        blocks: dict[str, str] = {}
        for kind, text in _BLOCK.findall(section):
            blocks[kind] = text
            if kind in {"output", "results"}:
                found.append((name, blocks))
                blocks = {}
        assert not blocks
    return found


@pytest.mark.parametrize(("name", "blocks"), examples())
def test_an_example_does_what_the_page_says(name: str, blocks: dict[str, str]) -> None:
    config = parse(blocks["config"])[0] if "config" in blocks else None
    given = resources(blocks["input"], config=config)
    try:
        find_native(name).run(given)
    except FunctionFailed:
        assert "error" in blocks["results"]
    if "output" in blocks:
        assert "---\n".join(map(emit, given.items)) == emit(parse(blocks["output"])[0])
    else:
        assert "".join(f"{result}\n" for result in given.results) == blocks["results"]


def test_every_function_has_an_example_and_a_row() -> None:
    assert set(_FUNCTIONS) == {name for name, _ in examples()}
    for name in _FUNCTIONS:
        assert f"| [{name}](#{name}) |" in _PAGE
