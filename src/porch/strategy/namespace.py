"""Namespaces: a name and a phase. One that is deleted waits for `spec.finalizers`: the namespace controller empties it,
says in the status how far it is, and takes its finalizer away at `finalize`, the one place where spec may change.
"""

from __future__ import annotations

from typing import Any, ClassVar

import msgspec

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

    def prepare_for_update(self, obj: Namespace, old: Namespace, subresource: str) -> None:
        obj.metadata.labels[NAME_LABEL] = obj.metadata.name
        obj.spec = obj.spec if subresource == "finalize" else old.spec
        conditions = obj.status.conditions
        obj.status = msgspec.structs.replace(old.status)
        if subresource == "status":
            obj.status.conditions = conditions

    def prepare_for_deletion(self, obj: Namespace) -> None:
        obj.status = NamespaceStatus(phase="Terminating")

    def is_held(self, obj: Namespace) -> bool:
        return bool(obj.spec.finalizers)

    def name_problems(self, name: str) -> list[str]:
        return label_problems(name)

    def cells(self, obj: Namespace, age: str) -> list[Any]:
        return [obj.metadata.name, obj.status.phase, age]
