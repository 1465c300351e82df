"""The three-way merge of one file, given as its content on the three sides; None where it is not.

Files that hold resources are merged resource by resource. Everything else is opaque: one side's content is taken whole,
and when both changed it, that is a conflict.
"""

from __future__ import annotations

from typing import TypeAlias

from porch.krm import kptfile
from porch.krm.errors import YamlError
from porch.krm.yaml import decode_text
from porch.merge import order
from porch.merge.documents import File, Identity, Part, lead_comments, read, without_marks
from porch.merge.fields import FieldMerge
from porch.merge.layout import moved_lines
from porch.merge.report import COMMENT, Report, of_file
from porch.merge.shapes import KPTFILE, SUB_KPTFILE, shape_of
from porch.merge.tree import Document, Ids, Opaque, parse

Content: TypeAlias = bytes | None


def merge_file(path: str, original: Content, local: Content, upstream: Content, report: Report) -> Content:
    """The merged content of any file but a Kptfile."""
    if upstream in (local, original):
        return local
    if not path.endswith((".yaml", ".yml")):
        return merge_opaque(path, original, local, upstream, report)
    if local == original or (original is None and local is None):
        return upstream
    known = len(report.conflicts)
    try:
        sides = [File() if data is None else read(data) for data in (original, local, upstream)]
        return _Resources(path, report).merge(*sides)
    except Opaque as reason:
        report.forget(known)
        return merge_opaque(path, original, local, upstream, report, str(reason))


def merge_opaque(  # noqa: PLR0917 - the three sides of a file
    path: str, original: Content, local: Content, upstream: Content, report: Report, why: str = ""
) -> Content:
    """Taken whole from one side."""
    if upstream in (local, original):
        return local
    if local == original:
        return upstream
    reason = "both added the file" if original is None else "both changed the file"
    if local is None:
        reason = "deleted locally, changed upstream"
    elif upstream is None:
        reason = "changed locally, deleted upstream"
    if why:
        reason += f", which cannot be merged by resources: {why}"
    choice = report.add((path, "", ""), of_file(original), of_file(local), of_file(upstream), reason)
    return local if choice == "ours" else upstream


def merge_kptfile(path: str, original: Content, local: Content, upstream: Content, report: Report) -> Content:
    """The root's name and upstream stay local; a sub-package's upstream is merged like the rest."""
    root = path == kptfile.NAME
    if local is None or upstream is None:
        if root and local is not None and original is not None:
            values = of_file(original), of_file(local), None
            report.add((path, "", ""), *values, "deleted upstream, but a package needs one", "ours")
            return local
        return merge_opaque(path, original, local, upstream, report)
    if upstream in (local, original):
        return local
    ids = Ids()
    known = len(report.conflicts)
    try:
        trees = [None if data is None else parse(decode_text(data), ids) for data in (original, local, upstream)]
        before, ours, theirs = trees
        assert ours is not None
        assert theirs is not None
        merge = FieldMerge(path, "", report, ids)
        text = merge.merge(before, ours, theirs, KPTFILE if root else SUB_KPTFILE)
    except (Opaque, YamlError) as error:
        report.forget(known)
        return merge_opaque(path, original, local, upstream, report, str(error))
    return _encoded(text, bom=local.startswith(b"\xef\xbb\xbf"))


def differs(path: str, data: Content, other: Content) -> bool:
    """Whether two contents of a file differ in more than layout and the marks of a clone."""
    if data == other:
        return False
    if data is None or other is None:
        return True
    if not path.endswith((".yaml", ".yml")) and path.rpartition("/")[2] != kptfile.NAME:
        return True
    try:
        file, another = read(data), read(other)
    except Opaque:
        return True
    return list(file.parts) != list(another.parts) or any(
        _documents_differ(file.parts[identity].body, another.parts[identity].body) for identity in file.parts
    )


class _Resources:
    def __init__(self, path: str, report: Report) -> None:
        self._path = path
        self._report = report

    def merge(self, original: File, local: File, upstream: File) -> Content:
        line_end = local.line_end if local.parts else upstream.line_end
        bodies: dict[Identity, str] = {}
        for identity in {**local.parts, **upstream.parts}:
            sides = original.parts.get(identity), local.parts.get(identity), upstream.parts.get(identity)
            body = self._resource(identity, *sides)
            if body is not None:
                bodies[identity] = body if sides[1] and body == sides[1].body else moved_lines(body, 0, line_end)
        if not bodies:
            return None
        orders = list(original.parts), list(local.parts), list(upstream.parts)
        prefer_local = True
        if order.both_moved(*orders):
            shown = [", ".join(map(str, names)) for names in orders]
            choice = self._report.add((self._path, "", ""), *shown, "both changed the order of the documents")
            prefer_local = choice == "ours"
        identities = order.merged(*orders, bodies, prefer_local=prefer_local, local_first=False)
        text = self._joined(identities, bodies, (original, local, upstream), line_end)
        return _encoded(text, bom=(local if local.parts else upstream).bom)

    def _joined(
        self, identities: list[Identity], bodies: dict[Identity, str], sides: tuple[File, File, File], line_end: str
    ) -> str:
        main = sides[1] if sides[1].parts else sides[2]
        opening = next(iter(main.parts.values())).lead
        text = ""
        for index, identity in enumerate(identities):
            lead = self._lead(identity, *(side.parts.get(identity) for side in sides))
            if lead.startswith("---"):
                if index == 0 and not opening.startswith("---"):
                    lead = lead.partition("\n")[2]
            elif index > 0:
                lead = f"---{line_end}{lead}"
            if text and not text.endswith("\n"):
                text += line_end
            text += lead + bodies[identity]
        tail = self._commented(sides[0].tail, main.tail, sides[2].tail)
        return text + (line_end if tail and not text.endswith("\n") else "") + tail

    def _lead(self, identity: Identity, original: Part | None, local: Part | None, upstream: Part | None) -> str:
        if local is None or upstream is None:
            return (local or upstream or _NO_PART).lead
        return self._commented(original.lead if original else "", local.lead, upstream.lead, str(identity))

    def _commented(self, original: str, local: str, upstream: str, resource: str = "") -> str:
        """Text between documents: its comments count."""
        before, ours, theirs = (lead_comments(text) for text in (original, local, upstream))
        if theirs in {ours, before}:
            return local
        if ours == before:
            return upstream
        place = (self._path, resource, COMMENT)
        choice = self._report.add(place, before or None, ours or None, theirs or None, "both changed the comment")
        return local if choice == "ours" else upstream

    def _resource(
        self, identity: Identity, original: Part | None, local: Part | None, upstream: Part | None
    ) -> str | None:
        before, ours, theirs = (part.body if part else None for part in (original, local, upstream))
        if _same_text(theirs, ours) or (original is not None and _same_text(theirs, before)):
            return ours
        if original is None and (ours is None or theirs is None):
            return theirs if ours is None else ours
        if _same_text(ours, before):
            return theirs
        if ours is None:
            return self._deleted(identity, before, None, theirs, "deleted locally, changed upstream")
        if theirs is None:
            return self._deleted(identity, before, ours, None, "changed locally, deleted upstream")
        return self._fields(identity, before, ours, theirs)

    def _deleted(
        self, identity: Identity, original: str | None, local: str | None, upstream: str | None, reason: str
    ) -> str | None:
        """One side deleted the resource; if the other only re-formatted or marked it, it goes."""
        kept = local if upstream is None else upstream
        if original is not None and kept is not None and not _documents_differ(original, kept):
            return None
        choice = self._report.add((self._path, str(identity), ""), original, local, upstream, reason)
        return local if choice == "ours" else upstream

    def _fields(self, identity: Identity, original: str | None, local: str, upstream: str) -> str:
        ids = Ids()
        known = len(self._report.conflicts)
        try:
            before = _parse_original(original, ids)
            merge = FieldMerge(self._path, str(identity), self._report, ids)
            shape = shape_of(identity.group, identity.kind)
            return merge.merge(before, parse(local, ids), parse(upstream, ids), shape)
        except (Opaque, YamlError) as error:
            self._report.forget(known)
            reason = f"both changed the resource, which cannot be merged by fields: {error}"
            choice = self._report.add((self._path, str(identity), ""), original, local, upstream, reason)
            return local if choice == "ours" else upstream


_NO_PART = Part("", "", Identity("", "", "", ""))


def _parse_original(text: str | None, ids: Ids) -> Document | None:
    return None if text is None else parse(text, ids)


def _same_text(text: str | None, other: str | None) -> bool:
    """Without regard to a missing line break at the end of a file."""
    if text is None or other is None:
        return text is other
    return text == other or text.removesuffix("\n") == other.removesuffix("\n")


def _documents_differ(text: str, other: str) -> bool:
    ids = Ids()
    try:
        one, two = parse(without_marks(text), ids), parse(without_marks(other), ids)
    except (Opaque, YamlError):
        return text != other
    return one.root.full != two.root.full or lead_comments(one.foot) != lead_comments(two.foot)


def _encoded(text: str, *, bom: bool) -> bytes:
    return text.encode("utf-8-sig" if bom else "utf-8")
