"""The fields of a kpt.dev/v1 Kptfile, in the order in which they are written, and the strict check against them.

Unknown fields are errors in the words of Go's decoder, with their line: upstream refuses such a file wherever it
reads one, so a package that holds it could not be handed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from porch.krm.errors import YamlError
from porch.krm.yaml import Mapping, Node, Scalar, Sequence, is_merge, key_of, merge_sources, target_of


@dataclass(frozen=True, slots=True)
class Struct:
    """A mapping with these fields; `name` is the Go type that errors cite."""

    name: str
    fields: dict[str, Shape]


@dataclass(frozen=True, slots=True)
class ListOf:
    item: Shape


@dataclass(frozen=True, slots=True)
class Text:
    """Any scalar; Go takes numbers and booleans into strings by their text."""


@dataclass(frozen=True, slots=True)
class Number:
    pass


@dataclass(frozen=True, slots=True)
class TextMap:
    pass


Shape: TypeAlias = Struct | ListOf | Text | Number | TextMap
_TEXT, _TEXTS, _MAP, _NUMBER = Text(), ListOf(Text()), TextMap(), Number()


def _texts(*names: str) -> dict[str, Shape]:
    return dict.fromkeys(names, _TEXT)


_SELECTOR = Struct(
    "v1.Selector", {**_texts("apiVersion", "kind", "name", "namespace"), "labels": _MAP, "annotations": _MAP}
)
_FUNCTION = Struct(
    "v1.Function",
    {
        **_texts("image", "exec", "configPath"),
        "configMap": _MAP,
        **_texts("name", "tag"),
        "selectors": ListOf(_SELECTOR),
        "exclude": ListOf(_SELECTOR),
    },
)
_RESULT = Struct(
    "v1.ResultItem",
    {
        **_texts("message", "severity"),
        "resourceRef": Struct("v1.ResourceRef", _texts("apiVersion", "kind", "name", "namespace")),
        "field": Struct("v1.FieldRef", _texts("path", "currentValue", "proposedValue")),
        "file": Struct("v1.FileRef", {"path": _TEXT, "index": _NUMBER}),
    },
)
_STEP = Struct(
    "v1.PipelineStepResult",
    {
        **_texts("name", "image", "exec", "executionError", "stderr"),
        "exitCode": _NUMBER,
        "results": ListOf(_RESULT),
        "errorResults": ListOf(_RESULT),
    },
)
_GIT = _texts("repo", "directory", "ref")
_GENERIC = _texts("storeID", "resourceID", "resourceVersion")
KPTFILE = Struct(
    "v1.KptFile",
    {
        **_texts("apiVersion", "kind"),
        "metadata": Struct("yaml.ObjectMeta", {**_texts("name", "namespace"), "labels": _MAP, "annotations": _MAP}),
        "upstream": Struct(
            "v1.Upstream",
            {
                "type": _TEXT,
                "git": Struct("v1.Git", _GIT),
                "generic": Struct("v1.Generic", _GENERIC),
                "updateStrategy": _TEXT,
            },
        ),
        "upstreamLock": Struct(
            "v1.Locator",
            {
                "type": _TEXT,
                "git": Struct("v1.GitLock", {**_GIT, "commit": _TEXT}),
                "generic": Struct("v1.GenericLock", _GENERIC),
            },
        ),
        "info": Struct(
            "v1.PackageInfo",
            {
                "site": _TEXT,
                "emails": _TEXTS,
                **_texts("license", "licenseFile", "description"),
                "keywords": _TEXTS,
                "man": _TEXT,
                "readinessGates": ListOf(Struct("v1.ReadinessGate", _texts("conditionType"))),
            },
        ),
        "pipeline": Struct("v1.Pipeline", {"mutators": ListOf(_FUNCTION), "validators": ListOf(_FUNCTION)}),
        "inventory": Struct(
            "v1.Inventory", {**_texts("namespace", "name", "inventoryID"), "labels": _MAP, "annotations": _MAP}
        ),
        "status": Struct(
            "v1.Status",
            {
                "conditions": ListOf(Struct("v1.Condition", _texts("type", "status", "reason", "message"))),
                "renderStatus": Struct(
                    "v1.RenderStatus",
                    {"mutationSteps": ListOf(_STEP), "validationSteps": ListOf(_STEP), "errorSummary": _TEXT},
                ),
            },
        ),
    },
)


CONDITION_ORDER = ("type", "status", "reason", "message")


def order(*path: str) -> tuple[str, ...]:
    """The field order of the mapping at `path`; empty where keys are free."""
    shape: Shape | None = KPTFILE
    for part in path:
        shape = shape.fields.get(part) if isinstance(shape, Struct) else None
    return tuple(shape.fields) if isinstance(shape, Struct) else ()


def check(node: Node, shape: Shape = KPTFILE) -> Iterator[YamlError]:
    """Everything in `node` that does not fit, in the order of the text."""
    node = target_of(node)
    if isinstance(node, Scalar) and not node.style and node.text in {"", "~", "null", "Null", "NULL"}:
        return
    match shape, node:
        case Struct(), Mapping():
            yield from _check_struct(node, shape)
        case ListOf(), Sequence():
            for item in node.items:
                yield from check(item, shape.item)
        case TextMap(), Mapping():
            for _, value in node.pairs:
                yield from check(value, _TEXT)
        case Text(), Scalar():
            pass
        case Number(), Scalar() if node.text.removeprefix("-").isdecimal() and not node.style:
            pass
        case _:
            yield YamlError(f"cannot unmarshal {_kind(node)} into {_wanted(shape)}", node.line)


def _check_struct(node: Mapping, shape: Struct) -> Iterator[YamlError]:
    for key, value in node.pairs:
        name = key_of(key)
        if is_merge(key):
            for source in merge_sources(value):
                yield from check(source, shape)
        elif name in shape.fields:
            yield from check(value, shape.fields[name])
        else:
            yield YamlError(f"field {name} not found in type {shape.name}", key.line)


def _kind(node: Node) -> str:
    match node:
        case Mapping():
            return "!!map"
        case Sequence():
            return "!!seq"
        case Scalar():
            return f"`{node.text[:40]}`"
    return "alias"


def _wanted(shape: Shape) -> str:
    match shape:
        case Struct():
            return shape.name
        case ListOf():
            return "a list"
        case TextMap():
            return "map[string]string"
        case Text():
            return "string"
    return "int"
