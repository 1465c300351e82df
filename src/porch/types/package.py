"""porch.kpt.dev/v1alpha1 PorchPackage: derived from package revisions, read-only."""

from __future__ import annotations

import msgspec

from porch.types.base import Part
from porch.types.kind import Kind
from porch.types.meta import Object


class PackageSpec(Part):
    package_name: str = ""
    repository: str = ""


class PackageStatus(Part):
    latest_revision: int = 0


class PorchPackage(Object):
    spec: PackageSpec = msgspec.field(default_factory=PackageSpec)
    status: PackageStatus = msgspec.field(default_factory=PackageStatus)


PORCH_PACKAGE = Kind(
    "porch.kpt.dev",
    "v1alpha1",
    "PorchPackage",
    "packages",
    PorchPackage,
    verbs=("create", "delete", "get", "list", "patch", "update", "watch"),
    schema_name="com.github.nephio-project.porch.api.porch.v1alpha1.PorchPackage",
)
