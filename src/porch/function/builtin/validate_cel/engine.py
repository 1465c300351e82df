"""CEL expressions, compiled once and evaluated on one resource after another."""

from __future__ import annotations

import importlib
import re
from functools import cache
from typing import Any

from porch.function.interface import FunctionNotFound

_VARIABLES = ("object", "oldObject", "request", "params", "namespaceObject", "variables")
_CODE = re.compile(r"^[A-Z_]+: | \[[A-Z_]+\]$")
_NO_KEY = re.compile(r'Key not found in map : "(.*)"')


class CelError(Exception):
    """An expression does not compile, or gives no value."""


def _load() -> Any:
    """The extra's module. Raises FunctionNotFound without it, so that another runtime may have the function."""
    try:
        return importlib.import_module("cel_expr_python.cel")
    except ImportError as error:
        raise FunctionNotFound.of_image("validate-cel", "its engine is missing: pip install porch[cel]") from error


@cache
def _environment() -> Any:
    cel = _load()
    from porch.function.builtin.validate_cel.functions import declarations

    names = {"strings": "ExtStrings", "math": "ExtMath", "optional": "ExtOptional"}
    names |= {"encoders": "ExtEncoders", "bindings": "ExtBindings"}
    extensions = [
        getattr(importlib.import_module(f"cel_expr_python.ext.ext_{module}"), name)() for module, name in names.items()
    ]
    variables = dict.fromkeys(_VARIABLES, cel.Type.DYN)
    return cel.NewEnv(variables=variables, extensions=extensions, functions=declarations())


@cache
def compiled(expression: str) -> Any:
    """Raises CelError with the compiler's message, which points at the place."""
    environment = _environment()
    try:
        return environment.compile(expression)
    except RuntimeError as error:
        raise CelError(f"compilation failed: {_CODE.sub('', str(error))}") from None


def activation(values: dict[str, Any]) -> Any:
    """What expressions see; made once for many of them."""
    return _environment().Activation(dict.fromkeys(_VARIABLES) | values)


def evaluate(expression: str, seen: Any) -> Any:
    """The value as Python has it. Raises CelError."""
    value = compiled(expression).eval(seen)
    if value.type() == _load().Type.ERROR:
        raise CelError(_NO_KEY.sub(r"no such key: \1", _CODE.sub("", str(value))))
    return value.plain_value()
