"""Runs one script: text to tree, tree to code, code with the predeclared names.

Memory and time are bounded by the worker process that this runs in; what could take either in one step is bounded by
the operations themselves. Python's own limit of depth bounds recursion.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from types import CodeType

from porch.function.builtin.starlark.calls import Signature
from porch.function.builtin.starlark.errors import StarlarkError
from porch.function.builtin.starlark.generate import OPERATIONS, generate
from porch.function.builtin.starlark.parse import parse
from porch.function.builtin.starlark.resolve import resolve
from porch.function.builtin.starlark.spell import hint
from porch.function.builtin.starlark.universe import universe
from porch.function.builtin.starlark.values import BUSY, Anything

Loader = Callable[[str], Mapping[str, Anything]]

_DEPTH = 6000
_UNSET = re.compile(r"'([a-z])\d*_(.*)'")


def execute(
    program: str, source: str, predeclared: Mapping[str, Anything], load: Loader, write: Callable[[str], None]
) -> dict[str, Anything]:
    """The script's global variables. Raises StarlarkError with the message of the Go interpreter."""
    names = universe(write) | dict(predeclared)
    BUSY.clear()
    with _deep():
        try:
            return _execute(program, source, names, load)
        except RecursionError:
            raise StarlarkError("Starlark stack overflow") from None
        except NameError as error:
            raise _unset(error) from None


def _execute(program: str, source: str, names: dict[str, Anything], load: Loader) -> dict[str, Anything]:
    code, signatures = _compiled(program, source, frozenset(names))
    space: dict[str, Anything] = {"__builtins__": {}, **OPERATIONS, **signatures, "_load": _loading(load)}
    space |= {f"u_{name}": value for name, value in names.items()}
    exec(code, space)  # noqa: S102 - code that `generate` made; see there what it can be
    return {name[2:]: value for name, value in space.items() if name.startswith("g_")}


@lru_cache(64)
def _compiled(program: str, source: str, names: frozenset[str]) -> tuple[CodeType, dict[str, Signature]]:
    """A pipeline runs the same script again and again."""
    statements = parse(program, source)
    resolve(program, statements, names)
    return generate(program, statements)


def _loading(load: Loader) -> Callable[[str, str], Anything]:
    def loaded(module: str, name: str) -> Anything:
        members = load(module)
        if name not in members:
            raise StarlarkError(f"load: name {name} not found in module {module}{hint(name, members)}")
        return members[name]

    return loaded


@contextmanager
def _deep() -> Iterator[None]:
    """A call of the script takes several of Python's."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _DEPTH))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def _unset(error: NameError) -> StarlarkError:
    """Python's error for a variable without a value, in the words of Starlark."""
    found = _UNSET.search(str(error))
    if not found:
        raise error
    kind = "global" if found[1] == "g" else "local"
    return StarlarkError(f"{kind} variable {found[2]} referenced before assignment")
