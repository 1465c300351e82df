"""For authors of native functions: runs a function on a folder that says what goes in and what must come out.

    functionConfig.yaml   the function's configuration; none when the file is missing
    in/                   files, read as the pipeline reads them
    stdout.yaml           the ResourceList that comes out
    results.yaml          the results, as a list
    exit, stderr.txt      the exit code, and what is printed on stderr

A file that is missing is not compared, except that `exit` is 0 and there are no results. In a test of yours:

    @pytest.mark.parametrize("case", case_folders(Path("cases")), ids=lambda case: case.name)
    def test_case(case: Path) -> None:
        check_case(my_function, case)
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from porch.function.interface import FunctionFailed, NativeFunction, ResourceList
from porch.function.resourcelist import read_resource_list, write_resource_list
from porch.function.results import Result, results_from_json
from porch.function.runtimes.builtin import sort_key
from porch.krm.errors import YamlError
from porch.kyaml import Node, annotate, copy, emit, from_value, mapping, parse, put, to_value

_INTERNAL = "internal.config.kubernetes.io"
_WRAPPER = "bareSeqNodeWrappingKey"
_KEY_LINE = re.compile(r"[^:]+:\s*(#.*)?")


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a function."""

    resources: ResourceList
    exit_code: int = 0
    stderr: str = ""


def case_folders(directory: Path) -> list[Path]:
    """Every folder below `directory` that has an `in`."""
    return sorted(path.parent for path in directory.rglob("in") if path.is_dir())


def run_function(function: NativeFunction, resources: ResourceList) -> Ran:
    """As the server runs it, except that a mistake in it is raised."""
    try:
        function.run(resources)
    except FunctionFailed as failed:
        _sort(function, resources)
        return Ran(resources, failed.exit_code, failed.stderr)
    _sort(function, resources)
    return Ran(resources, stderr=resources.stderr)


def _sort(function: NativeFunction, resources: ResourceList) -> None:
    if function.SORTS:
        resources.items.sort(key=sort_key)


def check_case(function: NativeFunction, case: Path, version: str = "") -> Ran:
    """Raises AssertionError with the difference."""
    resources = read_case(case)
    resources.version = version
    config = copy(resources.config) if resources.config is not None else None
    ran = run_function(function, resources)
    _same(case, "exit", _read(case / "exit", "0").strip(), str(ran.exit_code))
    _same_results(case, ran.resources.results)
    if (case / "stderr.txt").exists():
        _same(case, "stderr.txt", _read(case / "stderr.txt"), ran.stderr)
    if expected := _read(case / "stdout.yaml"):
        _same_resources(case, expected, ResourceList(ran.resources.items, config))
    return ran


def read_case(case: Path) -> ResourceList:
    """What the pipeline hands to the function, as its only mutator."""
    config = _read(case / "functionConfig.yaml")
    items = [item for path in _resource_files(case / "in") for item in _read_file(case / "in", path)]
    for number, item in enumerate(items):
        annotate(item, f"{_INTERNAL}/annotations-migration-resource-id", str(number))
        annotate(item, f"{_INTERNAL}/id", str(number + 1))
        annotate(item, "config.k8s.io/id", str(number + 1))
    return ResourceList(items, parse(config)[0] if config else None)


def _resource_files(directory: Path) -> list[Path]:
    files = (path for path in directory.rglob("*") if path.is_file())
    chosen = [path for path in files if path.suffix in {".yaml", ".yml", ".json"} or path.name == "Kptfile"]
    return sorted(chosen, key=lambda path: path.relative_to(directory).parts)


def _read_file(directory: Path, path: Path) -> Iterator[Node]:
    """The documents of one file, with the annotations that say where they are from."""
    index = 0
    for document in re.split(r"(?m)^---[^\n]*\n", path.read_text().replace("\r\n", "\n")):
        for root in parse(document):
            item = _wrapped(root)
            name = path.relative_to(directory).as_posix()
            for key, value in _origin(name, index, _indentation(document)):
                annotate(item, key, value)
            yield item
            index += 1


def _origin(path: str, index: int, indentation: str) -> Iterator[tuple[str, str]]:
    yield "config.kubernetes.io/index", str(index)
    yield "config.kubernetes.io/path", path
    yield f"{_INTERNAL}/index", str(index)
    yield f"{_INTERNAL}/package-path", "/"
    yield f"{_INTERNAL}/path", path
    yield f"{_INTERNAL}/seqindent", indentation


def _wrapped(root: Node) -> Node:
    if root.kind != "sequence":
        return root
    wrapper = mapping()
    put(wrapper, _WRAPPER, root)
    return wrapper


def _indentation(document: str) -> str:
    """Whether lists are indented below their key: `wide`, or not: `compact`. The first list that tells decides."""
    lines = document.split("\n")
    for place, line in enumerate(lines):
        before, found, _ = line.partition("- ")
        if not found or before.strip():
            continue
        key = next((above for above in reversed(lines[:place]) if above.strip() and above.strip()[0] != "#"), "")
        if key.count(":") == 1 and key.rstrip().endswith(":"):
            difference = len(before) - (len(key) - len(key.lstrip()))
            if difference in {0, 2}:
                return "wide" if difference else "compact"
    return "compact"


def _same_results(case: Path, results: list[Result]) -> None:
    documents = parse(_read(case / "results.yaml", "[]"))
    expected: list[Any] = [result.to_json() for result in results_from_json(to_value(documents[0]))]
    found = [result.to_json() for result in results]
    _same(case, "results.yaml", emit(from_value(expected)), emit(from_value(found)))


def _same_resources(case: Path, expected: str, found: ResourceList) -> None:
    """A function may print its lists wide and its results in an older form; neither says anything."""
    try:
        wanted = read_resource_list(expected.encode())
    except YamlError:  # Go printed what cannot be read again; see error.txt there
        return
    wanted.results = []
    _same(case, "stdout.yaml", write_resource_list(wanted).decode(), write_resource_list(found).decode())


def _same(case: Path, name: str, expected: str, found: str) -> None:
    if expected == found:
        return
    before, after = expected.splitlines(keepends=True), found.splitlines(keepends=True)
    lines = difflib.unified_diff(before, after, f"{case.name}/{name}", "found")
    raise AssertionError("\n" + "".join(line if line.endswith("\n") else f"{line}\n" for line in lines))


def _read(path: Path, default: str = "") -> str:
    return path.read_text() if path.exists() else default
