"""Packages that upstream cloned and upgraded (tests/fixtures/clones): the inputs of each upgrade, and its result before
the render. `lost` marks those where upstream drops a local edit.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_FILE = Path(__file__).parents[2] / "fixtures" / "clones" / "cases.jsonl"
CASES: dict[tuple[str, str], dict[str, Any]] = {
    (case["strategy"], case["case"]): case for case in map(json.loads, _FILE.read_text("utf-8").splitlines())
}


def side(case: dict[str, Any], name: str) -> dict[str, bytes]:
    """One of the packages: original, local, upstream or final."""
    return {path: text.encode() for path, text in case[name].items()}
