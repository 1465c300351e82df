"""One template's Rego, compiled, and asked about one resource after another.

The engine has no network. What it would tell of this process is replaced, and a few functions of old Rego, which it
leaves out, are added.
"""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Callable
from typing import Any

from porch.function.builtin.gatekeeper.policies import PolicyError, Template
from porch.function.interface import FunctionNotFound

_TRACE = "\n\nStack backtrace"
_OLD: dict[str, tuple[int, Callable[..., Any]]] = {
    "any": (1, lambda items: any(item is True for item in items)),
    "all": (1, lambda items: all(item is True for item in items)),
    "re_match": (2, lambda pattern, text: re.search(pattern, text) is not None),
    "opa.runtime": (0, dict),
}


def _load() -> Any:
    """The extra's module. Raises FunctionNotFound without it, so that another runtime may have the function."""
    try:
        return importlib.import_module("regorus")
    except ImportError as error:
        raise FunctionNotFound.of_image("gatekeeper", "its engine is missing: pip install porch[gatekeeper]") from error


class Rego:
    """Raises PolicyError for Rego that cannot be read."""

    def __init__(self, template: Template, inventory: dict[str, Any]) -> None:
        self._template = template
        self._engine = _load().Engine()
        self._engine.set_rego_v0(not template.is_v1)
        for name, (count, function) in _OLD.items():
            self._engine.add_extension(name, count, function)
        try:
            self._package = self._engine.add_policy(template.name, template.rego)
            for at, lib in enumerate(template.libs):
                self._engine.add_policy(f"{template.name}/libs[{at}]", lib)
            self._engine.add_data_json(json.dumps({"inventory": inventory}))
        except RuntimeError as error:
            raise self._error(error) from None

    def violations(self, review: dict[str, Any], parameters: Any) -> list[str]:
        """The messages of what the rule `violation` gives, sorted."""
        try:
            self._engine.set_input_json(json.dumps({"review": review, "parameters": parameters}))
            found = json.loads(self._engine.eval_rule_as_json(f"{self._package}.violation"))
        except (RuntimeError, TypeError, ValueError) as error:
            raise self._error(error) from None
        return sorted(str(each.get("msg", "")) for each in found if isinstance(each, dict))

    def _error(self, error: Exception) -> PolicyError:
        return PolicyError(f'ConstraintTemplate "{self._template.name}": {str(error).partition(_TRACE)[0].strip()}')
