"""Every document in a package's resource files must be a KRM object: upstream's rule, whatever the pipeline."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import blake2b

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


class _Good:
    """Contents that were looked at last and found right: most files of a package are as they were when it was last
    rendered. Known by their digests, and by whether the name of their file spares them some rules.
    """

    def __init__(self, most: int = 50_000) -> None:
        self._lock, self._most = threading.Lock(), most
        self._digests: OrderedDict[bytes, None] = OrderedDict()

    def __contains__(self, digest: bytes) -> bool:
        return digest in self._digests

    def add(self, digest: bytes) -> None:
        with self._lock:
            self._digests[digest] = None
            if len(self._digests) > self._most:
                self._digests.popitem(last=False)


_good = _Good()


def check_resources(files: Package) -> list[Problem]:
    """At most one problem a file."""
    return [Problem(path, text) for path in resource_paths(files) if (text := _problem(path, files[path]))]


def _problem(path: str, content: bytes) -> str:
    digest = blake2b(content, digest_size=20, person=b"exempt" if _is_named_exempt(path) else b"").digest()
    if digest in _good:
        return ""
    if text := _file_problem(path, content):
        return text
    _good.add(digest)
    return ""


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
        _is_named_exempt(path)
        or version.startswith("kustomize.config.k8s.io")
        or (kind == "Kustomization" and not version)
    )


def _is_named_exempt(path: str) -> bool:
    return path.rpartition("/")[2] in _KUSTOMIZATIONS
