"""set-annotations: puts annotations on all resources, on the pods that workloads make, and on fields that are named.

Resources for tools only, the Kptfile among them, get them too.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from porch.function.builtin._config import ConfigError, List, Map, Struct, decode
from porch.function.builtin._fieldspec import FieldSpec, FieldSpecError, Gvk
from porch.function.builtin._framework import (
    annotations_of,
    data_of,
    file_of,
    is_null,
    set_field,
    value_of,
    wrong_kind,
)
from porch.function.builtin._go import json_map, quote
from porch.function.builtin._resmap import ResMapError, Resource, resmap
from porch.function.builtin._yaml11 import reads_as_something_else
from porch.function.interface import FunctionFailed, ResourceList
from porch.function.results import ERROR, FieldRef, FileRef, Result
from porch.krm.style import Style
from porch.kyaml import Node, emit, get, mapping

NAME = "set-annotations"
SORTS = False
_FN_API = "fn.kpt.dev/v1alpha1"
_FIELD = Struct(
    "types.FieldSpec", {"group": "string", "version": "string", "kind": "string", "path": "string", "create": "bool"}
)
_CONFIG = Struct(
    "main.plugin",
    {"annotations": Map(), "fieldSpecs": List(_FIELD), "additionalAnnotationFields": List(_FIELD)},
)
_POD = "spec/template/metadata/annotations"
_DEFAULTS = (
    FieldSpec(Gvk(), "metadata/annotations", create=True),
    FieldSpec(Gvk("", "v1", "ReplicationController"), _POD, create=True),
    *(
        FieldSpec(Gvk(kind=kind), _POD, create=True)
        for kind in ("Deployment", "ReplicaSet", "DaemonSet", "StatefulSet")
    ),
    FieldSpec(Gvk("batch", "", "Job"), _POD, create=True),
    FieldSpec(Gvk("batch", "", "CronJob"), "spec/jobTemplate/metadata/annotations", create=True),
    FieldSpec(Gvk("batch", "", "CronJob"), f"spec/jobTemplate/{_POD}", create=True),
)


def run(resources: ResourceList) -> None:
    try:
        setter = _Setter(*_configured(resources.config), shared=resources.compatible)
        for resource in resmap(resources.items, unique=resources.compatible):
            setter.annotate(resource)
    except ConfigError as error:
        raise _failed(resources, f"failed to configure function: {error}") from error
    except ResMapError as error:
        resources.items = []
        raise _failed(resources, f"failed to run function: {error}") from error
    except FieldSpecError as error:
        resources.items = []
        raise _failed(resources, f"failed to run function: failed to run transformer: {error}") from error
    resources.results += sorted(setter.results(), key=_order) or [Result("no annotations applied")]


def _failed(resources: ResourceList, message: str) -> FunctionFailed:
    resources.results.append(Result(message, ERROR))
    return FunctionFailed(f"[error]: {message}")


def _configured(config: Node | None) -> tuple[dict[str, str], list[FieldSpec]]:
    version, kind = (value_of(get(config, key)) if config is not None else "" for key in ("apiVersion", "kind"))
    fields: list[FieldSpec] = []
    if config is not None and (version, kind) == ("v1", "ConfigMap"):
        annotations = data_of(config)
    elif config is not None and version == _FN_API and kind in {"SetAnnotations", "SetAnnotationConfig"}:
        given = _decoded(config)
        if "fieldSpecs" in given and "additionalAnnotationFields" in given:
            raise ConfigError("`fieldSpecs` has been deprecated, please rename it to `additionalAnnotationFields`")
        annotations = given.get("annotations", {})
        named = given.get("additionalAnnotationFields", given.get("fieldSpecs", []))
        fields = [FieldSpec.from_json(value) for value in named]
    else:
        raise ConfigError("`functionConfig` must be a `ConfigMap` or `SetAnnotations`")
    if not annotations:
        raise ConfigError("input annotation list cannot be empty")
    return annotations, [*fields, *_DEFAULTS]


def _decoded(config: Node) -> dict[str, Any]:
    try:
        return decode(config, _CONFIG)
    except ConfigError as error:
        message = f"error unmarshaling JSON: while decoding JSON: {error}"
        raise ConfigError(f"failed to unmarshal config {quote(emit(config))}: {message}") from error


class _Setter:
    def __init__(self, annotations: dict[str, str], fields: list[FieldSpec], *, shared: bool) -> None:
        self.annotations = [_Annotation(key, annotations[key], shared=shared) for key in sorted(annotations)]
        self.fields = fields
        self.by_kind: dict[Gvk, list[FieldSpec]] = {}
        self.found: dict[tuple[str, int, str], dict[str, str]] = {}

    def annotate(self, resource: Resource) -> None:
        file = file_of(annotations_of(resource.node))
        gvk = resource.gvk
        if (fields := self.by_kind.get(gvk)) is None:
            fields = self.by_kind[gvk] = [field for field in self.fields if field.gvk.selects(gvk)]
        for annotation in self.annotations:

            def put(node: Node, names: list[str], annotation: _Annotation = annotation) -> None:
                place = (file.path, file.index, ".".join(names))
                self.found.setdefault(place, {})[annotation.key] = annotation.value
                annotation.put(node)

            for field in fields:
                _apply(field, resource, put)
            annotation.finish()

    def results(self) -> Iterator[Result]:
        for (path, index, field), values in self.found.items():
            message = f"set annotations: {json_map(values)}"
            yield Result(message, field=FieldRef(field), file=FileRef(path, index))


def _apply(field: FieldSpec, resource: Resource, put: Any) -> None:
    try:
        field.apply(resource.node, put, mapping)
    except FieldSpecError as error:
        text = emit(resource.node)
        raise FieldSpecError(f"considering field '{field.path}' of object\n{text}: {error}") from error


class _Annotation:
    """One annotation on its way through the fields of a resource.

    Go sets one and the same node everywhere (`shared`): it takes the style of each value that it replaces, and where it
    is new it shows the last of them.
    """

    def __init__(self, key: str, value: str, *, shared: bool) -> None:
        self.shared = shared
        self.key = key
        self.value = value
        self.first_style: Style = "double" if reads_as_something_else(value) else ""
        self.style: Style = self.first_style
        self.new: list[Node] = []

    def put(self, node: Node) -> None:
        if is_null(node):
            return
        if node.kind != "mapping":
            raise FieldSpecError(wrong_kind(node, "mapping"))
        value = Node("scalar", "!!str", self.value)
        old = get(node, self.key)
        set_field(node, self.key, value)
        if old is None:
            self.new.append(value)
        elif self.shared:
            self.style = value.style

    def finish(self) -> None:
        for node in self.new:
            node.style = self.style
        self.new, self.style = [], self.first_style


def _order(result: Result) -> tuple[str, int, str, str]:
    file, field = result.file or FileRef(), result.field or FieldRef()
    return file.path, file.index, field.path, result.message
