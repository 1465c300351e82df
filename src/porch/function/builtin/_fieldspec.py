"""Field specs of kustomize: which objects they are for, and the way to their field, like `spec/template/metadata`.

On the way a list stands for all its items. What is missing is made only when the spec says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from porch.function.builtin._framework import is_null
from porch.kyaml import Node, get, mapping, put

SetValue = Callable[[Node, list[str]], None]
"""Called with the field's node and with the names on the way to it."""


class FieldSpecError(Exception):
    """The way leads through something that has no fields."""


class Gvk(NamedTuple):
    """Group, version and kind, or a selector of them: an empty part selects anything."""

    group: str = ""
    version: str = ""
    kind: str = ""

    def selects(self, other: Gvk) -> bool:
        return all(not wanted or wanted == part for wanted, part in zip(self, other, strict=True))


class FieldSpec(NamedTuple):
    gvk: Gvk
    path: str
    create: bool = False

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> FieldSpec:
        gvk = Gvk(value.get("group", ""), value.get("version", ""), value.get("kind", ""))
        return cls(gvk, value.get("path", ""), value.get("create", False))

    def apply(self, node: Node, set_value: SetValue, make_leaf: Callable[[], Node]) -> None:
        """Call `set_value` for each field that the path leads to. Raises FieldSpecError."""
        _Way(set_value, make_leaf if self.create else None).follow(node, steps_of(self.path), [])


@lru_cache(maxsize=512)
def steps_of(path: str) -> tuple[str, ...]:
    """The names of a path. A slash that belongs to a name has a backslash before it."""
    steps: list[str] = []
    for part in path.split("/"):
        if steps and steps[-1].endswith("\\"):
            steps[-1] = f"{steps[-1][:-1]}/{part}"
        else:
            steps.append(part)
    return tuple(steps)


class _Way(NamedTuple):
    set_value: SetValue
    make_leaf: Callable[[], Node] | None
    """Makes a field that is missing; None when it stays so."""

    def follow(self, node: Node, steps: tuple[str, ...], names: list[str]) -> None:
        while node.kind == "alias" and node.target is not None:
            node = node.target
        if not steps:
            self.set_value(node, names)
        elif is_null(node):
            return
        elif node.kind == "sequence":
            for item in node.content:
                self.follow(item, steps, names)
        elif node.kind == "mapping":
            self.step(node, steps, names)
        else:
            raise FieldSpecError("expected sequence or mapping node")

    def step(self, node: Node, steps: tuple[str, ...], names: list[str]) -> None:
        name = steps[0].removesuffix("[]")
        if not name:
            raise FieldSpecError("cannot set or create an empty field name")
        field = get(node, name)
        if self.make_leaf is not None and name == steps[0]:
            made = self.make_leaf() if len(steps) == 1 else mapping()
            if field is None:
                field = made
                put(node, name, field)
            elif is_null(field):
                field.kind, field.tag, field.style, field.content = made.kind, made.tag, made.style, made.content
        if field is not None:
            self.follow(field, steps[1:], [*names, name])
