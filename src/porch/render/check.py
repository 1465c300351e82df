"""Every document in a package's resource files must be a KRM object: upstream's rule, whatever the pipeline."""

from __future__ import annotations

from dataclasses import dataclass

from porch.krm.errors import YamlError
from porch.krm.yaml import Mapping, Node, Scalar, decode_text, each_document, is_empty, target_of
from porch.render.interface import Package
from porch.render.layout import resource_paths

_KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_HEADER_LEVELS = 2


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with the file at `path`."""

    path: str
    text: str


def check_resources(files: Package) -> list[Problem]:
    """At most one problem a file."""
    return [Problem(path, text) for path in resource_paths(files) if (text := _file_problem(path, files[path]))]


def _file_problem(path: str, content: bytes) -> str:
    try:
        for root in each_document(decode_text(content), levels=_HEADER_LEVELS):
            if not is_empty(root) and (text := _object_problem(path, root)):
                return text
    except YamlError as error:
        return f"{path}: MalformedYAMLError: yaml: {error.message}"
    return ""


def _object_problem(path: str, root: Node) -> str:
    if not isinstance(root, Mapping):
        kind = "ScalarNode" if isinstance(root, Scalar) else "SequenceNode"
        return f"wrong node kind: expected MappingNode but got {kind} at line {root.line}"
    version, kind = _word(root, "apiVersion"), _word(root, "kind")
    if _is_kustomization(path, version, kind):
        return ""
    metadata = root.find("metadata")
    name = _word(metadata, "name")
    for field, value in (("apiVersion", version), ("kind", kind), ("metadata.name", name)):
        if not value:
            remedy = "list the file in .krmignore if it is no Kubernetes object"
            why = f"resource must have `{field}` (document at line {root.line}; {remedy})"
            return f"input resource list must contain only KRM resources: {path}: {why}"
    return ""


def _word(node: Node | None, key: str) -> str:
    """The scalar under `key` as text; empty when there is none."""
    mapping = target_of(node) if node else None
    value = mapping.find(key) if isinstance(mapping, Mapping) else None
    scalar = target_of(value) if value else None
    return scalar.text if isinstance(scalar, Scalar) and (scalar.style or scalar.text not in {"null", "~"}) else ""


def _is_kustomization(path: str, version: str, kind: str) -> bool:
    return (
        path.rpartition("/")[2] in _KUSTOMIZATIONS
        or version.startswith("kustomize.config.k8s.io")
        or (kind == "Kustomization" and not version)
    )
