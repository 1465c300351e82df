"""Which local edits a result that was not merged has dropped: each becomes a conflict that upstream won.

A local edit is a difference between original and local; it is lost when the result has neither the local value nor a
place for it. Looked for field by field in resources, and by whole files elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from porch.krm import kptfile
from porch.krm.errors import YamlError
from porch.merge.documents import File, Part, read, without_marks
from porch.merge.fields import MERGE_COMMENT, field_path
from porch.merge.files import Content, differs
from porch.merge.identity import keyed, label
from porch.merge.interface import Files
from porch.merge.report import Report, of_entry, of_file
from porch.merge.shapes import Shape, shape_of
from porch.merge.tree import Entry, Ids, Node, Opaque, parse

_DELETED, _CHANGED = "deleted locally, brought back by the strategy", "changed locally, dropped by the strategy"


def report_lost(original: Files, local: Files, upstream: Files, result: Files, report: Report) -> None:
    for path in sorted({*original, *local}):
        if path != kptfile.NAME:
            sides = (original.get(path), local.get(path), upstream.get(path), result.get(path))
            _File(path, report).compare(*sides)


@dataclass(frozen=True, slots=True)
class _File:
    path: str
    report: Report

    def compare(self, original: Content, local: Content, upstream: Content, result: Content) -> None:
        if not differs(self.path, original, local) or not differs(self.path, local, result):
            return
        try:
            sides = [File() if data is None else read(data) for data in (original, local, upstream, result)]
        except Opaque:
            sides = []
        if sides and self.path.endswith((".yaml", ".yml")):
            self._resources(*sides)
        else:
            self._lost("", of_file(original), of_file(local), of_file(upstream))

    def _resources(self, original: File, local: File, upstream: File, result: File) -> None:
        for identity in {**original.parts, **local.parts}:
            before, ours, theirs, after = (side.parts.get(identity) for side in (original, local, upstream, result))
            texts = [part.body if part else None for part in (before, ours, theirs)]
            if _same(before, ours) or _same(ours, after):
                continue
            if before is None or ours is None or after is None or not self._fields(before, ours, after):
                self._lost(str(identity), *texts)

    def _fields(self, original: Part, local: Part, result: Part) -> bool:
        """Reports each lost field; False when the documents cannot be taken apart."""
        ids = Ids()
        try:
            before, ours, after = (parse(part.body, ids).root for part in (original, local, result))
        except (Opaque, YamlError):
            return False
        identity = local.identity
        for path, *entries in _lost_fields(before, ours, after, "", shape_of(identity.group, identity.kind)):
            place = self.path, str(identity), path
            values = [of_entry(entry) for entry in entries]
            self.report.add(place, *values, _CHANGED if entries[1] else _DELETED, "theirs")
        return True

    def _lost(self, resource: str, original: str | None, local: str | None, upstream: str | None) -> None:
        reason = _DELETED if local is None else _CHANGED
        self.report.add((self.path, resource, ""), original, local, upstream, reason, "theirs")


def _lost_fields(
    original: Node, local: Node, result: Node, path: str, shape: Shape
) -> Iterator[tuple[str, Entry | None, Entry | None, Entry | None]]:
    """Path and the three entries of each local change that the result does not have."""
    sides = tuple({entry.name: entry for entry in node.entries} for node in (original, local, result))
    for name in {**sides[0], **sides[1]}:
        if name not in shape.marks:
            three = tuple(side.get(name) for side in sides)
            yield from _lost_entry(*three, field_path(path, name), shape, shape.child(name))


def _lost_entry(  # noqa: PLR0917 - the three sides of a place, and what is known of the place
    original: Entry | None, local: Entry | None, result: Entry | None, path: str, parent: Shape, shape: Shape
) -> Iterator[tuple[str, Entry | None, Entry | None, Entry | None]]:
    if _number(local) in {_number(original), _number(result)}:
        return
    if original and local and result and original.value.kind == local.value.kind == result.value.kind:
        three = original.value, local.value, result.value
        if local.value.kind == "map":
            yield from _lost_fields(*three, path, shape)
            return
        if local.value.kind == "list" and (sides := keyed(parent, local.name, *three)):
            for identity, entry in {**sides[0], **sides[1]}.items():
                found = tuple(side.get(identity) for side in sides)
                yield from _lost_entry(*found, path + label(entry, identity), shape, shape)
            return
    yield path, original, local, result


def _number(entry: Entry | None) -> int | None:
    """Two entries with the same one are equal, but for a merge comment."""
    if entry is None:
        return None
    return entry.value.full if MERGE_COMMENT in entry.beside else entry.full


def _same(one: Part | None, other: Part | None) -> bool:
    if one is None or other is None:
        return one is other
    ids = Ids()
    try:
        return parse(without_marks(one.body), ids).root.full == parse(without_marks(other.body), ids).root.full
    except (Opaque, YamlError):
        return one.body == other.body
