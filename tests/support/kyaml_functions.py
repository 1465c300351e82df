"""Runs functions that are written on kyaml's framework, and prints what they leave as their Go versions do.

Some of those put their results below the function's name, one indents lists, one takes an annotation of kpt's away.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from porch.function.interface import FunctionFailed, NativeFunction, ResourceList
from porch.function.resourcelist import read_resource_list, write_resource_list
from porch.function.results import Result
from porch.krm.write import dump
from porch.kyaml import emit, mapping, parse, put, sequence, text, unannotate
from tests.support.functions import read_config, read_items

WIDE = {"apply-setters", "create-setters"}
NAMED_RESULTS = {
    "apply-setters",
    "create-setters",
    "list-setters",
    "remove-local-config-resources",
    "search-replace",
}
DROPS_MIGRATION = {"upsert-resource"}
_MIGRATION = "internal.config.kubernetes.io/annotations-migration-resource-id"


@dataclass(frozen=True, slots=True)
class Ran:
    """What a function has left, the same as text, what it said, and its exit code."""

    resources: ResourceList
    stdout: str
    stderr: str = ""
    exit_code: int = 0

    @property
    def results(self) -> list[Result]:
        return self.resources.results


def run_case(function: NativeFunction, case: Path) -> Ran:
    """The input goes through text, as it does on its way to a program."""
    given = ResourceList(read_items(case / "in"), read_config(case))
    resources = read_resource_list(write_resource_list(given))
    if function.NAME in DROPS_MIGRATION:
        for item in resources.items:
            unannotate(item, _MIGRATION)
    stderr, code = "", 0
    try:
        function.run(resources)
    except FunctionFailed as failed:
        stderr, code = failed.stderr, failed.exit_code
    return Ran(resources, printed(function.NAME, resources), stderr, code)


def printed(name: str, resources: ResourceList) -> str:
    root = mapping()
    put(root, "apiVersion", text("config.kubernetes.io/v1"))
    put(root, "kind", text("ResourceList"))
    put(root, "items", sequence(*resources.items))
    if resources.config is not None:
        put(root, "functionConfig", resources.config)
    if resources.results:
        results = parse(dump([result.to_json() for result in resources.results]))[0]
        if name in NAMED_RESULTS:
            results = mapping(text("name"), text(name), text("items"), results)
        put(root, "results", results)
    return emit(root, wide=name in WIDE)
