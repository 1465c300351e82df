"""Collects the conflicts of a merge and says each time whose edit stays."""

from __future__ import annotations

import hashlib

from porch.errors import Details, FieldError
from porch.krm.errors import YamlError
from porch.merge.interface import Choice, Conflict, MergeConflicts, OnConflict, Sides
from porch.merge.layout import shown
from porch.merge.tree import Entry

_MAX_CAUSES = 50
_MAX_SHOWN = 4096
COMMENT = "#comment"
"""Ends the field of a conflict that is about the comments at that field."""


class Report:
    def __init__(self, on_conflict: OnConflict) -> None:
        self._on_conflict = on_conflict
        self.conflicts: list[Conflict] = []

    @property
    def choice(self) -> Choice:
        return "theirs" if self._on_conflict == "theirs" else "ours"

    def add(
        self, place: tuple[str, str, str], values: Sides[str | None], reason: str, choice: Choice | None = None
    ) -> Choice:
        """`place` is file, resource and field. Without `choice` the user's rule decides."""
        made = Conflict(*place, *values.each(_clipped), choice or self.choice, reason)
        self.conflicts.append(made)
        return made.choice

    def forget(self, count: int) -> None:
        """Takes back all conflicts after the first `count`: their place is decided as a whole instead."""
        del self.conflicts[count:]

    def finish(self) -> tuple[Conflict, ...]:
        """Raises MergeConflicts when the user wanted no conflict at all."""
        if self.conflicts and self._on_conflict == "fail":
            causes = tuple(
                FieldError(f"spec.resources[{item.file}]", "FieldValueInvalid", _sentence(item))
                for item in self.conflicts[:_MAX_CAUSES]
            )
            count = len(self.conflicts)
            first = f"{self.conflicts[0].file}: {_sentence(self.conflicts[0])}"
            text = f"{count} conflict{'s' if count > 1 else ''} between local and upstream edits, the first: {first}"
            raise MergeConflicts(text, details=Details(causes=causes))
        return tuple(self.conflicts)


def of_entry(entry: Entry | None) -> str | None:
    if entry is None:
        return None
    try:
        return shown(entry.value)
    except YamlError:
        return entry.body


def of_file(data: bytes | None) -> str | None:
    """A file's content in a word: it may be large, or no text at all."""
    return None if data is None else f"{len(data)} bytes, sha256 {hashlib.sha256(data).hexdigest()}"


def _sentence(item: Conflict) -> str:
    place = " ".join(part for part in (item.resource, item.field) if part)
    return f"{place + ': ' if place else ''}{item.reason}"


def _clipped(value: str | None) -> str | None:
    return value if value is None or len(value) <= _MAX_SHOWN else f"{value[:_MAX_SHOWN]}... ({len(value)} characters)"
