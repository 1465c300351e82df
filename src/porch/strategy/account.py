"""ServiceAccounts: a name, and fields that matter to those who run pods."""

from __future__ import annotations

from typing import Any, ClassVar

from porch.strategy.interface import Column, Strategy
from porch.types.accounts import ServiceAccount


class ServiceAccountStrategy(Strategy):
    columns: ClassVar[tuple[Column, ...]] = (
        Column("Name", format="name"),
        Column("Secrets", "integer"),
        Column("Age", "date"),
    )

    def cells(self, obj: ServiceAccount, age: str) -> list[Any]:
        return [obj.metadata.name, len(obj.secrets), age]
