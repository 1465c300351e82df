"""A Strategy holds the pure rules of one kind: defaults, validation, allowed changes, columns, selectable fields.

It never reads anything but the objects that it is given. Rules that need other objects (namespaces, other
Repositories) are admission checks of the storage.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from porch.errors import FieldError
from porch.keys import subdomain_problems
from porch.types.kind import Kind


@dataclass(frozen=True, slots=True)
class Column:
    """A column of `kubectl get`. `priority` above 0 shows only in `-o wide`."""

    name: str
    type: str = "string"
    format: str = ""
    description: str = ""
    priority: int = 0


class Strategy:
    """Rules that suit a kind without rules of its own. Subclass and override."""

    columns: ClassVar[tuple[Column, ...]] = (
        Column("Name", format="name"),
        Column("Age", "date"),
    )
    selectable: ClassVar[tuple[str, ...]] = ()
    """Field selectors besides metadata.name and metadata.namespace."""
    must_name_version: ClassVar[bool] = False
    """Whether an update without resourceVersion is refused (custom resources) or unconditional (built-in kinds)."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind

    def prepare_for_create(self, obj: Any) -> None:
        """Fills in defaults and drops what clients may not set (status)."""

    def prepare_for_update(self, obj: Any, old: Any, subresource: str) -> None:
        """Resets what this endpoint may not change: status on the main one, all but status on `status`."""

    def prepare_for_deletion(self, obj: Any) -> None:
        """Marks an object whose deletion waits for finalizers, besides its metadata."""

    def is_held(self, obj: Any) -> bool:
        """Whether more than metadata.finalizers must go before the object can be removed."""
        return False

    def name_problems(self, name: str) -> list[str]:
        """Why `name` is no name of this kind."""
        return subdomain_problems(name)

    def validate(self, obj: Any) -> list[FieldError]:
        """Everything wrong with the object itself, besides its metadata."""
        return []

    def validate_update(self, obj: Any, old: Any) -> list[FieldError]:
        """Forbidden changes; `validate` is called as well."""
        return []

    def desired_state_changed(self, obj: Any, old: Any) -> bool:
        """Whether metadata.generation counts this change. Kinds without a generation return False."""
        return False

    def fields(self, obj: Any) -> dict[str, str]:
        """Values of `selectable`."""
        return {}

    def cells(self, obj: Any, age: str) -> list[Any]:
        """Values of `columns` for one object; `age` is humanised (`11s`, `5m`)."""
        return [obj.metadata.name, age]
