"""Nodes as a JSON file, as the Go tools write one: two blanks of indentation, sorted keys, `<`, `>` and `&` escaped."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

from porch.kyaml.node import Node
from porch.kyaml.values import to_value

_ESCAPED = re.compile("[<>&\u2028\u2029]")


def write_json(root: Node) -> str:
    """Raises YamlError for what JSON cannot hold."""
    return _written(to_value(root), "\n") + "\n"


def _written(value: Any, line: str) -> str:
    inner = line + "  "
    match value:
        case dict() if value:
            fields = (f"{inner}{_text(key)}: {_written(value[key], inner)}" for key in sorted(value))
            return "{" + ",".join(fields) + line + "}"
        case list() if value:
            return "[" + ",".join(inner + _written(item, inner) for item in value) + line + "]"
        case str():
            return _text(value)
        case float():
            return _number(value)
    return json.dumps(value)


def _text(value: str) -> str:
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(value, ensure_ascii=False))


def _number(value: float) -> str:
    if value and not 1e-6 <= abs(value) < 1e21:
        return re.sub(r"e([-+])0", r"e\1", repr(value))
    digits = format(Decimal(repr(value)), "f")
    return digits.rstrip("0").rstrip(".") if "." in digits else digits
