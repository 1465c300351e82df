"""The core kinds that a standalone server needs: Namespace, Secret, ConfigMap."""

from __future__ import annotations

from typing import Annotated

import msgspec

from porch.types.base import Part, described
from porch.types.kind import Kind
from porch.types.meta import Object


class NamespaceSpec(Part):
    finalizers: list[str] = []


class NamespaceStatus(Part):
    phase: str = ""


class Namespace(Object):
    spec: NamespaceSpec = msgspec.field(default_factory=NamespaceSpec)
    status: NamespaceStatus = msgspec.field(default_factory=NamespaceStatus)


class Secret(Object):
    type: Annotated[str, described("Opaque when empty; fixed once set.")] = ""
    data: Annotated[dict[str, str], described("Values in base64.")] = {}
    string_data: Annotated[dict[str, str], described("Plain values; merged into data, never returned.")] = {}
    immutable: bool | None = None


class ConfigMap(Object):
    data: Annotated[dict[str, str], described("Values in UTF-8.")] = {}
    binary_data: Annotated[dict[str, str], described("Values in base64.")] = {}
    immutable: bool | None = None


NAMESPACE = Kind("", "v1", "Namespace", "namespaces", Namespace, namespaced=False, short_names=("ns",))
SECRET = Kind("", "v1", "Secret", "secrets", Secret)
CONFIG_MAP = Kind("", "v1", "ConfigMap", "configmaps", ConfigMap, short_names=("cm",))
