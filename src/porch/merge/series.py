"""The three-way merge of the resources of one file: which are there, in which order, and what stands between them."""

from __future__ import annotations

from porch.krm.errors import YamlError
from porch.merge import lines, order
from porch.merge.documents import File, Identity, Part, without_marks
from porch.merge.fields import FieldMerge
from porch.merge.interface import Choice, Sides
from porch.merge.layout import moved_lines
from porch.merge.moved import MOVED, Removed, counted
from porch.merge.report import COMMENT, Report
from porch.merge.shapes import shape_of
from porch.merge.tree import Ids, Opaque, comments, parse


class Series:
    def __init__(self, path: str, report: Report, removed: Removed) -> None:
        """`removed` are the comments that one side has removed from the file, or around it."""
        self._path = path
        self._report = report
        self._removed = removed

    def merge(self, sides: Sides[File]) -> bytes | None:
        """None when no resource is left."""
        main = sides.local if sides.local.parts else sides.upstream
        bodies: dict[Identity, str] = {}
        for identity in {**sides.local.parts, **sides.upstream.parts}:
            parts = sides.each(lambda file, name=identity: file.parts.get(name))  # type: ignore[misc]
            body = self._resource(identity, parts.each(_body), parts.each(_lead))
            if body is not None:
                is_local = parts.local is not None and body == parts.local.body
                bodies[identity] = body if is_local else moved_lines(body, 0, main.line_end)
        if not bodies:
            return None
        return encoded(self._joined(self._ordered(sides, bodies), bodies, sides, main), bom=main.bom)

    def _ordered(self, sides: Sides[File], bodies: dict[Identity, str]) -> list[Identity]:
        orders = sides.each(lambda file: list(file.parts))
        prefer_local = True
        if order.both_moved(orders):
            shown: Sides[str | None] = orders.each(lambda names: ", ".join(map(str, names)))
            choice = self._report.add((self._path, "", ""), shown, "both changed the order of the documents")
            prefer_local = choice == "ours"
        return order.merged(orders, bodies, prefer_local=prefer_local, local_first=False)

    def _joined(self, identities: list[Identity], bodies: dict[Identity, str], sides: Sides[File], main: File) -> str:
        opening = next(iter(main.parts.values())).lead
        text = ""
        for index, identity in enumerate(identities):
            lead = self._lead(identity, sides)
            if lead.startswith("---"):
                if index == 0 and not opening.startswith("---"):
                    lead = lead.partition("\n")[2]
            elif index > 0:
                lead = f"---{main.line_end}{lead}"
            text = _ended(text, main.line_end) + lead + bodies[identity]
        tail = self._commented(Sides(sides.original.tail, main.tail, sides.upstream.tail))
        return (_ended(text, main.line_end) if tail else text) + tail

    def _lead(self, identity: Identity, sides: Sides[File]) -> str:
        original, local, upstream = (file.parts.get(identity) for file in sides)
        leads = Sides(original.lead if original else "", (local or _NO_PART).lead, (upstream or _NO_PART).lead)
        if local is None or upstream is None:
            kept = leads.local or leads.upstream
            self._tell(leads.original, kept, str(identity), "theirs" if local is None else "ours")
            return kept
        return self._commented(leads, str(identity))

    def _commented(self, texts: Sides[str], resource: str = "") -> str:
        """Text between documents, where only comments count."""
        original, local, upstream = texts.each(comments)
        reason = "both changed the comment"
        if local == upstream:
            return texts.local
        if original in {local, upstream}:
            taken = texts.upstream if local == original else texts.local
            if not self._removed.arrived(original, comments(taken)):
                return taken
            reason = MOVED
        values: Sides[str | None] = Sides(original or None, local or None, upstream or None)
        choice = self._report.add((self._path, resource, COMMENT), values, reason)
        return texts.local if choice == "ours" else texts.upstream

    def _tell(self, original: str, kept: str, resource: str, choice: Choice) -> None:
        """What only one side has is kept, also with a comment that the other removed."""
        if arrived := self._removed.arrived(original, kept):
            told = "\n".join(arrived)
            values: Sides[str | None] = Sides(None, *((told, None) if choice == "ours" else (None, told)))
            self._report.add((self._path, resource, COMMENT), values, MOVED, choice)

    def _resource(self, identity: Identity, sides: Sides[str | None], leads: Sides[str]) -> str | None:
        original, local, upstream = sides
        if _same_text(upstream, local):
            return local
        if local is None or upstream is None:
            return self._of_one_side(identity, sides, leads)
        ours, theirs = (self._removed.arrived(original or "", text) for text in (local, upstream))
        if _same_text(upstream, original) and not ours:
            return local
        if _same_text(local, original) and not theirs:
            return upstream
        return self._fields(identity, original, local, upstream)

    def _of_one_side(self, identity: Identity, sides: Sides[str | None], leads: Sides[str]) -> str | None:
        """One side has it, added or left by the other. A comment before it counts as a change of it."""
        original, local, upstream = sides
        kept, lead = (upstream or "", leads.upstream) if local is None else (local, leads.local)
        if original is None:
            self._tell("", kept, str(identity), "theirs" if local is None else "ours")
            return kept
        if not documents_differ(original, kept) and not counted(lead) - counted(leads.original):
            return None  # at most marked, or written in another layout
        reason = "deleted locally, changed upstream" if local is None else "changed locally, deleted upstream"
        return local if self._report.add((self._path, str(identity), ""), sides, reason) == "ours" else upstream

    def _fields(self, identity: Identity, original: str | None, local: str, upstream: str) -> str:
        shape = shape_of(identity.group, identity.kind)
        if original is not None and (text := lines.merge(original, local, upstream, shape, self._removed)) is not None:
            return text
        ids = Ids()
        known = len(self._report.conflicts)
        try:
            before = None if original is None else parse(original, ids)
            merge = FieldMerge(self._path, str(identity), self._report, ids, self._removed)
            return merge.merge(before, parse(local, ids), parse(upstream, ids), shape)
        except (Opaque, YamlError) as error:
            self._report.forget(known)
            values: Sides[str | None] = Sides(original, local, upstream)
            reason = f"both changed the resource; it cannot be merged by fields: {error}"
            choice = self._report.add((self._path, str(identity), ""), values, reason)
            return local if choice == "ours" else upstream


_NO_PART = Part("", "", Identity("", "", "", ""))


def documents_differ(text: str, other: str) -> bool:
    """In more than layout and the marks of a clone."""
    ids = Ids()
    try:
        one, two = parse(without_marks(text), ids), parse(without_marks(other), ids)
    except (Opaque, YamlError):
        return text != other
    return one.root.full != two.root.full or comments(one.foot) != comments(two.foot)


def encoded(text: str, *, bom: bool) -> bytes:
    return text.encode("utf-8-sig" if bom else "utf-8")


def _body(part: Part | None) -> str | None:
    return part.body if part else None


def _lead(part: Part | None) -> str:
    return part.lead if part else ""


def _ended(text: str, line_end: str) -> str:
    return text + line_end if text and not text.endswith("\n") else text


def _same_text(text: str | None, other: str | None) -> bool:
    """Without regard to a missing line break at the end of a file."""
    if text is None or other is None:
        return text is other
    return text == other or text.removesuffix("\n") == other.removesuffix("\n")
