"""What the Go function did with the same scripts, byte for byte."""

from __future__ import annotations

from pathlib import Path

import pytest

from porch.function.builtin import starlark
from porch.function.testing import case_folders, check_case

_CASES = case_folders(Path(__file__).parents[3] / "fixtures/functions/starlark")


@pytest.mark.parametrize("case", _CASES, ids=lambda case: case.name)
def test_a_script_does_what_it_does_in_go(case: Path) -> None:
    check_case(starlark, case)


def test_there_are_cases() -> None:
    assert len(_CASES) > 40
