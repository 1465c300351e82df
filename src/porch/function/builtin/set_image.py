"""set-image: gives the containers of pods and workloads another image, tag or digest.

The functionConfig is a ConfigMap with `name`, and `newName`, `newTag` or `digest`; or a SetImage with the same in
`image`, and with `additionalImageFields`. See docs/functions-catalog.md.
"""

from __future__ import annotations

import re
from typing import Any

from porch.function.builtin._config import (
    ConfigError,
    List,
    Struct,
    config_result,
    decode,
    is_empty,
    report,
    string_map,
)
from porch.function.builtin._image import Image
from porch.function.builtin._imagefields import update_image_fields
from porch.function.builtin._json import through_json
from porch.function.builtin._sdk import FieldError, Item, entry, failure, items_of, set_text, text
from porch.function.interface import ResourceList
from porch.function.results import ERROR, INFO
from porch.kyaml import Node

NAME = "set-image"
SORTS = True

_KEYS = ("name", "newName", "newTag", "digest")
_FIELD = Struct(
    "types.FieldSpec", {"group": "string", "version": "string", "kind": "string", "path": "string", "create": "bool"}
)
_CONFIG = Struct(
    "transformer.SetImage",
    {
        "image": Struct("transformer.Image", dict.fromkeys(_KEYS, "string")),
        "additionalImageFields": List(_FIELD),
    },
)
_IN_POD = ("spec",)
_IN_TEMPLATE = ("spec", "template", "spec")
_PODS = {"Pod": _IN_POD} | dict.fromkeys(
    ("Deployment", "StatefulSet", "ReplicaSet", "DaemonSet", "PodTemplate"), _IN_TEMPLATE
)


def run(resources: ResourceList) -> None:
    try:
        image, fields = _configured(resources)
        pattern = image.pattern(literal=not resources.compatible)
    except ConfigError as error:
        report(resources, str(error), ERROR)
        report(resources, f"function is terminated: {error}", ERROR)
        raise failure(f"function is terminated: {error}") from None
    changed = 0
    for node in resources.items:
        if path := _PODS.get(Item(node).whole_kind):
            changed += _update_pod(node, path, image, pattern, compatible=resources.compatible)
    if fields is not None:
        changed += _update_fields(resources, fields, image)
    report(resources, f"summary: updated a total of {changed} image(s)", INFO)


def _configured(resources: ResourceList) -> tuple[Image, list[dict[str, Any]] | None]:
    """The image, and the additional fields when there is a list of them."""
    config = resources.config
    values: dict[str, str] = {}
    fields = None
    if config is None or is_empty(config):
        report(resources, "`FunctionConfig` is not given", INFO)
    elif Item(config).is_a("", "v1", "ConfigMap"):
        data = entry(config, "data")
        values = string_map(data) if data is not None and data.kind == "mapping" else {}
        if wrong := sorted(values.keys() - set(_KEYS)):
            raise ConfigError(f"ConfigMap has wrong field name {wrong[0]}")
    elif Item(config).is_a("fn.kpt.dev", "v1alpha1", "SetImage"):
        try:
            decoded = decode(config, _CONFIG)
        except ConfigError as error:
            raise ConfigError(f"unable to convert object to *{_CONFIG.go} with error: {error}") from None
        values, fields = decoded.get("image", {}), decoded.get("additionalImageFields")
    else:
        raise ConfigError(f"unknown FunctionConfig `{Item(config).whole_kind}`, expect SetImage")
    image = Image(*(values.get(key, "") for key in _KEYS))
    if not image.name:
        raise ConfigError("must specify `name`")
    if not (image.new_name or image.new_tag or image.digest):
        raise ConfigError("must specify one of `newName`, `newTag`, or `digest`")
    return image, fields


def _update_pod(node: Node, path: tuple[str, ...], image: Image, pattern: re.Pattern[str], *, compatible: bool) -> int:
    """Update the containers of a pod or template. The Go version looks for init containers under a misspelt name."""
    spec = node
    for key in path:
        if (found := entry(spec, key)) is None:
            return 0
        spec = found
    changed = 0
    for key in ("iniContainers" if compatible else "initContainers", "containers"):
        for container in items_of(spec, key):
            old = text(container, "image")
            if pattern.match(old):
                new = image.glued(old) if compatible else image.applied(old)
                if new != old:
                    set_text(container, new, "image", keep_style=not compatible)
                    changed += 1
    return changed


def _update_fields(resources: ResourceList, fields: list[dict[str, Any]], image: Image) -> int:
    """What kustomize does. The Go version runs it on JSON: all objects lose comments, styles and the order of keys."""
    changed = 0
    for at, node in enumerate(resources.items):
        try:
            if resources.compatible:
                resources.items[at] = through_json(node)
            changed += update_image_fields(resources.items[at], fields, image)
        except FieldError as error:
            resources.results.append(config_result(str(error), node))
    return changed
