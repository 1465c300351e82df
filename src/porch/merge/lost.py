"""Which local edits a result that was not merged has dropped: each becomes a conflict that upstream won.

A local edit is a difference between original and local; it is lost when the result has neither the local value nor a
place for it. Looked for field by field in resources, and by whole files elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from porch.krm import kptfile
from porch.krm.errors import YamlError
from porch.merge.comments import MERGE_COMMENT
from porch.merge.documents import File, Part, read
from porch.merge.fields import Place, field_path
from porch.merge.files import Content, differs
from porch.merge.identity import keyed, label
from porch.merge.interface import Files, Sides
from porch.merge.report import Report, of_entry, of_file
from porch.merge.series import documents_differ
from porch.merge.shapes import Shape, shape_of
from porch.merge.tree import Entry, Ids, Node, Opaque, parse

_DELETED, _CHANGED = "deleted locally, brought back by the strategy", "changed locally, dropped by the strategy"


def report_lost(sides: Sides[Files], result: Files, report: Report) -> None:
    for path in sorted({*sides.original, *sides.local}):
        if path != kptfile.NAME:
            here = sides.each(lambda side, name=path: side.get(name))  # type: ignore[misc]
            _File(path, report).compare(here, result.get(path))


@dataclass(frozen=True, slots=True)
class _File:
    path: str
    report: Report

    def compare(self, sides: Sides[Content], result: Content) -> None:
        if not differs(self.path, sides.original, sides.local) or not differs(self.path, sides.local, result):
            return
        try:
            if not self.path.endswith((".yaml", ".yml")):
                raise Opaque
            self._resources(sides.each(_file), _file(result))
        except Opaque:
            self._lost("", sides.each(of_file))

    def _resources(self, sides: Sides[File], result: File) -> None:
        for identity in {**sides.original.parts, **sides.local.parts}:
            parts = sides.each(lambda file, name=identity: file.parts.get(name))  # type: ignore[misc]
            after = result.parts.get(identity)
            if _same(parts.original, parts.local) or _same(parts.local, after):
                continue
            if not (parts.original and parts.local and after and self._fields(parts.original, parts.local, after)):
                self._lost(str(identity), parts.each(lambda part: part.body if part else None))

    def _fields(self, original: Part, local: Part, result: Part) -> bool:
        """Reports each lost field; False when the documents cannot be taken apart."""
        ids = Ids()
        try:
            roots = Sides(original, local, result).each(lambda part: parse(part.body, ids).root)
        except (Opaque, YamlError):
            return False
        identity = local.identity
        for path, entries in _lost_fields(roots, "", shape_of(identity.group, identity.kind)):
            reason = _CHANGED if entries.local else _DELETED
            self.report.add((self.path, str(identity), path), entries.each(of_entry), reason, "theirs")
        return True

    def _lost(self, resource: str, values: Sides[str | None]) -> None:
        reason = _DELETED if values.local is None else _CHANGED
        self.report.add((self.path, resource, ""), values, reason, "theirs")


_Lost: TypeAlias = Iterator[tuple[str, Sides[Entry | None]]]
"""Path and entries of each local change that the result, as the third side, does not have."""


def _lost_fields(sides: Sides[Node], path: str, shape: Shape) -> _Lost:
    entries = sides.each(lambda node: {entry.name: entry for entry in node.entries})
    for name in {**entries.original, **entries.local}:
        if name not in shape.marks:
            three = entries.each(lambda side, key=name: side.get(key))  # type: ignore[misc]
            yield from _lost_entry(three, Place(field_path(path, name), shape, shape.child(name)))


def _lost_entry(sides: Sides[Entry | None], place: Place) -> _Lost:
    original, local, result = sides
    if _number(local) in {_number(original), _number(result)}:
        return
    if original and local and result and original.value.kind == local.value.kind == result.value.kind:
        values = Sides(original.value, local.value, result.value)
        if local.value.kind == "map":
            yield from _lost_fields(values, place.path, place.shape)
            return
        items = keyed(place.parent, local.name, Sides(*values)) if local.value.kind == "list" else None
        if items:
            for identity, entry in {**items.original, **items.local}.items():
                found = items.each(lambda side, key=identity: side.get(key))  # type: ignore[misc]
                below = Place(place.path + label(entry, identity), place.shape, place.shape)
                yield from _lost_entry(found, below)
            return
    yield place.path, sides


def _number(entry: Entry | None) -> int | None:
    """Two entries with the same one are equal, but for a merge comment."""
    if entry is None:
        return None
    return entry.value.full if MERGE_COMMENT in entry.beside else entry.full


def _file(data: Content) -> File:
    return File() if data is None else read(data)


def _same(one: Part | None, other: Part | None) -> bool:
    return one is other if one is None or other is None else not documents_differ(one.body, other.body)
