"""apply-replacements: copies a value from a field of one object into fields of others, as kustomize's replacements do.

The functionConfig is an ApplyReplacements with `replacements`, applied one after the other: a `source` (or a
`sourceValue`) and `targets`. When one fails, nothing is changed. See docs/functions-catalog.md.
"""

from __future__ import annotations

from typing import Any

from porch.function.builtin._config import ConfigError, List, Struct, decode, is_empty, report
from porch.function.builtin._fieldpath import Journal, Kind, lookup, match, split_path
from porch.function.builtin._framework import is_null
from porch.function.builtin._go import quote
from porch.function.builtin._sdk import FieldError, failure, text
from porch.function.builtin._selectors import Id, has_labels
from porch.function.interface import ResourceList
from porch.function.results import ERROR
from porch.kyaml import Node, copy

NAME = "apply-replacements"
SORTS = True

_KIND, _API_VERSION = "ApplyReplacements", "fn.kpt.dev/v1alpha1"
_NAME_FIELD = "metadata.name"
_OPTIONS = Struct("types.FieldOptions", {"delimiter": "string", "index": "int", "encoding": "string", "create": "bool"})
_ID = {f"ResId.Gvk.{part}": "string" for part in ("group", "version", "kind")} | {
    f"ResId.{part}": "string" for part in ("name", "namespace")
}
_SOURCE = Struct("types.SourceSelector", {**_ID, "fieldPath": "string", "options": _OPTIONS})
_SELECTOR = Struct("types.Selector", {**_ID, "annotationSelector": "string", "labelSelector": "string"})
_TARGET = Struct(
    "types.TargetSelector",
    {
        "select": _SELECTOR,
        "reject": List(_SELECTOR, pointers=True),
        "fieldPaths": List("string"),
        "options": _OPTIONS,
    },
)
_REPLACEMENT = Struct(
    "types.Replacement", {"source": _SOURCE, "targets": List(_TARGET, pointers=True), "sourceValue": "string"}
)
_CONFIG = Struct("replacements.Replacements", {"replacements": List(_REPLACEMENT)})


def run(resources: ResourceList) -> None:
    journal = Journal()
    try:
        for replacement in _configured(resources.config):
            _replace(resources.items, replacement, journal)
    except (ConfigError, FieldError) as error:
        journal.revert()
        report(resources, str(error), ERROR)
        raise failure() from None


def _configured(config: Node | None) -> list[dict[str, Any]]:
    if config is None or is_empty(config):
        raise ConfigError("FunctionConfig is missing. Expect `ApplyReplacements`")
    kind, api_version = text(config, "kind"), text(config, "apiVersion")
    if (kind, api_version) != (_KIND, _API_VERSION):
        raise ConfigError(
            f"received functionConfig of kind {kind} and apiVersion {api_version}, "
            f"only functionConfig of kind {_KIND} and apiVersion {_API_VERSION} is supported"
        )
    try:
        replacements: list[dict[str, Any]] = decode(config, _CONFIG).get("replacements", [])
    except ConfigError as error:
        raise ConfigError(
            f"unable to convert functionConfig to replacements:\nunable to convert object to *{_CONFIG.go} "
            f"with error: {error}"
        ) from None
    return replacements


def _replace(items: list[Node], replacement: dict[str, Any], journal: Journal) -> None:
    if not replacement.keys() & {"source", "sourceValue"} or "targets" not in replacement:
        raise FieldError("replacements must specify a source and at least one target")
    value = _value(items, replacement)
    for target in replacement["targets"]:
        if "select" not in target:
            raise FieldError("target must specify resources to select")
        selected = Id.asked(target["select"])
        for item in items:
            found = Id.of(item)
            if _is_labelled(item, target) and found.is_selected_by(selected) and not _is_rejected(found, target):
                _copy(value, item, target, journal)


def _value(items: list[Node], replacement: dict[str, Any]) -> Node:
    if "sourceValue" in replacement:
        if "source" in replacement:
            raise FieldError("value and resource selectors are mutually exclusive")
        return Node("scalar", "", replacement["sourceValue"])
    source = replacement["source"]
    path = source.get("fieldPath") or _NAME_FIELD
    item = _source_item(items, source)
    try:
        found = lookup(item, split_path(path))
    except FieldError as error:
        raise FieldError(f"error looking up replacement source: {error}") from None
    if found is None or is_null(found) or (found.kind in {"mapping", "sequence"} and not found.content):
        raise FieldError(f"fieldPath `{path}` is missing for replacement source {Id.asked(source)}")
    return _refined(found, source.get("options", {}))


def _source_item(items: list[Node], source: dict[str, Any]) -> Node:
    asked = Id.asked(source)
    found = [item for item in items if Id.of(item).is_selected_by(asked)]
    if len(found) == 1:
        return found[0]
    selector = ":".join(
        filter(None, (str(asked), source.get("fieldPath", ""), _option_text(source.get("options", {}))))
    )
    raise FieldError(f"{'multiple matches for selector' if found else 'nothing selected by'} {selector}")


def _option_text(options: dict[str, Any]) -> str:
    delimiter, create = options.get("delimiter", ""), options.get("create", False)
    if not delimiter and not create:
        return ""
    return f"{delimiter}({options.get('index', 0)}), create={str(create).lower()}"


def _refined(found: Node, options: dict[str, Any]) -> Node:
    """One part of the source's value, when it is asked for."""
    delimiter, index = options.get("delimiter", ""), options.get("index", 0)
    if not delimiter:
        return found
    if found.kind != "scalar":
        raise FieldError("delimiter option can only be used with scalar nodes")
    parts = found.value.split(delimiter)
    if not 0 <= index < len(parts):
        raise FieldError(f"options.index {index} is out of bounds for value {found.value}")
    part = copy(found)
    part.value = parts[index]
    return part


def _is_labelled(item: Node, target: dict[str, Any]) -> bool:
    if not _fits(item, target["select"]):
        return False
    rejects = [reject for reject in target.get("reject", []) if reject.keys() & {"annotationSelector", "labelSelector"}]
    return not any(_fits(item, reject) for reject in rejects)


def _fits(item: Node, selector: dict[str, Any]) -> bool:
    by_annotation = has_labels(item, selector.get("annotationSelector", ""), "annotations")
    by_label = has_labels(item, selector.get("labelSelector", ""), "labels")
    return by_annotation and by_label


def _is_rejected(found: Id, target: dict[str, Any]) -> bool:
    rejects = map(Id.asked, target.get("reject", []))
    return any(reject != Id() and found.is_selected_by(reject) for reject in rejects)


def _copy(value: Node, item: Node, target: dict[str, Any], journal: Journal) -> None:
    options = target.get("options", {})
    create = options.get("create", False)
    made: Kind | None = None
    if create:
        made = "mapping" if value.kind == "mapping" else "sequence" if value.kind == "sequence" else "scalar"
    for path in target.get("fieldPaths") or [_NAME_FIELD]:
        problem = f"unable to find{' or create' if create else ''} field {quote(path)} in replacement target"
        try:
            found = match(item, split_path(path), made, journal)
        except FieldError as error:
            raise FieldError(f"{problem}: {error}") from None
        if not found:
            raise FieldError(problem)
        for field in found:
            _set(field, value, options, journal)


def _set(field: Node, value: Node, options: dict[str, Any], journal: Journal) -> None:
    """Of a scalar only the text changes: its style, type and comments stay."""
    new = value.value if value.kind == "scalar" else ""
    if delimiter := options.get("delimiter", ""):
        if field.kind != "scalar":
            raise FieldError("delimiter option can only be used with scalar nodes")
        parts = field.value.split(delimiter)
        index = options.get("index", 0)
        if index < 0:
            parts.insert(0, new)
        elif index >= len(parts):
            parts.append(new)
        else:
            parts[index] = new
        new = delimiter.join(parts)
    journal.keep(field)
    if field.kind == "scalar":
        field.value = new
    else:
        copied = copy(value)
        for name in Node.__slots__:
            setattr(field, name, getattr(copied, name))
