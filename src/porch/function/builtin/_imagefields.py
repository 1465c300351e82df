"""kustomize's image filter: a new image at paths like spec/parts[]/image of the kinds that they are for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from porch.function.builtin._config import ConfigError
from porch.function.builtin._image import Image
from porch.function.builtin._sdk import FieldError, Item
from porch.kyaml import Node, followed, get


def update_image_fields(node: Node, fields: list[dict[str, Any]], image: Image) -> int:
    """How many images were set; one that was right already counts. Raises FieldError for a path that does not fit."""
    item = Item(node)
    if item.whole_kind == "CustomResourceDefinition":
        return 0
    count = 0
    pattern = image.pattern()
    for field in fields:
        if _is_for(field, item):
            path = field.get("path", "")
            try:
                for found in list(_at(node, _split(path))):
                    if pattern.match(found.value):
                        found.tag, found.value = "", image.applied(found.value)
                        count += 1
            except LookupError as error:
                raise FieldError(f"considering field '{path}' of object {_named(item)}: {error}") from None
    return count


def _is_for(field: dict[str, Any], item: Item) -> bool:
    group, slash, version = item.api_version.partition("/")
    group, version = (group, version) if slash else ("", group)
    return all(
        not field.get(part) or field[part] == value
        for part, value in (("group", group), ("version", version), ("kind", item.whole_kind))
    )


def _split(path: str) -> list[str]:
    """At slashes, except those after a backslash; the first one may be missing."""
    parts: list[str] = []
    for part in path.removeprefix("/").split("/"):
        if parts and parts[-1].endswith("\\"):
            parts[-1] = f"{parts[-1][:-1]}/{part}"
        else:
            parts.append(part)
    return parts


def _at(node: Node, path: list[str]) -> Iterator[Node]:
    """The scalars at the end of the path. Lists are gone through wherever they are, with and without []."""
    if not path:
        if node.kind != "scalar":
            raise LookupError(f"wrong node kind: expected ScalarNode but got {node.kind.title()}Node")
        yield node
    elif node.tag == "!!null":
        return
    elif node.kind == "sequence":
        for item in node.content:
            yield from _at(followed(item), path)
    elif node.kind == "mapping":
        if not (name := path[0].removesuffix("[]")):
            raise LookupError("cannot set or create an empty field name")
        if (found := get(node, name)) is not None:
            yield from _at(found, path[1:])
    else:
        raise LookupError("expected sequence or mapping node")


def _named(item: Item) -> str:
    group, version = item.group or "[noGrp]", item.version or "[noVer]"
    return f"{item.whole_kind}.{version}.{group}/{item.name or '[noName]'}.{item.namespace or '[noNs]'}"
