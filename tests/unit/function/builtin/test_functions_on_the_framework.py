"""Functions built on kyaml's framework print, byte for byte, what their Go versions printed for the same input.

The exceptions are those of docs/functions-catalog-kyaml.md, each with a test of its own.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from porch.function.builtin import (
    apply_setters,
    create_setters,
    ensure_name_substring,
    list_setters,
    remove_local_config_resources,
    search_replace,
    set_annotations,
    upsert_resource,
)
from porch.function.interface import NativeFunction
from porch.kyaml import Node, drop, find, get, parse, text_of, to_value
from tests.support.functions import FIXTURES, cases
from tests.support.kyaml_functions import printed, run_case

FUNCTIONS: dict[str, NativeFunction] = {
    module.NAME: module
    for module in (
        apply_setters,
        create_setters,
        list_setters,
        remove_local_config_resources,
        search_replace,
        set_annotations,
        upsert_resource,
    )
}
EXCEPTIONS = {
    ("apply-setters", "list-flow-empty-value"),
    ("remove-local-config-resources", "kptfile"),
    ("upsert-resource", "no-config"),
}
CASES = [(name, case) for name in FUNCTIONS for case in cases(name) if (name, case.name) not in EXCEPTIONS]
PLACES = (
    "config.kubernetes.io/index",
    "config.kubernetes.io/path",
    "internal.config.kubernetes.io/index",
    "internal.config.kubernetes.io/path",
    "internal.config.kubernetes.io/seqindent",
)


@pytest.mark.parametrize(("name", "case"), CASES, ids=lambda value: getattr(value, "name", value))
def test_prints_what_the_go_version_printed(name: str, case: Path) -> None:
    ran = run_case(FUNCTIONS[name], case)
    assert ran.stdout == (case / "stdout.yaml").read_text()
    assert (ran.exit_code, ran.stderr) == _end(case)
    if expected := _results(case):  # kpt reads none when it refuses the output
        assert [result.to_json() for result in ran.results] == expected


@pytest.mark.parametrize("case", cases("ensure-name-substring"), ids=lambda case: case.name)
def test_names_are_changed_as_by_the_go_version_and_files_keep_their_names(case: Path) -> None:
    ran = run_case(ensure_name_substring, case)
    assert (ran.exit_code, ran.stderr) == _end(case)
    assert ran.results == []
    for item in ran.resources.items:
        annotations = find(item, "metadata", "annotations")
        assert annotations is not None
        if ran.exit_code == 0:
            assert all(get(annotations, key) is not None for key in PLACES)
            _forget_places(annotations)
    assert printed("ensure-name-substring", ran.resources) == (case / "stdout.yaml").read_text()


def test_the_kptfile_stays_when_local_resources_are_removed() -> None:
    ran = run_case(remove_local_config_resources, FIXTURES / "remove-local-config-resources" / "kptfile")
    assert [text_of(item, "kind") for item in ran.resources.items] == ["Kptfile", "Service"]
    assert [result.message for result in ran.results] == [
        "Found no resources to prune with the local config annotation"
    ]


def test_an_upsert_of_nothing_says_what_is_missing() -> None:
    ran = run_case(upsert_resource, FIXTURES / "upsert-resource" / "no-config")
    assert ran.exit_code == 1
    assert ran.stderr == "failed to upsert resource: `functionConfig` is missing, it is the resource to upsert\n"


def test_an_empty_list_is_set_where_the_go_version_writes_broken_yaml() -> None:
    ran = run_case(apply_setters, FIXTURES / "apply-setters" / "list-flow-empty-value")
    assert "          args: [] # kpt-set: ${args}\n" in ran.stdout
    assert (ran.exit_code, ran.results[0].message) == (0, 'set field value to "[]"')


def _end(case: Path) -> tuple[int, str]:
    stderr = case / "stderr.txt"
    return int((case / "exit").read_text()), stderr.read_text() if stderr.exists() else ""


def _results(case: Path) -> object:
    return to_value(parse((case / "results.yaml").read_text())[0])


def _forget_places(annotations: Node) -> None:
    for key in PLACES:
        drop(annotations, key)
