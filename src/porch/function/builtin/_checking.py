"""What functions that check resources share: a resource as a value, and where a result points."""

from __future__ import annotations

from typing import Any

from porch.function.results import FileRef, ResourceRef
from porch.kyaml import Node, YamlError, annotation, text_of, to_value

_NOT_FOR_CLUSTERS = frozenset(("kpt.dev", "fn.kpt.dev", "config.kubernetes.io", "config.porch.kpt.dev"))
_NOTES = (
    "internal.config.kubernetes.io/",
    "config.kubernetes.io/path",
    "config.kubernetes.io/index",
    "config.k8s.io/id",
)
_PATHS = ("internal.config.kubernetes.io/path", "config.kubernetes.io/path")
_INDEXES = ("internal.config.kubernetes.io/index", "config.kubernetes.io/index")


def is_for_clusters(item: Node) -> bool:
    """Not so: Kptfiles, and configurations of functions."""
    return text_of(item, "apiVersion").partition("/")[0] not in _NOT_FOR_CLUSTERS


def plain_value(item: Node) -> dict[str, Any] | None:
    """The resource without what the pipeline notes in its annotations; None when it cannot be read as JSON."""
    try:
        value = to_value(item)
    except YamlError:
        return None
    if not isinstance(value, dict):
        return None
    metadata = value.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
    if isinstance(metadata, dict) and isinstance(annotations, dict):
        kept = {key: text for key, text in annotations.items() if not key.startswith(_NOTES)}
        metadata.pop("annotations")
        if kept:
            metadata["annotations"] = kept
    return value


def ref_of(item: Node) -> ResourceRef:
    return ResourceRef(
        text_of(item, "apiVersion"),
        text_of(item, "kind"),
        text_of(item, "metadata", "name"),
        text_of(item, "metadata", "namespace"),
    )


def file_of(item: Node) -> FileRef | None:
    """Where the pipeline read the item."""
    path = next(filter(None, (annotation(item, key) for key in _PATHS)), "")
    index = next(filter(None, (annotation(item, key) for key in _INDEXES)), "0")
    return FileRef(path, int(index) if index.isdecimal() else 0) if path else None
