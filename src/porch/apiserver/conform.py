"""Plain JSON values against the types: what is unknown, what has the wrong type, what a null stands for.

The Structs of `porch.types` are compiled once into a tree of nodes. Reading a value through it gives the value as Go's
decoder would see it (null is absent, an absent list item is a zero value), collects the path of every field that the
type does not have, and raises Mismatch at the first value of a wrong type. Strategic merge patches find merge keys
in the same tree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Protocol

import msgspec
from msgspec import inspect

_MAX_INT64 = 2**63
_WORDS: Mapping[Any, str] = {str: "string", list: "array", dict: "object", type(None): "null"}


class Mismatch(Exception):
    """A value of the wrong type. The path is put together while the error travels up."""

    def __init__(self, value: Any, wanted: str) -> None:
        super().__init__(wanted)
        self.wanted = wanted
        self.found = _word(value)
        self.path = ""

    def below(self, step: str) -> Mismatch:
        self.path = _joined(step, self.path)
        return self

    def text(self, kind: str) -> str:
        """Worded as Go's decoder does."""
        place = f"struct field {kind}.{self.path}" if self.path else "value"
        return f"json: cannot unmarshal {self.found} into Go {place} of type {self.wanted}"


def _joined(step: str, rest: str) -> str:
    return f"{step}{rest}" if not rest or rest.startswith("[") else f"{step}.{rest}"


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return f"number {value!r:.40}"
    return _WORDS[type(value)]


class Node(Protocol):
    """One type. `wanted` is how Go would call it."""

    @property
    def wanted(self) -> str: ...

    def zero(self) -> Any: ...

    def read(self, value: Any, unknown: list[str]) -> Any:
        """`value` is not None. Raises Mismatch."""
        ...


@dataclass(frozen=True, slots=True)
class Scalar:
    accepts: tuple[type, ...]
    wanted: str
    empty: Any

    def zero(self) -> Any:
        return self.empty

    def read(self, value: Any, unknown: list[str]) -> Any:  # noqa: ARG002 - the signature of all nodes
        if type(value) not in self.accepts:
            raise Mismatch(value, self.wanted)
        if type(value) is int and not -_MAX_INT64 <= value < _MAX_INT64:
            raise Mismatch(value, self.wanted)
        return value


@dataclass(frozen=True, slots=True)
class Anything:
    wanted: str = "interface {}"

    def zero(self) -> Any:
        return None

    def read(self, value: Any, unknown: list[str]) -> Any:  # noqa: ARG002 - the signature of all nodes
        return value


@dataclass(frozen=True, slots=True)
class Array:
    """`merge_key` is set for lists of objects that a strategic merge patch joins, `merge_set` for lists of scalars."""

    item: Node
    merge_key: str = ""
    merge_set: bool = False

    @property
    def wanted(self) -> str:
        return f"[]{self.item.wanted}"

    def zero(self) -> Any:
        return []

    def read(self, value: Any, unknown: list[str]) -> Any:
        if type(value) is not list:
            raise Mismatch(value, self.wanted)
        return [_child(self.item, item, f"[{place}]", unknown) for place, item in enumerate(value)]


@dataclass(frozen=True, slots=True)
class Dictionary:
    item: Node

    @property
    def wanted(self) -> str:
        return f"map[string]{self.item.wanted}"

    def zero(self) -> Any:
        return {}

    def read(self, value: Any, unknown: list[str]) -> Any:
        if type(value) is not dict:
            raise Mismatch(value, self.wanted)
        return {key: _child(self.item, item, key, unknown) for key, item in value.items()}


@dataclass(frozen=True, slots=True)
class Record:
    wanted: str
    fields: Mapping[str, Node] = field(compare=False)

    def zero(self) -> Any:
        return {}

    def read(self, value: Any, unknown: list[str]) -> Any:
        if type(value) is not dict:
            raise Mismatch(value, self.wanted)
        known = {}
        for name, item in value.items():
            node = self.fields.get(name)
            if node is None:
                unknown.append(name)
            elif item is not None:
                known[name] = _child(node, item, name, unknown)
        return known


def _child(node: Node, value: Any, step: str, unknown: list[str]) -> Any:
    if value is None:
        return node.zero()
    before = len(unknown)
    try:
        read = node.read(value, unknown)
    except Mismatch as mismatch:
        raise mismatch.below(step) from None
    if len(unknown) > before:
        unknown[before:] = [_joined(step, path) for path in unknown[before:]]
    return read


_SCALARS: Mapping[type[inspect.Type], Node] = {
    inspect.StrType: Scalar((str,), "string", ""),
    inspect.BoolType: Scalar((bool,), "bool", empty=False),
    inspect.IntType: Scalar((int,), "int", 0),
    inspect.FloatType: Scalar((int, float), "float64", 0),
}


@cache
def node_of(struct: type[msgspec.Struct], version: str) -> Record:
    """The tree of a type; `version` is what Go would call the package of its parts."""
    node = _node(inspect.type_info(struct), version)
    assert isinstance(node, Record)
    return node


def _node(info: inspect.Type, version: str) -> Node:
    match info:
        case inspect.Metadata(type=inner, extra_json_schema=schema):
            return _annotated(_node(inner, version), schema or {})
        case inspect.StructType(cls=struct, fields=fields):
            nodes = {item.encode_name: _node(item.type, version) for item in fields}
            return Record(f"{version}.{struct.__name__}", nodes)
        case inspect.ListType(item_type=item):
            return Array(_node(item, version))
        case inspect.DictType(value_type=item):
            return Dictionary(_node(item, version))
        case inspect.UnionType(types=types):
            return next(_node(item, version) for item in types if not isinstance(item, inspect.NoneType))
    return _SCALARS.get(type(info), Anything())


def _annotated(node: Node, schema: Mapping[str, Any]) -> Node:
    if not isinstance(node, Array) or schema.get("x-kubernetes-patch-strategy") != "merge":
        return node
    key = schema.get("x-kubernetes-patch-merge-key", "")
    return replace(node, merge_key=key, merge_set=not key)
