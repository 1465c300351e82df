"""Strings that a reader of YAML 1.1 takes for something else, as kyaml knows them. They get double quotes."""

from __future__ import annotations

from porch.errors import PorchError
from porch.krm.scalars import implied_tag
from porch.kyaml import parse

_OLD_BOOLEANS = frozenset(
    spelling for word in ("y", "n", "yes", "no", "on", "off") for spelling in (word, word.capitalize(), word.upper())
)


def reads_as_something_else(value: str) -> bool:
    """Whether a reader of YAML 1.1 takes the value for no string."""
    if not value or "\n" in value:
        return False
    try:
        documents = parse(value)
    except PorchError:
        return False
    if not documents or documents[0].kind != "scalar":
        return True
    root = documents[0]
    if root.style:
        return False
    return root.value in _OLD_BOOLEANS or implied_tag(root.value) in {"!!null", "!!bool", "!!int", "!!float"}
