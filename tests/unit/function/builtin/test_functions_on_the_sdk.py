"""Functions built on the Go SDK print, byte for byte, what their Go versions printed for the same input."""

from __future__ import annotations

from pathlib import Path

import pytest

from porch.function.builtin import apply_replacements, delete_annotations, set_image, set_labels, set_namespace
from porch.function.interface import NativeFunction
from porch.kyaml import parse, to_value
from tests.support.functions import cases, run_case

FUNCTIONS: dict[str, NativeFunction] = {
    module.NAME: module for module in (apply_replacements, delete_annotations, set_image, set_labels, set_namespace)
}
BETTER = {"set-namespace/anchors"}
"""See docs/functions-catalog.md, and the tests of the function, for why we print something else."""
CASES = [(name, case) for name in FUNCTIONS for case in cases(name) if f"{name}/{case.name}" not in BETTER]


@pytest.mark.parametrize(("name", "case"), CASES, ids=lambda value: getattr(value, "name", value))
def test_prints_what_the_go_version_printed(name: str, case: Path) -> None:
    ran = run_case(FUNCTIONS[name], case)
    assert ran.stdout == (case / "stdout.yaml").read_text()
    assert ran.exit_code == int((case / "exit").read_text())
    stderr = case / "stderr.txt"
    assert ran.stderr == (stderr.read_text() if stderr.exists() else "")
    if (case / "error.txt").exists():  # kpt refused the output, and has not read the results
        return
    expected = to_value(parse((case / "results.yaml").read_text())[0])
    assert [result.to_json() for result in ran.results] == expected
