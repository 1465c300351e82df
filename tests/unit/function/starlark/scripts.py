"""Runs scripts, for the tests of the interpreter."""

from __future__ import annotations

from typing import Any

from porch.function.builtin.starlark.errors import StarlarkError
from porch.function.builtin.starlark.interpreter import execute
from porch.function.builtin.starlark.modules import load_module
from porch.function.builtin.starlark.values import text_of


def values(script: str) -> dict[str, Any]:
    """The script's global variables."""
    return execute("prog", script, {}, load_module, lambda line: None)


def shown(expression: str, before: str = "") -> str:
    """An expression's value, as `repr` writes it."""
    return text_of(values(f"{before}\nresult = {expression}\n")["result"])


def failure(script: str) -> str:
    """The message that the script fails with."""
    try:
        execute("prog", script, {}, load_module, lambda line: None)
    except StarlarkError as error:
        return str(error)
    raise AssertionError(f"did not fail: {script}")
