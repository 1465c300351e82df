"""Schemas: the Struct types of the kinds become OpenAPI schemas, each under a unique dotted name.

Nothing is written twice: names, types, enums, formats, merge keys and descriptions all come from the Structs and their
`described` fields. OpenAPI 2 and 3 differ only in how one schema refers to another, which a Dialect says.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from msgspec import inspect

from porch.apiserver.openapi.meta import DeleteOptions, ListMeta, Status
from porch.types import Kind
from porch.types.meta import Condition, ObjectMeta, OwnerReference
from porch.types.rbac import LabelSelector, LabelSelectorRequirement

META = "io.k8s.apimachinery.pkg.apis.meta.v1."
LIST_META, PATCH = META + "ListMeta", META + "Patch"
STATUS, DELETE_OPTIONS = META + "Status", META + "DeleteOptions"
_SHARED = frozenset((ObjectMeta, OwnerReference, Condition, LabelSelector, LabelSelectorRequirement))
_GVK = "x-kubernetes-group-version-kind"
_KEPT = "x-kubernetes-preserve-unknown-fields"

Schema = dict[str, Any]
_DEFAULT: Schema = {"default": {}}


@dataclass(frozen=True, slots=True)
class Dialect:
    """`root` is where schemas live in the document; `wrapped` references may have siblings such as a description."""

    root: str
    wrapped: bool

    def refer(self, name: str, more: Schema | None = None) -> Schema:
        reference = {"$ref": self.root + name}
        if not more:
            return reference
        if self.wrapped:
            return {"allOf": [reference], **more}
        return {**reference, **{key: value for key, value in more.items() if key != "default"}}


V3 = Dialect("#/components/schemas/", wrapped=True)
V2 = Dialect("#/definitions/", wrapped=False)


def schema_name(kind: Kind) -> str:
    return kind.schema_name or _package(kind) + kind.name


def list_schema_name(kind: Kind) -> str:
    return schema_name(kind) + "List"


def _package(kind: Kind) -> str:
    """The dotted prefix of all types of a group version, as Kubernetes and Go name them."""
    if kind.schema_name:
        return kind.schema_name.removesuffix(kind.name)
    if not kind.group:
        return f"io.k8s.api.core.{kind.version}."
    if kind.group.endswith(".k8s.io"):
        return f"io.k8s.api.{kind.group.split('.')[0]}.{kind.version}."
    return ".".join([*reversed(kind.group.split(".")), kind.version, ""])


def schemas(kinds: Iterable[Kind], dialect: Dialect) -> dict[str, Schema]:
    """All schemas that documents about these kinds need, by name and sorted."""
    collector = _Collector(dialect)
    for kind in kinds:
        collector.add_kind(kind)
    collector.add_meta()
    return dict(sorted(collector.found.items()))


class _Collector:
    def __init__(self, dialect: Dialect) -> None:
        self.found: dict[str, Schema] = {}
        self._dialect = dialect

    def add_kind(self, kind: Kind) -> None:
        name, package = schema_name(kind), _package(kind)
        self._add(name, _struct(kind.type), package)
        self.found[name][_GVK] = [_gvk(kind, kind.name)]
        for _, part in kind.subresource_kinds:
            self.add_kind(part)
        if "list" in kind.verbs:
            self.found[list_schema_name(kind)] = self._list(kind)

    def add_meta(self) -> None:
        for kind in (ListMeta, Status, DeleteOptions):
            self._add(META + kind.__name__, _struct(kind), META)
        for name in ("Status", "DeleteOptions"):
            self.found[META + name][_GVK] = [{"group": "", "kind": name, "version": "v1"}]
        self.found[PATCH] = {"type": "object", "description": "A patch, in the form that its Content-Type names."}

    def _list(self, kind: Kind) -> Schema:
        items = {"type": "array", "items": self._dialect.refer(schema_name(kind), _DEFAULT)}
        own = self.found[schema_name(kind)]["properties"]
        return {
            "description": f"A list of {kind.name} objects.",
            "type": "object",
            "required": ["items"],
            "properties": {
                "apiVersion": own["apiVersion"],
                "items": items,
                "kind": own["kind"],
                "metadata": self._dialect.refer(LIST_META, _DEFAULT),
            },
            _GVK: [_gvk(kind, kind.list_name)],
        }

    def _add(self, name: str, struct: inspect.StructType, package: str) -> None:
        if name in self.found:
            return
        schema: Schema = {"type": "object"}
        if text := _summary(struct.cls):
            schema["description"] = text
        self.found[name] = schema
        properties = {field.encode_name: self._of(field.type, package) for field in struct.fields}
        if properties:
            schema["properties"] = dict(sorted(properties.items()))

    def _of(self, of: inspect.Type, package: str) -> Schema:
        """The schema of one field's type; types that it refers to are added."""
        bare, said, optional = _unwrap(of)
        if not isinstance(bare, inspect.StructType):
            return {**self._plain(bare, package), **said}
        name = (META if bare.cls in _SHARED else package) + bare.cls.__name__
        self._add(name, bare, package)
        return self._dialect.refer(name, said if optional else {**_DEFAULT, **said})

    def _plain(self, of: inspect.Type, package: str) -> Schema:
        match of:
            case inspect.ListType(item):
                return {"type": "array", "items": self._of(item, package)}
            case inspect.DictType(_, inspect.AnyType() | inspect.CustomType()):
                return {"type": "object", _KEPT: True}
            case inspect.DictType(_, value):
                return {"type": "object", "additionalProperties": self._of(value, package)}
            case inspect.BoolType():
                return {"type": "boolean"}
            case inspect.IntType():
                return {"type": "integer", "format": "int64"}
            case _:
                assert isinstance(of, inspect.StrType), f"no schema is known for {of}"
                return {"type": "string"}


def _unwrap(of: inspect.Type) -> tuple[inspect.Type, Schema, bool]:
    """The bare type of a field, what the field itself says, and whether it may be absent."""
    said: Schema = {}
    optional = False
    while isinstance(of, inspect.Metadata | inspect.UnionType):
        if isinstance(of, inspect.Metadata):
            said = {**said, **(of.extra_json_schema or {})}
            of = of.type
        else:
            (of,) = (choice for choice in of.types if not isinstance(choice, inspect.NoneType))
            optional = True
    return of, said, optional


def _struct(of: type) -> inspect.StructType:
    found = inspect.type_info(of)
    assert isinstance(found, inspect.StructType)
    return found


def _gvk(kind: Kind, name: str) -> dict[str, str]:
    return {"group": kind.group, "kind": name, "version": kind.version}


def _summary(cls: type) -> str:
    """The first sentence of the class's own docstring; the rest is for those who read the source."""
    text = " ".join((cls.__dict__.get("__doc__") or "").split())
    head, dot, _ = text.partition(". ")
    return head + "." if dot else text
