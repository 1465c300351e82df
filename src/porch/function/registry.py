"""Finds native functions by name: those that come with Porch and those that other distributions bring.

Ours are the modules of `porch.function.builtin`; others are entry points of the group `porch.functions`, whose name is
the function's and whose value is its module. Ours win. Only what is called is imported: a worker must start quickly.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import cast

from porch.errors import ServiceUnavailable
from porch.function.interface import FunctionNotFound, NativeFunction

GROUP = "porch.functions"
_BUILTIN = "porch.function.builtin"
_DIRECTORY = Path(__file__).parent / "builtin"


def native_names() -> tuple[str, ...]:
    """All functions that `find_native` finds, sorted; imports none of them."""
    ours = {_function_name(path) for path in _modules(_DIRECTORY) if path.stem[0] != "_"}
    return tuple(sorted(ours | set(_entry_points())))


def has_native(name: str) -> bool:
    """Whether `find_native` finds it; imports nothing."""
    return _is_ours(name) or name in _entry_points()


@cache
def find_native(name: str) -> NativeFunction:
    """Raises FunctionNotFound, and ServiceUnavailable when another distribution's function cannot be loaded."""
    if _is_ours(name):
        return cast("NativeFunction", importlib.import_module(_ours(name)))
    if not (point := _entry_points().get(name)):
        raise FunctionNotFound.of_image(name)
    try:
        module = point.load()
    except Exception as error:
        raise ServiceUnavailable(f'function "{name}": cannot load {point.value}: {error}') from error
    if not callable(getattr(module, "run", None)) or not isinstance(getattr(module, "NAME", None), str):
        raise ServiceUnavailable(f'function "{name}": {point.value} has no NAME and run(): see docs/functions.md')
    return cast("NativeFunction", module)


@cache
def native_digest(name: str) -> str:
    """A hash of the function's source and of what it shares with others; changes when its results may."""
    module = _ours(name) if _is_ours(name) else _module_of(name)
    digest = hashlib.sha256(_shared_digest().encode())
    for path in _sources(module):
        digest.update(path.read_bytes())
    return f"sha256:{digest.hexdigest()}"


def _ours(name: str) -> str:
    return f"{_BUILTIN}.{name.replace('-', '_')}"


@lru_cache(maxsize=1024)
def _is_ours(name: str) -> bool:
    """Names come from users: only plain ones become module names."""
    # find_spec would take a dot for a package, and an underscore for one of the shared modules.
    plain = name.replace("-", "").isalnum() and name.isascii() and name == name.lower()
    return plain and importlib.util.find_spec(_ours(name)) is not None


def _module_of(name: str) -> str:
    if not (point := _entry_points().get(name)):
        raise FunctionNotFound.of_image(name)
    return point.module


@cache
def _entry_points() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=GROUP)}


@cache
def _shared_digest() -> str:
    digest = hashlib.sha256()
    shared = [path for path in _sources(_BUILTIN) if path.relative_to(_DIRECTORY).parts[0][0] == "_"]
    for path in (*shared, *_sources("porch.kyaml")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _sources(module: str) -> Iterator[Path]:
    """The files of a module, or of a package with all below it, in a fixed order."""
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.origin:
        return
    origin = Path(spec.origin)
    yield from sorted(origin.parent.rglob("*.py")) if origin.name == "__init__.py" else [origin]


def _modules(directory: Path) -> Iterator[Path]:
    """Modules and packages directly in `directory`."""
    for path in directory.iterdir():
        if path.suffix == ".py" or (path / "__init__.py").exists():
            yield path


def _function_name(path: Path) -> str:
    return path.stem.replace("_", "-")
