"""Rules of PorchPackage: read-only, so only columns and selectors."""

from __future__ import annotations

from typing import Any, ClassVar

from porch.strategy.interface import Column, Strategy
from porch.types.package import PorchPackage


class PackageStrategy(Strategy):
    columns: ClassVar[tuple[Column, ...]] = (
        Column("Name"),
        Column("Package"),
        Column("Repository"),
        Column("Latest Revision", "int"),
    )
    selectable: ClassVar[tuple[str, ...]] = ("spec.packageName", "spec.repository")

    def fields(self, obj: PorchPackage) -> dict[str, str]:
        return {"spec.packageName": obj.spec.package_name, "spec.repository": obj.spec.repository}

    def cells(self, obj: PorchPackage, age: str) -> list[Any]:  # noqa: ARG002 - upstream shows no age
        return [obj.metadata.name, obj.spec.package_name, obj.spec.repository, obj.status.latest_revision]
