"""Cases of the function fixtures: what the function is given, and what it prints as its Go version does.

The items of a case are its files as a render hands them over: in the order of their paths, with the annotations about
path, index and id. See the README of the fixtures for the files of a case.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from porch.function.interface import FunctionFailed, NativeFunction, ResourceList
from porch.function.resourcelist import read_resource_list
from porch.function.results import Result
from porch.function.runtimes.builtin import sort_key
from porch.kyaml import Node, annotate, emit, from_value, mapping, parse, put, sequence, text

FIXTURES = Path(__file__).parents[1] / "fixtures/functions"
_KEY = re.compile(r"^( *)(?:- )*\S.*:\s*$")


@dataclass(frozen=True, slots=True)
class Ran:
    """What a function has given: its ResourceList as text, what it said, and its exit code."""

    stdout: str
    results: list[Result]
    stderr: str = ""
    exit_code: int = 0


def cases(function: str) -> list[Path]:
    """Those whose function was run: where kpt could not read the files there is no output."""
    return [case for case in sorted((FIXTURES / function).iterdir()) if (case / "stdout.yaml").read_text()]


def run_case(function: NativeFunction, case: Path) -> Ran:
    """The input goes through text, as it does on its way to a program."""
    given = ResourceList(read_items(case / "in"), read_config(case))
    return run_function(function, read_resource_list(printed(given).encode()))


def run_function(function: NativeFunction, resources: ResourceList) -> Ran:
    """Run it, and print what it leaves as its Go version prints it."""
    stderr, code = "", 0
    try:
        function.run(resources)
    except FunctionFailed as failed:
        stderr, code = failed.stderr, failed.exit_code
    if function.SORTS:
        resources.items.sort(key=sort_key)
    return Ran(printed(resources), resources.results, stderr, code)


def read_config(case: Path) -> Node | None:
    path = case / "functionConfig.yaml"
    return parse(path.read_text())[0] if path.exists() else None


def read_items(directory: Path) -> list[Node]:
    items: list[Node] = []
    for path in sorted(directory.rglob("*")):
        if path.suffix in {".yaml", ".yml", ".json"} or path.name == "Kptfile":
            items += documents(path.read_text(), path.relative_to(directory).as_posix())
    for number, item in enumerate(items):
        annotate(item, "internal.config.kubernetes.io/annotations-migration-resource-id", str(number))
        annotate(item, "internal.config.kubernetes.io/id", str(number + 1))
        annotate(item, "config.k8s.io/id", str(number + 1))
    return items


def documents(content: str, path: str) -> list[Node]:
    """The documents of a file, with the annotations that a reader gives them."""
    found: list[Node] = []
    for part in re.split(r"(?<=\n)---.*\n", content):
        for item in parse(part):
            annotations = {
                "config.kubernetes.io/index": str(len(found)),
                "config.kubernetes.io/path": path,
                "internal.config.kubernetes.io/index": str(len(found)),
                "internal.config.kubernetes.io/package-path": "/",
                "internal.config.kubernetes.io/path": path,
                "internal.config.kubernetes.io/seqindent": list_indent(part),
            }
            for key, value in annotations.items():
                annotate(item, key, value)
            found.append(item)
    return found


def list_indent(document: str) -> str:
    """Whether the lists of a document stand in the column of their key, or deeper."""
    key = ""
    for line in document.splitlines():
        before, dash, _ = line.partition("- ")
        if dash and not before.strip(" ") and (match := _KEY.match(key)) and key.count(":") == 1:
            deeper = len(before) - len(match[1])
            if deeper in {0, 2}:
                return "wide" if deeper else "compact"
        if line.strip() and not line.strip().startswith("#"):
            key = line
    return "compact"


def printed(resources: ResourceList) -> str:
    """The ResourceList as functions on the SDK print it."""
    root = mapping()
    put(root, "apiVersion", text("config.kubernetes.io/v1"))
    put(root, "kind", text("ResourceList"))
    if resources.items:
        put(root, "items", sequence(*resources.items))
    if resources.config is not None and resources.config.content:
        put(root, "functionConfig", resources.config)
    if resources.results:
        put(root, "results", from_value([_sorted(result.to_json()) for result in resources.results]))
    return emit(root)


_FIRST = ("name", "namespace", "apiVersion", "kind")


def _sorted(value: Any) -> Any:
    """The SDK's order of fields: some that it knows, then the others by name."""
    if not isinstance(value, dict):
        return value
    order = sorted(value, key=lambda key: (_FIRST.index(key) if key in _FIRST else len(_FIRST), key))
    return {key: _sorted(value[key]) for key in order}


def run_on(function: NativeFunction, items: str, config: str = "", **how: Any) -> Ran:
    """Run it on the documents of a text; `how` are further fields of the ResourceList."""
    return run_function(function, ResourceList(parse(items), parse(config)[0] if config else None, **how))


def config_map(**data: str) -> str:
    return emit(from_value({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": data}))
