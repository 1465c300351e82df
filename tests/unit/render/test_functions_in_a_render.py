"""Each function's cases as a render runs them: the files in, ids and annotations on, the call, comments restored, the
files out; and what a program gets to read.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from porch.function.chain import open_functions
from porch.function.interface import FunctionCall, FunctionOutcome, ResourceList
from porch.function.options import FunctionOptions
from porch.function.resourcelist import write_resource_list
from porch.kyaml import Node, parse
from porch.render.memory import MemoryCache
from porch.render.reading import read_file
from porch.render.resource import Resource
from porch.render.step import Caller, Done, Functions
from porch.render.writing import write_files

FIXTURES = Path(__file__).parents[2] / "fixtures/functions"
CASES = sorted(path.parent for path in FIXTURES.glob("*/*/in"))
TAGS = {"set-namespace": "v0.4.5", "apply-replacements": "v0.1.5", "starlark": "v0.5.5", "apply-setters": "v0.2.2"}


BETTER = {
    "remove-local-config-resources/kptfile": "the package keeps its Kptfile",
    "set-namespace/comments-everywhere": "the comment below is not doubled, the blank line above stays",
    **{
        f"ensure-name-substring/{case.name}": "files keep their names"
        for case in CASES
        if case.parent.name == "ensure-name-substring"
    },
}
"""Where ours is better; docs/render.md and docs/functions.md say why."""


def _name(case: Path) -> str:
    return f"{case.parent.name}/{case.name}"


class Written:
    """Keeps what a program would get to read, and gives nothing."""

    def __init__(self) -> None:
        self.text = ""

    def resolve(self, image: str, tag: str = "") -> str:
        return image + tag

    def digest(self, image: str) -> str:
        return ""

    def evaluate(self, call: FunctionCall) -> FunctionOutcome:
        self.text = write_resource_list(ResourceList(call.items, call.config)).decode()
        return FunctionOutcome([])


def files_of(directory: Path) -> dict[str, bytes]:
    found = {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}
    return dict(sorted(found.items(), key=lambda item: item[0].split("/")))


def resources_of(case: Path) -> list[Resource]:
    files = files_of(case / "in")
    return [resource for path, data in files.items() for resource in read_file(path, "/", data)]


def config_of(case: Path) -> Node | None:
    path = case / "functionConfig.yaml"
    return parse(path.read_text())[0] if path.exists() else None


def run(case: Path, functions: Functions, resources: list[Resource]) -> Done:
    name = case.parent.name
    image = f"ghcr.io/kptdev/krm-functions-catalog/{name}:{TAGS.get(name, 'latest')}"
    return Caller(functions, MemoryCache(1 << 20)).run(image, resources, config_of(case), "/")


@pytest.mark.parametrize(
    "case", [case for case in CASES if (case / "out").is_dir() and _name(case) not in BETTER], ids=_name
)
def test_the_files_are_those_that_upstream_leaves(case: Path) -> None:
    resources = resources_of(case)
    read = {resource.place.path for resource in resources}
    done = run(case, open_functions(FunctionOptions(runtimes=("builtin",))), resources)
    assert done.error == ""
    assert write_files(files_of(case / "in"), read, done.resources, all_=True) == files_of(case / "out")


@pytest.mark.parametrize(
    "case",
    [path.parent for path in sorted(FIXTURES.glob("*/*/stdin.yaml")) if path.read_text()],
    ids=_name,
)
def test_a_program_reads_what_upstream_gives_it(case: Path) -> None:
    written = Written()
    run(case, written, resources_of(case))
    assert written.text == (case / "stdin.yaml").read_text()
