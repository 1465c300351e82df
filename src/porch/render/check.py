"""Every document in a package's resource files must be a KRM object: upstream's rule, whatever the pipeline.

This looks at headers only. It is for packages without functions, whose resources nobody needs as nodes.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from hashlib import blake2b

from porch.krm.errors import YamlError
from porch.krm.yaml import Mapping, Node, Scalar, decode_text, each_document, is_empty, target_of
from porch.render.krm import REMEDY, is_kustomization

_HEADER_LEVELS = 2


class _Good:
    """Contents that were looked at last and found right: most files of a package are as they were when it was last
    rendered. Known by their digests, and by the name of the file if that spares it some rules.
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


def file_problem(path: str, content: bytes) -> str:
    """The first thing wrong with the file; empty when nothing is."""
    person = b"exempt" if is_kustomization(path, "", "") else b""
    digest = blake2b(content, digest_size=20, person=person).digest()
    if digest in _good:
        return ""
    text = _looked_at(path, content)
    if not text:
        _good.add(digest)
    return text


def _looked_at(path: str, content: bytes) -> str:
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
    if is_kustomization(path, version, kind):
        return ""
    metadata = root.find("metadata")
    name = _word(metadata, "name")
    for field, value in (("apiVersion", version), ("kind", kind), ("metadata.name", name)):
        if not value:
            why = f"resource must have `{field}` (document at line {root.line}; {REMEDY})"
            return f"input resource list must contain only KRM resources: {path}: {why}"
    return ""


def _word(node: Node | None, key: str) -> str:
    """The scalar under `key` as text; empty when there is none."""
    mapping = target_of(node) if node else None
    value = mapping.find(key) if isinstance(mapping, Mapping) else None
    scalar = target_of(value) if value else None
    return scalar.text if isinstance(scalar, Scalar) and (scalar.style or scalar.text not in {"null", "~"}) else ""
