"""Named queries: every statement of an adapter lives in a `.sql` file beside it, under a name and with one line on it.

    -- name: version_get
    -- The current version of one object.
    SELECT ...;

`load` reads such a file into a mapping from name to statement. The adapter looks its statements up when it is
imported, so that a misspelt name fails at the first test and not in the first request.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib import resources
from types import MappingProxyType

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


def text(package: str, file: str) -> str:
    """A file that ships with `package`."""
    return resources.files(package).joinpath(file).read_text(encoding="utf-8")


def load(package: str, file: str) -> Mapping[str, str]:
    return parse(text(package, file))


def parse(source: str) -> Mapping[str, str]:
    """Raises ValueError on a name that is used twice, a query without its line of description, or an empty one."""
    _, *parts = _NAME.split(source)
    queries: dict[str, str] = {}
    for name, block in zip(parts[::2], parts[1::2], strict=True):
        description, _, statement = block.strip().partition("\n")
        if not description.startswith("-- ") or not statement.strip():
            raise ValueError(f"query {name} must be one line of description and a statement")
        if name in queries:
            raise ValueError(f"query {name} is there twice")
        queries[name] = statement.strip().removesuffix(";")
    return MappingProxyType(queries)
