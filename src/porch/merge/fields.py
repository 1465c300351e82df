"""The three-way merge of one YAML document, field by field, into the local text.

What only one side changed is taken from it, comments like values. Mappings and keyed lists are entered; everything else
is one value. Where both sides changed the same place, the report decides and remembers. The result is the local text
with other entries in a few places; it is read again and compared with what was meant, so a layout that no entry fits
into is found out (Opaque) and the document is then decided as a whole.
"""

from __future__ import annotations

import json
from collections.abc import Hashable
from dataclasses import dataclass, replace

from porch.krm.errors import YamlError
from porch.krm.places import position
from porch.merge import order
from porch.merge.comments import CommentMerge, Three
from porch.merge.identity import Items, keyed, label
from porch.merge.interface import Choice, Sides
from porch.merge.layout import Piece, assembled, verbatim
from porch.merge.moved import MOVED, Removed
from porch.merge.report import COMMENT, Report, of_entry
from porch.merge.shapes import Shape
from porch.merge.tree import Document, Entry, Ids, Kind, Node, Opaque, parse
from porch.merge.writing import Writing


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry is: its path, the type that it is a field of, and its own."""

    path: str
    parent: Shape
    shape: Shape


_NOTHING = Removed()


@dataclass(slots=True)
class Merged:
    """A merged collection: its entries, and whether they are the local ones in their order."""

    pieces: list[Piece]
    same: int
    untouched: bool


class FieldMerge:
    """Merges the documents of one resource. `removed` are the comments that one side has removed around it."""

    def __init__(self, file: str, resource: str, report: Report, ids: Ids, removed: Removed = _NOTHING) -> None:
        self._file = file
        self._resource = resource
        self._report = report
        self._ids = ids
        self._around = removed
        self._begin("\n", removed)

    def _begin(self, line_end: str, removed: Removed) -> None:
        self._removed = removed
        self._writing = Writing(line_end)
        self._comments = CommentMerge(self._report, (self._file, self._resource), removed, self._writing)

    def merge(self, original: Document | None, local: Document, upstream: Document, shape: Shape) -> str:
        """The merged text. Raises Opaque when it cannot be written."""
        texts = Sides(original.root.text if original else "", local.root.text, upstream.root.text)
        self._begin("\r\n" if "\r\n" in texts.local else "\n", self._around.within(texts))
        roots = (original.root if original else None, local.root, upstream.root)
        merged = self._map(*roots, "", shape)
        foot = self._comments.foot(Sides(original.foot if original else "", local.foot, upstream.foot))
        if merged.untouched and foot == local.foot:
            return local.root.text
        text = assembled(merged.pieces, local.root.column, self._writing.line_end, inline=False)
        text += ("" if not foot or text.endswith("\n") else self._writing.line_end) + foot
        self._check(text, merged.same)
        return text

    def _check(self, text: str, same: int) -> None:
        try:
            written = parse(text, self._ids)
        except YamlError as error:
            raise Opaque(error.problem) from error
        if written.root.same != same:
            raise Opaque("the merged text means something else")

    # --- entries

    def _entry(self, sides: Sides[Entry | None], place: Place, into: Node) -> Piece | None:
        """The merged entry, None when there is none. `into` is the local collection that it goes into."""
        original, local, upstream = sides
        if local is None:
            return self._without_local(original, upstream, place.path, into)
        if upstream is None:
            return self._without_upstream(original, local, place)
        untouched = original and original.full == upstream.full and not self._removed
        if untouched or local.full == upstream.full:
            return verbatim(local)
        three = (original, local, upstream)
        merged = self._entered(three, place)
        if merged:
            return self._rebuilt(three, place.path, merged)
        return self._value(original, local, upstream, place.path, into)

    def _entered(self, three: Three, place: Place) -> Merged | None:
        """The merged collection, None when the values are not collections that can be entered."""
        original, local, upstream = three
        kind = local.value.kind
        if kind == "word" or (upstream and upstream.value.kind != kind):
            return None
        before, theirs = _collection(original, kind), upstream.value if upstream else None
        if kind == "map":
            return self._map(before, local.value, theirs, place.path, place.shape)
        sides = keyed(place.parent, local.name, Sides(before, local.value, theirs))
        return self._list(sides, local.value, place) if sides else None

    def _without_local(self, original: Entry | None, upstream: Entry | None, path: str, into: Node) -> Piece | None:
        if upstream is None:
            return None
        if original is not None:
            if original.full == upstream.full:
                return None
            if self._conflict(path, original, None, upstream, "deleted locally, changed upstream") == "ours":
                return None
        if not into.block:
            self._comments.no_place(original, upstream, path)
        elif original is None and self._comments.came_into(None, upstream, beside=True):
            self._conflict(path + COMMENT, None, None, upstream, MOVED, "theirs")
        piece = self._writing.copied(upstream, into)
        return self._added(piece, Sides("", "", upstream.above), path) if original is None and into.block else piece

    def _added(self, piece: Piece, above: Sides[str], path: str) -> Piece:
        """An entry that one side added; the comment above it may have stood elsewhere before."""
        if any(above) and not self._comments.merged(above, path):
            return replace(piece, head="", source=None)
        return piece

    def _without_upstream(self, original: Entry | None, local: Entry, place: Place) -> Piece | None:
        """Upstream deleted it: what was not changed locally goes, additions stay. A changed field is a conflict, and
        then the local side is kept whole: half of what was deleted may mean nothing. So is a changed item of a list.
        """
        if original is None:
            if self._comments.came_into(None, local, beside=True):
                self._conflict(place.path + COMMENT, None, local, None, MOVED, "ours")
            return self._added(verbatim(local), Sides("", local.above, ""), place.path)
        if original.full == local.full:
            return None
        known = len(self._report.conflicts)
        merged = None
        if local.name and original.value.kind == local.value.kind:
            merged = self._entered((original, local, None), place)
        decided = len(self._report.conflicts) > known
        commented = (original.above, original.beside) != (local.above, local.beside)
        if merged and merged.pieces and (not decided or self._report.choice == "theirs"):
            return self._rebuilt((original, local, None), place.path, merged)
        if merged and not commented and (not decided or self._report.choice == "theirs"):
            return None
        self._report.forget(known)
        choice = self._conflict(place.path, original, local, None, "changed locally, deleted upstream")
        return verbatim(local) if choice == "ours" else None

    def _value(self, original: Entry | None, local: Entry, upstream: Entry, path: str, into: Node) -> Piece:
        """One value, of which one side's is taken whole, with the comments between its lines."""
        choice = self._chosen(original, local, upstream, path)
        if not into.block:
            self._comments.no_place(original, upstream, path)
            return verbatim(local) if choice == "ours" else self._writing.copied(upstream, into)
        above, head = self._comments.head((original, local, upstream), path)
        beside = self._comments.beside((original, local, upstream), path)
        if choice == "ours" and above == local.above and beside == local.beside:
            return verbatim(local)
        return self._writing.with_value(local, local if choice == "ours" else upstream, head, beside)

    def _chosen(self, original: Entry | None, local: Entry, upstream: Entry, path: str) -> Choice:
        before, ours, theirs = original.value if original else None, local.value, upstream.value
        if theirs.full == ours.full:
            return "ours"
        if before and before.full in {ours.full, theirs.full}:
            return self._changed((original, local, upstream), "ours" if theirs.full == before.full else "theirs", path)
        same = before.same if before else None
        if ours.same == theirs.same:
            return self._conflict(path + COMMENT, original, local, upstream, "both changed the comments within")
        if ours.same == same:
            reason = "a comment within was changed locally, the value upstream"
            return self._conflict(path, original, local, upstream, reason, "theirs")
        if theirs.same == same:
            reason = "the value was changed locally, a comment within upstream"
            return self._conflict(path, original, local, upstream, reason, "ours")
        reason = "both changed the field" if original else "both added the field"
        return self._conflict(path, original, local, upstream, reason)

    def _changed(self, three: Three, side: Choice, path: str) -> Choice:
        """One side changed the value. If a comment came into it that the other removed, that is said; the value is not
        given up for it.
        """
        original, local, upstream = three
        changed = local if side == "ours" else upstream
        assert changed is not None, "what changed is there"
        if not self._comments.came_into(original, changed):
            return side
        forced = side if changed.value.same != (original and original.value.same) else None
        return self._conflict(path + COMMENT, original, local, upstream, MOVED, forced)

    # --- collections

    def _map(self, original: Node | None, local: Node, upstream: Node | None, path: str, shape: Shape) -> Merged:
        before, ours, theirs = _by_name(original), _by_name(local), _by_name(upstream)
        pieces: list[Piece] = []
        for name in [*ours, *sorted(theirs.keys() - ours.keys())]:
            mine = ours.get(name)
            if name in shape.local or (mine and name in shape.marks):
                piece = verbatim(mine) if mine else None
            else:
                place = Place(field_path(path, name), shape, shape.child(name))
                piece = self._entry(Sides(before.get(name), mine, theirs.get(name)), place, local)
            if piece:
                pieces.insert(len(pieces) if mine else _position(pieces, name, shape), piece)
        return Merged(pieces, self._ids.of_map({piece.name: piece.same for piece in pieces}), _untouched(pieces, local))

    def _list(self, sides: Sides[Items], local: Node, place: Place) -> Merged:
        pieces: dict[Hashable, Piece] = {}
        for identity, entry in {**sides.upstream, **sides.local}.items():
            below = Place(place.path + label(entry, identity), place.shape, place.shape)
            if identity in sides.local and label(entry, identity) in place.shape.marks:
                piece: Piece | None = verbatim(entry)
            else:
                piece = self._entry(_items(sides, identity), below, local)
            if piece:
                pieces[identity] = piece
        orders: Sides[list[Hashable]] = sides.each(list)
        prefer_local = True
        if order.both_moved(orders):
            reason = "both changed the order of the items"
            prefer_local = self._report.add(self._place(place.path), sides.each(_order), reason) == "ours"
        ordered = order.merged(orders, pieces, prefer_local=prefer_local, local_first=True)
        result = [pieces[identity] for identity in ordered]
        return Merged(result, self._ids.of_list([piece.same for piece in result]), _untouched(result, local))

    def _rebuilt(self, three: Three, path: str, merged: Merged) -> Piece:
        """The local entry with the merged collection as its value."""
        local = three[1]
        if local.flow:
            if upstream := three[2]:
                self._comments.no_place(three[0], upstream, path)
            return verbatim(local) if merged.untouched else self._writing.flow_entry(local, merged.pieces, merged.same)
        above, head = self._comments.head(three, path)
        beside = self._comments.beside(three, path)
        if merged.untouched and above == local.above and beside == local.beside:
            return verbatim(local)
        if local.value.block and merged.pieces:
            return self._writing.block(local, head, beside, merged.pieces, merged.same)
        return self._writing.in_line(local, head, beside, None if merged.untouched else merged.pieces, merged.same)

    # --- reports

    def _conflict(  # noqa: PLR0917 - the three sides of a place
        self,
        path: str,
        original: Entry | None,
        local: Entry | None,
        upstream: Entry | None,
        reason: str,
        choice: Choice | None = None,
    ) -> Choice:
        values = Sides(original, local, upstream).each(of_entry)
        return self._report.add(self._place(path), values, reason, choice)

    def _place(self, path: str) -> tuple[str, str, str]:
        return self._file, self._resource, path


def _collection(entry: Entry | None, kind: Kind) -> Node | None:
    return entry.value if entry and entry.value.kind == kind else None


def _by_name(node: Node | None) -> dict[str, Entry]:
    return {entry.name: entry for entry in node.entries} if node else {}


def _untouched(pieces: list[Piece], local: Node) -> bool:
    return len(pieces) == len(local.entries) and all(
        piece.source is entry for piece, entry in zip(pieces, local.entries, strict=True)
    )


def _order(side: Items) -> str | None:
    return json.dumps([label(entry, identity)[1:-1] for identity, entry in side.items()])


def _items(sides: Sides[Items], identity: Hashable) -> Sides[Entry | None]:
    return Sides(sides.original.get(identity), sides.local.get(identity), sides.upstream.get(identity))


def _position(pieces: list[Piece], name: str, shape: Shape) -> int:
    return position([piece.name for piece in pieces], name, shape.order) if shape.order else len(pieces)


def field_path(path: str, name: str) -> str:
    if not name or any(character in name for character in ".[]/ "):
        return f"{path}[{name}]"
    return f"{path}.{name}" if path else name
