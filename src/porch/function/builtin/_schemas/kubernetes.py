"""The schemas of Kubernetes' own kinds, which we ship, and those of the CustomResourceDefinitions in a package.

The data is made by scripts/make-kubernetes-schemas from Kubernetes' OpenAPI document (Apache License 2.0, the
Kubernetes authors).
"""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from porch.function.builtin._schemas.validate import Schema

VERSION = "1.37"
"""The release of Kubernetes that the data is from."""

_METADATA = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"


@cache
def _shipped() -> Mapping[str, Any]:
    data = lzma.decompress((Path(__file__).parent / "kubernetes.json.xz").read_bytes())
    return json.loads(data)  # type: ignore[no-any-return]


def definitions() -> Mapping[str, Schema]:
    """Schemas by name, for references."""
    return _shipped()["definitions"]  # type: ignore[no-any-return]


def shipped_schema(version: str, kind: str) -> Schema | None:
    """The schema of a kind; None when Kubernetes has none of this version."""
    name = _shipped()["kinds"].get(f"{version}/{kind}")
    return definitions()[name] if name else None


def custom_schemas(resources: Iterable[Any]) -> dict[tuple[str, str], Schema]:
    """The schemas that CustomResourceDefinitions among the resources bring, by apiVersion and kind."""
    found: dict[tuple[str, str], Schema] = {}
    for resource in resources:
        if not isinstance(resource, dict) or resource.get("kind") != "CustomResourceDefinition":
            continue
        spec = _dict(resource.get("spec"))
        kind = _dict(spec.get("names")).get("kind")
        for version in spec.get("versions") or ():
            schema = _dict(_dict(version).get("schema")).get("openAPIV3Schema")
            if isinstance(schema, dict) and isinstance(kind, str):
                found[f"{spec.get('group')}/{version.get('name')}", kind] = _as_resource(schema)
    return found


def _as_resource(schema: dict[str, Any]) -> Schema:
    """With the fields that every resource has, whether the definition names them or not."""
    if "properties" not in schema:
        return schema
    fields = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"$ref": _METADATA}}
    return {**schema, "properties": {**schema["properties"], **fields}}


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
