"""Namespaces: a name and a phase. What is in one decides whether it may go; that is a check of the storage."""

from __future__ import annotations

from typing import Any, ClassVar

from porch.keys import label_problems
from porch.strategy.interface import Column, Strategy
from porch.types.core import Namespace, NamespaceStatus

NAME_LABEL = "kubernetes.io/metadata.name"


class NamespaceStrategy(Strategy):
    columns: ClassVar[tuple[Column, ...]] = (
        Column("Name", format="name"),
        Column("Status"),
        Column("Age", "date"),
    )

    def prepare_for_create(self, obj: Namespace) -> None:
        obj.metadata.labels[NAME_LABEL] = obj.metadata.name
        obj.spec.finalizers = ["kubernetes"]
        obj.status = NamespaceStatus(phase="Active")

    def prepare_for_update(self, obj: Namespace, old: Namespace, subresource: str) -> None:  # noqa: ARG002
        """Spec and status are the server's own."""
        obj.metadata.labels[NAME_LABEL] = obj.metadata.name
        obj.spec, obj.status = old.spec, old.status

    def prepare_for_deletion(self, obj: Namespace) -> None:
        obj.status = NamespaceStatus(phase="Terminating")

    def name_problems(self, name: str) -> list[str]:
        return label_problems(name)

    def cells(self, obj: Namespace, age: str) -> list[Any]:
        return [obj.metadata.name, obj.status.phase, age]
