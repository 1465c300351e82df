"""encoding/yaml.star: loads and dumps."""

from __future__ import annotations

from porch.function.builtin.starlark.arguments import anything, named, text
from porch.function.builtin.starlark.convert import node_of, value_of
from porch.function.builtin.starlark.errors import StarlarkError
from porch.function.builtin.starlark.values import Anything, Arguments, Builtin, Keywords, Module
from porch.kyaml import YamlError, emit, parse

_OLD_BOOLS = {
    spelling: word in {"y", "yes", "on"}
    for word in ("y", "yes", "on", "n", "no", "off")
    for spelling in (word, word.capitalize(), word.upper())
}
"""This module reads YAML 1.1, unlike everything else."""


def _loads(arguments: Arguments, keywords: Keywords) -> Anything:
    """The first document."""
    source = named("loads", arguments, keywords, source=text)["source"]
    try:
        documents = parse(source)
    except YamlError as error:
        raise StarlarkError(f"yaml: {error}") from None
    return value_of(documents[0], _OLD_BOOLS) if documents else None


def _dumps(arguments: Arguments, keywords: Keywords) -> Anything:
    return emit(node_of(named("dumps", arguments, keywords, source=anything)["source"]))


MEMBERS = {"yaml": Module("yaml", {"loads": Builtin("loads", _loads), "dumps": Builtin("dumps", _dumps)})}
