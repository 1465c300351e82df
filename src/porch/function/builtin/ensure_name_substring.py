"""ensure-name-substring: puts a text before or behind the names of all resources that do not hold it, and repairs the
references to them.

The Go version of the catalog's last release also takes away the annotations that say which file a resource is from, and
so moves them all, the Kptfile too: no package is left. Here they stay, as in the catalog's own later repair.
"""

from __future__ import annotations

import re
from typing import Any

from porch.function.builtin._config import ConfigError, List, Map, Struct, decode
from porch.function.builtin._fieldspec import FieldSpec, FieldSpecError, Gvk
from porch.function.builtin._framework import annotations_of, set_annotations, set_scalar, value_of, wrong_kind
from porch.function.builtin._namerefs import NameReferenceError, fix_references
from porch.function.builtin._resmap import ResMapError, Resource, resmap
from porch.function.interface import FunctionFailed, ResourceList
from porch.kyaml import Node, emit, find, get

NAME = "ensure-name-substring"
SORTS = False
_FN_API = "fn.kpt.dev/v1alpha1"
_PREPEND, _APPEND = "prepend", "append"
_DEPENDS_ON = "config.kubernetes.io/depends-on"
_FIELD = Struct(
    "types.FieldSpec", {"group": "string", "version": "string", "kind": "string", "path": "string", "create": "bool"}
)
_CONFIG = Struct(
    "main.EnsureNameSubstring",
    {"substring": "string", "editMode": "string", "fieldSpecs": List(_FIELD), "additionalNameFields": List(_FIELD)},
)
_CONFIG_MAP = Struct("v1.ConfigMap", {"data": Map()})
_NAME = FieldSpec(Gvk(), "metadata/name")
_SKIPPED = (
    Gvk(kind="CustomResourceDefinition"),
    Gvk("apiregistration.k8s.io", "", "APIService"),
    Gvk(kind="Namespace"),
    Gvk("kpt.dev", "", "Kptfile"),
)
_PACKAGE_CONTEXT = "kptfile.kpt.dev"
_NAMESPACED = re.compile(r"([-.\w]*)/namespaces/[-.\w]*/([-.\w]*)/([-.\w]*)", re.ASCII)
_OF_CLUSTER = re.compile(r"([-.\w]*)/([-.\w]*)/([-.\w]*)", re.ASCII)


def run(resources: ResourceList) -> None:
    try:
        edit = _Edit(*_configured(resources.config, compatible=resources.compatible), compatible=resources.compatible)
        held = resmap(resources.items, unique=resources.compatible)
        edit.run(held)
        fix_references(held)
    except ConfigError as error:
        raise FunctionFailed(f"failed to load the `functionConfig`: {error}") from error
    except ResMapError as error:
        raise FunctionFailed(f"failed to convert items to resource map: {error}") from error
    except FieldSpecError as error:
        raise FunctionFailed(f"failed to transform name substring: {error}") from error
    except NameReferenceError as error:
        raise FunctionFailed(f"failed to fix name back reference: {error}") from error
    for resource in held:
        if annotations := annotations_of(resource.node):
            set_annotations(resource.node, annotations)
    resources.items = [resource.node for resource in held]


def _configured(config: Node | None, *, compatible: bool) -> tuple[str, str, list[FieldSpec]]:
    """The text, the mode and the fields beside the name."""
    substring, mode = "", _PREPEND
    fields: list[FieldSpec] = []
    if config is not None and config.content:
        version, kind = value_of(get(config, "apiVersion")), value_of(get(config, "kind"))
        if not kind or not value_of(find(config, "metadata", "name")):
            raise ConfigError(f"missing {'metadata.name' if kind else 'kind'} in object")
        if (version, kind) == ("v1", "ConfigMap"):
            substring, mode = _from_config_map(config)
        elif (version, kind) == (_FN_API, "EnsureNameSubstring"):
            substring, mode, fields = _from_own_kind(config)
        else:
            raise ConfigError(
                "function config must be either /v1, Kind=ConfigMap or "
                f"{_FN_API}, Kind=EnsureNameSubstring, but we got: {_printed(version, kind)}"
            )
    if not substring:
        raise ConfigError("substring must not be empty")
    if mode not in {_PREPEND, _APPEND} and not compatible:
        raise _unknown(mode)
    return substring, mode, fields


def _from_config_map(config: Node) -> tuple[str, str]:
    data = _decoded(config, _CONFIG_MAP).get("data", {})
    if len(data) != 1:
        raise ConfigError(f"only 1 entry is allowed in the ConfigMap, but got: {len(data)}")
    [(mode, substring)] = data.items()
    if mode not in {_PREPEND, _APPEND}:
        raise _unknown(mode)
    return substring, mode


def _from_own_kind(config: Node) -> tuple[str, str, list[FieldSpec]]:
    given = _decoded(config, _CONFIG)
    if "additionalNameFields" in given and "fieldSpecs" in given and given.get("substring"):
        raise ConfigError("`fieldSpecs` has been deprecated, please rename it to `additionalNameFields`")
    fields = given.get("additionalNameFields", given.get("fieldSpecs", []))
    mode = given.get("editMode") or _PREPEND
    return given.get("substring", ""), mode, [FieldSpec.from_json(value) for value in fields]


def _unknown(mode: str) -> ConfigError:
    return ConfigError(f"unknown editMode: {mode}, only {_PREPEND} and {_APPEND} are allowed")


def _decoded(config: Node, struct: Struct) -> dict[str, Any]:
    try:
        return decode(config, struct)
    except ConfigError as error:
        raise ConfigError(f"error unmarshaling JSON: while decoding JSON: {error}") from error


def _printed(version: str, kind: str) -> str:
    return f"{version if '/' in version else f'/{version}'}, Kind={kind}"


class _Edit:
    def __init__(self, substring: str, mode: str, fields: list[FieldSpec], *, compatible: bool) -> None:
        self.compatible = compatible
        self.substring = substring
        self.prefix = substring if mode == _PREPEND else ""
        self.suffix = substring if mode == _APPEND else ""
        self.fields = [_NAME, *fields]
        self.known: set[tuple[str, str, str]] = set()

    def run(self, resources: list[Resource]) -> None:
        changing = resources if self.compatible else [resource for resource in resources if self.renames(resource)]
        self.known = {(resource.gvk.group, resource.gvk.kind, resource.name) for resource in changing}
        for resource in resources:
            if not self.skips(resource):
                for field in self.fields:
                    if field.gvk.selects(resource.gvk):
                        self.edit(resource, field)

    def skips(self, resource: Resource) -> bool:
        if not self.compatible and (resource.gvk.kind, resource.name) == ("ConfigMap", _PACKAGE_CONTEXT):
            return True
        return any(skipped.selects(resource.gvk) for skipped in _SKIPPED)

    def renames(self, resource: Resource) -> bool:
        return not self.skips(resource) and self.substring not in resource.name

    def edit(self, resource: Resource, field: FieldSpec) -> None:
        is_name = field.path == _NAME.path
        if self.substring in (resource.name if is_name else _text_at(resource.node, field.path)):
            return
        try:
            field.apply(resource.node, self.set_value, lambda: Node("scalar", "!!str"))
        except FieldSpecError as error:
            text = emit(resource.node)
            raise FieldSpecError(f"considering field '{field.path}' of object\n{text}: {error}") from error
        if is_name:
            resource.old_name = resource.name
            resource.prefix, resource.suffix = self.prefix, self.suffix
            resource.name = value_of(find(resource.node, "metadata", "name"))
        self.follow_dependency(resource)

    def set_value(self, node: Node, names: list[str]) -> None:  # noqa: ARG002 - called by FieldSpec.apply
        if node.kind != "scalar":
            raise FieldSpecError(wrong_kind(node, "scalar"))
        if value := f"{self.prefix}{node.value}{self.suffix}":
            set_scalar(node, value)

    def follow_dependency(self, resource: Resource) -> None:
        """An annotation that names another object of the package is changed with the one that has it."""
        annotations = annotations_of(resource.node)
        reference = annotations.get(_DEPENDS_ON, "")
        found = _NAMESPACED.fullmatch(reference) or _OF_CLUSTER.fullmatch(reference)
        if found is not None and found.groups() in self.known and (self.prefix or self.suffix):
            before, _, name = reference.rpartition("/")
            annotations[_DEPENDS_ON] = f"{before}/{self.prefix}{name}{self.suffix}"
            set_annotations(resource.node, annotations)


def _text_at(node: Node, path: str) -> str:
    found = find(node, *(step for step in map(str.strip, path.split("/")) if step))
    return emit(found) if found is not None else ""
