"""What a merge takes and gives: packages as values, and the edits that could not stand beside each other."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, Literal, NamedTuple, TypeAlias, TypeVar

from porch.errors import Invalid

Files: TypeAlias = Mapping[str, bytes]
"""All files of a package: path relative to its root to content."""

Strategy: TypeAlias = Literal["resource-merge", "fast-forward", "force-delete-replace", "copy-merge"]
OnConflict: TypeAlias = Literal["ours", "theirs", "fail"]
"""Whose edit stays where both cannot: the local one, upstream's, or nothing is merged at all."""
Choice: TypeAlias = Literal["ours", "theirs"]

_T = TypeVar("_T")
_R = TypeVar("_R")


class Sides(NamedTuple, Generic[_T]):
    """The same thing on all three sides."""

    original: _T
    local: _T
    upstream: _T

    def each(self, look: Callable[[_T], _R]) -> Sides[_R]:
        return Sides(look(self.original), look(self.local), look(self.upstream))


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two edits of one place of which only one could be kept.

    The values are compact JSON of a field, the text of a comment, or a description of a file's content; None is absent.
    """

    file: str
    resource: str
    """Like `apps/Deployment/shop/web`: group, kind, namespace and name as far as there are any. Empty for a file."""
    field: str
    """Like `spec.template.spec.containers[name=web].image`. Empty when the whole resource or file is meant."""
    original: str | None
    local: str | None
    upstream: str | None
    choice: Choice
    reason: str
    """What happened, as a phrase: `both changed the field`."""

    def __str__(self) -> str:
        place = " ".join(part for part in (self.resource, self.field) if part)
        kept = "the local side" if self.choice == "ours" else "upstream"
        return f"{self.file}: {place + ': ' if place else ''}{self.reason}; kept {kept}"


@dataclass(frozen=True, slots=True)
class MergeResult:
    files: dict[str, bytes]
    conflicts: tuple[Conflict, ...] = ()
    """In the order of files."""


class MergeConflicts(Invalid):
    """Local and upstream edits are in conflict."""


class LocalChanges(Invalid):
    """The package was changed locally, so it cannot be moved forward."""
