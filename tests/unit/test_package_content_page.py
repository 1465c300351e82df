"""docs/package-content.md and the tests of odd files name each other."""

from __future__ import annotations

import ast
import re
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]


def test_every_rule_has_its_test_and_every_test_its_rule() -> None:
    page = (_ROOT / "docs" / "package-content.md").read_text()
    module = ast.parse((_ROOT / "tests" / "wire" / "test_odd_files.py").read_text())
    tests = {node.name for node in module.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}
    assert set(re.findall(r"`(test_\w+)`", page)) == tests
