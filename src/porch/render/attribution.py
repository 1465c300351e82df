"""The mark that kpt leaves on Config Connector resources which have gone through functions."""

from __future__ import annotations

from porch.kyaml import Node, get, text_of
from porch.render.annotations import annotate_all, annotations_of

_ANNOTATION = "cnrm.cloud.google.com/blueprint"
_GROUP = ".cnrm."
_WORDS = ("pkg", "fn", "live")


def attribute(resource: Node) -> None:
    metadata = get(resource, "metadata")
    if _GROUP in text_of(resource, "apiVersion") and metadata is not None and metadata.content:
        old = annotations_of(resource).get(_ANNOTATION, "")
        if (new := _marked(old)) != old:
            annotate_all(resource, {_ANNOTATION: new})


def _marked(value: str) -> str:
    if "krm-" not in value:
        return f"{value},krm-fn" if value else "krm-fn"
    return ",".join(_with_fn(part) if "krm" in part else part for part in value.split(","))


def _with_fn(part: str) -> str:
    return "-".join(["krm", *(word for word in _WORDS if word == "fn" or word in part)])
