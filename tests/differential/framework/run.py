"""Runs seeded packages through our functions and through Go's libraries, and collects where they differ."""

from __future__ import annotations

import difflib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from porch.function.builtin import ensure_name_substring, set_annotations
from porch.function.builtin import format as formats
from porch.function.interface import FunctionFailed, NativeFunction, ResourceList
from porch.function.resourcelist import read_resource_list
from porch.kyaml import Node, emit, from_value, mapping, put, sequence, text
from tests.differential.framework.oracle import Oracle
from tests.differential.framework.packages import package

FUNCTIONS: dict[str, NativeFunction] = {
    "ensure-name-substring": ensure_name_substring,
    "set-annotations": set_annotations,
    "format": formats,
}
VALUES = (
    "new",
    "yes",
    "1",
    "a: b",
    "# c",
    "",
    "two\nlines",
    "1:30",
    "0o7",
    "null",
    "2020-01-01",
    "*x",
    "[a]",
    "~",
    "é",
)


@dataclass
class Notes:
    """`agreed` counts by function and exit code."""

    packages: int = 0
    agreed: Counter[tuple[str, int]] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)


def run(program: Path, seed: int, packages: int) -> Notes:
    """Package number n of a seed is always the same one."""
    notes = Notes(packages)
    with Oracle(program) as oracle:
        for number in range(packages):
            name = seed * 1_000_000 + number
            random = Random(name)
            items = package(random)
            for function in FUNCTIONS:
                _compare(oracle, function, _written(items, _config(function, random)), name, notes)
    return notes


def _config(function: str, random: Random) -> Node:
    if function == "ensure-name-substring":
        data = {random.choice(("prepend", "append")): random.choice(("x-", "dev-", "-y", "1"))}
    else:
        data = {key: random.choice(VALUES) for key in random.sample("abcde", random.randint(1, 3))}
    return from_value({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": data})


def _written(items: list[Node], config: Node) -> str:
    root = mapping()
    put(root, "apiVersion", text("config.kubernetes.io/v1"))
    put(root, "kind", text("ResourceList"))
    put(root, "items", sequence(*items))
    put(root, "functionConfig", config)
    return emit(root)


def _compare(oracle: Oracle, function: str, given: str, name: int, notes: Notes) -> None:
    theirs = oracle.ask(function, given)
    resources = read_resource_list(given.encode())
    assert resources.config is not None
    exit_code, stderr = 0, ""
    try:
        FUNCTIONS[function].run(resources)
    except FunctionFailed as failed:
        exit_code, stderr = failed.exit_code, failed.stderr
    output = _output(resources)
    same = theirs.error.splitlines()[:1] == [stderr.partition(": ")[2]] if exit_code else output == theirs.output
    if exit_code == theirs.exit and (same or (exit_code and theirs.error in stderr)):
        notes.agreed[function, exit_code] += 1
        return
    lines = difflib.unified_diff(theirs.output.splitlines(), output.splitlines(), "Go", "ours", "", "", 3, "")
    said = f"{theirs.exit} {theirs.error!r}\n{exit_code} {stderr!r}\n"
    notes.differences.append(f"--- {function} {name}\n{said}" + "\n".join(lines))


def _output(resources: ResourceList) -> str:
    assert resources.config is not None
    return _written(resources.items, resources.config)
