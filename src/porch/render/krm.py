"""What every document of a resource file, and everything a function gives back, must be: a KRM object."""

from __future__ import annotations

from porch.kyaml import Node, text_of

_KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
REMEDY = "list the file in .krmignore if it is no Kubernetes object"
_NAMES = {"mapping": "MappingNode", "sequence": "SequenceNode", "scalar": "ScalarNode", "alias": "AliasNode"}


def krm_problem(resource: Node, path: str = "") -> str:
    """Why this is no KRM object, in upstream's words; empty when it is one. `path` is its file's."""
    if resource.kind != "mapping":
        return f"wrong node kind: expected MappingNode but got {_NAMES[resource.kind]}"
    version, kind = text_of(resource, "apiVersion"), text_of(resource, "kind")
    if is_kustomization(path, version, kind):
        return ""
    name = text_of(resource, "metadata", "name")
    for field, value in (("apiVersion", version), ("kind", kind), ("metadata.name", name)):
        if not value:
            return f"resource must have `{field}`"
    return ""


def wrong_kind(expected: str, node: Node) -> str:
    return f"wrong node kind: expected {_NAMES[expected]} but got {_NAMES[node.kind]}"


def is_kustomization(path: str, version: str, kind: str) -> bool:
    return (
        path.rpartition("/")[2] in _KUSTOMIZATIONS
        or version.startswith("kustomize.config.k8s.io")
        or (kind == "Kustomization" and not version)
    )
