"""The three-way merge of one file, given as its content on the three sides; None where it is not.

Files that hold resources are merged resource by resource. Everything else is opaque: one side's content is taken whole,
and when both changed it, that is a conflict.
"""

from __future__ import annotations

from typing import TypeAlias

from porch.krm import kptfile
from porch.krm.errors import YamlError
from porch.krm.yaml import decode_text
from porch.merge.documents import File, read
from porch.merge.fields import FieldMerge
from porch.merge.interface import Sides
from porch.merge.moved import MOVED, Removed, text_of
from porch.merge.report import COMMENT, Report, of_file
from porch.merge.series import Series, documents_differ, encoded
from porch.merge.shapes import KPTFILE, SUB_KPTFILE
from porch.merge.tree import Document, Ids, Opaque, parse

Content: TypeAlias = bytes | None
_NOTHING = Removed()


def merge_file(path: str, sides: Sides[Content], report: Report, around: Removed = _NOTHING) -> Content:
    """The merged content of any file. `around` are the comments that one side has removed from the package."""
    if path.rpartition("/")[2] == kptfile.NAME:
        return merge_kptfile(path, sides, report, around)
    if not path.endswith((".yaml", ".yml")):
        return _whole(path, sides, report)
    if (decided := _decided(sides)) is not None and not _came_into(sides, around):
        return decided[0]
    removed = around.within(sides.each(text_of))
    known = len(report.conflicts)
    try:
        series = Series(path, report, removed)
        return series.merge(sides.each(lambda data: File() if data is None else read(data)))
    except Opaque as reason:
        report.forget(known)
        return _whole(path, sides, report, str(reason), removed)


def merge_kptfile(path: str, sides: Sides[Content], report: Report, around: Removed = _NOTHING) -> Content:
    """The root's name and upstream stay local, so it is merged even where nothing was changed locally."""
    root = path == kptfile.NAME
    original, local, upstream = sides
    if upstream == local or (upstream == original and not _came_into(sides, around)):
        return local
    removed = around.within(sides.each(text_of))
    if local is None or upstream is None:
        if root and local is not None:
            report.add((path, "", ""), sides.each(of_file), "deleted upstream, but a package needs one", "ours")
            return local
        return _whole(path, sides, report, removed=removed)
    ids = Ids()
    known = len(report.conflicts)
    try:
        before = None if original is None else _parsed(original, ids)
        merge = FieldMerge(path, "", report, ids, removed)
        text = merge.merge(before, _parsed(local, ids), _parsed(upstream, ids), KPTFILE if root else SUB_KPTFILE)
    except (Opaque, YamlError) as error:
        report.forget(known)
        return _whole(path, sides, report, str(error), removed)
    return encoded(text, bom=local.startswith(b"\xef\xbb\xbf"))


def _came_into(sides: Sides[Content], removed: Removed) -> list[str]:
    """The comments that one side has moved into this file, and the other has removed."""
    if not removed:
        return []
    original, local, upstream = sides.each(text_of)
    return [*removed.arrived(original, local), *removed.arrived(original, upstream)]


def _decided(sides: Sides[Content]) -> tuple[Content] | None:
    """When at most one side changed the file."""
    original, local, upstream = sides
    if upstream in (local, original):
        return (local,)
    return (upstream,) if local == original else None


def _whole(path: str, sides: Sides[Content], report: Report, why: str = "", removed: Removed = _NOTHING) -> Content:
    """One side's content."""
    original, local, upstream = sides
    if (decided := _decided(sides)) is not None:
        if arrived := _came_into(sides, removed):
            told = "\n".join(arrived)
            values: Sides[str | None] = Sides(None, *((told, None) if upstream == original else (None, told)))
            report.add((path, "", COMMENT), values, MOVED, "ours" if upstream == original else "theirs")
        return decided[0]
    reason = "both added the file" if original is None else "both changed the file"
    if local is None:
        reason = "deleted locally, changed upstream"
    elif upstream is None:
        reason = "changed locally, deleted upstream"
    if why:
        reason += f"; it cannot be merged by resources: {why}"
    return local if report.add((path, "", ""), sides.each(of_file), reason) == "ours" else upstream


def _parsed(data: bytes, ids: Ids) -> Document:
    return parse(decode_text(data), ids)


def differs(path: str, data: Content, other: Content) -> bool:
    """Whether two contents of a file differ in more than layout and the marks of a clone."""
    if data == other:
        return False
    if data is None or other is None:
        return True
    try:
        if path.rpartition("/")[2] == kptfile.NAME:
            return documents_differ(decode_text(data), decode_text(other))
        if not path.endswith((".yaml", ".yml")):
            return True
        file, another = read(data), read(other)
    except (Opaque, YamlError):
        return True
    return list(file.parts) != list(another.parts) or any(
        documents_differ(part.body, another.parts[identity].body) for identity, part in file.parts.items()
    )
