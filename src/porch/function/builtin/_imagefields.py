"""kustomize's image filter: a new image at paths like spec/parts[]/image of the kinds that they are for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from porch.function.builtin._fieldspec import FieldSpec, FieldSpecError, Gvk
from porch.function.builtin._framework import wrong_kind
from porch.function.builtin._image import Image
from porch.function.builtin._sdk import FieldError
from porch.function.builtin._selectors import Id
from porch.kyaml import Node, mapping


def update_image_fields(node: Node, fields: Iterable[Mapping[str, Any]], image: Image) -> int:
    """How many images were set; one that was right already counts. Raises FieldError for a path that does not fit."""
    about = Id.of(node)
    if about.kind == "CustomResourceDefinition":
        return 0
    pattern = image.pattern()
    count = 0

    def set_image(found: Node, _: list[str]) -> None:
        nonlocal count
        if found.kind != "scalar":
            raise FieldSpecError(wrong_kind(found, "scalar"))
        if pattern.search(found.value):
            found.tag, found.value = "", image.applied(found.value)
            count += 1

    for field in fields:
        spec = FieldSpec.from_json({**field, "path": field.get("path", "").removeprefix("/"), "create": False})
        if spec.gvk.selects(Gvk(about.group, about.version, about.kind)):
            try:
                spec.apply(node, set_image, mapping)
            except FieldSpecError as error:
                raise FieldError(f"considering field '{field.get('path', '')}' of object {about}: {error}") from None
    return count
