"""Upstream's answers to a few hundred small YAML documents (see tests/fixtures/yaml)."""

import json
from pathlib import Path
from typing import Any

_FILE = Path(__file__).parents[2] / "fixtures/yaml/documents.jsonl"
CASES: list[dict[str, Any]] = [json.loads(line) for line in _FILE.read_bytes().splitlines()]
