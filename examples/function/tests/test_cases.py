from __future__ import annotations

from pathlib import Path

import pytest
import set_owner

from porch.function.testing import case_folders, check_case

CASES = Path(__file__).parents[1] / "cases"


@pytest.mark.parametrize("case", case_folders(CASES), ids=lambda case: case.name)
def test_case(case: Path) -> None:
    check_case(set_owner, case)
