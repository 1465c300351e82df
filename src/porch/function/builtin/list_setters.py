"""list-setters: tells which setters a package has, from the apply-setters calls of its Kptfile and from its comments.

It changes nothing. Each setter is told with its value, its type and the number of fields that it sets.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from porch.errors import PorchError
from porch.function.builtin._framework import data_of, path_of, string_map, value_of
from porch.function.builtin._setters import bare, derive, pattern_of
from porch.function.builtin._walk import walk
from porch.function.interface import ResourceList
from porch.function.results import WARNING, Result
from porch.kyaml import Node, emit, get, parse

NAME = "list-setters"
SORTS = False
_TEXT = "str"


def run(resources: ResourceList) -> None:
    found = _Found()
    for name, value in _from_kptfile(resources.items).items():
        found.declare(name, value)
    for item in resources.items:
        walk(item, found.visit_list, found.visit_scalar)
    resources.results += found.results() or [Result("no setters found", WARNING)]


@dataclass(slots=True)
class _Setter:
    name: str
    value: str
    type: str
    count: int = 0


class _Found:
    """A name may be a list's and a scalar's."""

    def __init__(self) -> None:
        self.lists: dict[str, _Setter] = {}
        self.scalars: dict[str, _Setter] = {}

    def declare(self, name: str, value: str) -> None:
        items = _items_in(value)
        if items is not None:
            self.lists[name] = _Setter(name, f"[{', '.join(items)}]", "array")
        else:
            self.scalars[name] = _Setter(name, value, _TEXT)

    def visit_list(self, key: Node, value: Node, path: str) -> None:  # noqa: ARG002 - a visitor of walk()
        pattern = pattern_of(value.line if value.style == "flow" else key.line)
        if not pattern:
            return
        name = bare(pattern)
        if name not in self.lists:
            texts = sorted(item.value for item in value.content)
            self.lists[name] = _Setter(name, f"[{', '.join(texts)}]", "array")
        self.lists[name].count += 1

    def visit_scalar(self, node: Node, path: str, step: str | int) -> None:  # noqa: ARG002 - a visitor of walk()
        pattern = pattern_of(node.line) if node.line else ""
        if not pattern:
            return
        kind = node.tag.removeprefix("!!")
        for name, value in derive(pattern, node.value).items():
            setter = self.scalars.setdefault(name, _Setter(name, value, kind))
            if setter.type == _TEXT:
                setter.type = kind  # the field's own type says more than a text that it was cut out of
            setter.count += 1

    def results(self) -> list[Result]:
        both = sorted([*self.lists.values(), *self.scalars.values()], key=lambda setter: setter.name)
        return [Result(f"Name: {s.name}, Value: {s.value}, Type: {s.type}, Count: {s.count}") for s in both]


def _from_kptfile(items: list[Node]) -> dict[str, str]:
    """The values that the root package's Kptfile gives to its setters. One call without values, or with a file that is
    not there, and none of them counts.
    """
    setters: dict[str, str] = {}
    for mutator in _mutators(items):
        if "apply-setters" not in value_of(get(mutator, "image")):
            continue
        values, path = get(mutator, "configMap"), value_of(get(mutator, "configPath"))
        if values is not None and values.kind == "mapping":
            setters |= string_map(values)
            continue
        config = next((item for item in items if path and path_of(item) == path), None)
        if config is None:
            return {}
        setters |= data_of(config)
    return setters


def _mutators(items: list[Node]) -> Iterator[Node]:
    kptfile = next((item for item in items if path_of(item) == "Kptfile"), None)
    pipeline = get(kptfile, "pipeline") if kptfile is not None else None
    mutators = get(pipeline, "mutators") if pipeline is not None else None
    yield from mutators.content if mutators is not None else ()


def _items_in(value: str) -> list[str] | None:
    """The items of a list that a setter's value spells; none when it is null, None when it is anything else."""
    try:
        documents = parse(value)
    except PorchError:
        return None
    if not documents:
        return None
    root = documents[0]
    if root.kind == "scalar" and root.tag == "!!null":
        return []
    if root.kind != "sequence":
        return None
    return [emit(item).replace("\n", "") for item in root.content]
