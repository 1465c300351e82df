"""Writes merged entries: the local layout wherever there is one, upstream's text moved to fit into it elsewhere."""

from __future__ import annotations

from porch.merge.layout import Piece, assembled, flow_text, moved, moved_lines
from porch.merge.tree import Entry, Node


class Writing:
    """For one document, with its line ends."""

    def __init__(self, line_end: str) -> None:
        self.line_end = line_end

    def copied(self, entry: Entry, into: Node) -> Piece:
        """Upstream's entry at a new place in the local collection `into`."""
        same = entry.value.same
        if not into.block:
            return Piece(entry.name, "", flow_text(entry), same)
        if entry.flow:
            text = f"- {entry.body}" if not entry.name else _pair(entry)
            return Piece(entry.name, "", moved(text, into.column + 2, self.line_end) + self.line_end, same)
        delta = into.column - _column(entry)
        return Piece(entry.name, self._lines(entry.head, delta), moved(entry.body, delta, self.line_end), same)

    def head(self, entry: Entry, beside: Entry) -> str:
        """The lines above `entry` in the column of another one."""
        return self._lines(entry.head, _column(beside) - _column(entry))

    def with_value(self, local: Entry, taken: Entry, head: str, beside: str) -> Piece:
        """The local entry with the value of `taken`, itself or upstream's."""
        node = taken.value
        if not node.block:
            own = local.value
            rest = self._comment(beside) + self.line_end if own.block else self._rest(local, beside)
            return Piece(local.name, head, local.label + self._in_line(local, taken) + rest, node.same)
        text = node.text[taken.label_end : taken.end]
        if taken is not local:
            text = moved(text, _column(local) - _column(taken), self.line_end)
        if beside != taken.beside:
            line, _, below = text.partition("\n")
            line = line.rstrip("\r").removesuffix(taken.beside).rstrip()
            text = line + self._comment(beside) + self.line_end + below
        return Piece(local.name, head, local.label + text, node.same)

    def _in_line(self, local: Entry, taken: Entry) -> str:
        """The value of `taken` as it stands behind the label of the local entry."""
        node = taken.value
        gap = "" if taken.flow else node.text[taken.label_end : node.start]
        delta = 2 if taken.flow else _column(local) - _column(taken)
        if taken is local or gap.strip(" "):  # begins on a line below
            return moved(gap + node.text[node.start : node.end], delta, self.line_end)
        own = "" if local.value.block else local.value.text[local.label_end : local.value.start]
        value = moved(node.text[node.start : node.end], delta, self.line_end)
        return (own if own and not own.strip(" ") else " ") + value if value else ""

    def block(self, local: Entry, head: str, beside: str, pieces: list[Piece], same: int) -> Piece:
        """The local entry with these entries in its block."""
        node = local.value
        gap = node.text[local.label_end : node.start]
        inline = "\n" not in gap
        if inline:
            head += pieces[0].head
        else:
            gap = gap[: gap.index("\n") + 1]
            if beside != local.beside:
                gap = gap.rstrip().removesuffix(local.beside).rstrip() + self._comment(beside) + self.line_end
        text = assembled(pieces, node.column, self.line_end, inline=inline)
        return Piece(local.name, head, local.label + gap + text, same)

    def in_line(self, local: Entry, head: str, beside: str, pieces: list[Piece] | None, same: int) -> Piece:
        """The local entry with a flow collection of these entries; None for those that it has."""
        node = local.value
        if node.block:
            text = " " + _flow(node, []) + self._comment(beside) + self.line_end
        else:
            value = node.text[node.start : node.end] if pieces is None else _flow(node, pieces)
            text = node.text[local.label_end : node.start] + value + self._rest(local, beside)
        return Piece(local.name, head, local.label + text, same)

    @staticmethod
    def flow_entry(local: Entry, pieces: list[Piece], same: int) -> Piece:
        """The same within a flow collection."""
        node = local.value
        return Piece(local.name, "", node.text[local.start : node.start] + _flow(node, pieces), same)

    def _rest(self, entry: Entry, beside: str) -> str:
        """What stands behind a value on its line."""
        rest = entry.value.text[entry.value.end : entry.end]
        if beside == entry.beside:
            return rest
        return self._comment(beside) + (self.line_end if rest.endswith("\n") else "")

    @staticmethod
    def _comment(beside: str) -> str:
        return f" {beside}" if beside else ""

    def _lines(self, text: str, delta: int) -> str:
        return moved_lines(text, delta, self.line_end)


def _flow(node: Node, pieces: list[Piece]) -> str:
    opening, closing = "{}" if node.kind == "map" else "[]"
    if not node.block:  # an anchor or tag stands before the bracket
        opening = node.text[node.start : node.text.index(opening, node.start) + 1]
    return opening + ", ".join(piece.body for piece in pieces) + closing


def _pair(entry: Entry) -> str:
    """`key: value`; in a flow mapping the value may be missing, or follow a quoted key at once."""
    text = entry.value.text
    return f"{text[entry.start : entry.label_end]}: {text[entry.value.start : entry.value.end]}".rstrip()


def _column(entry: Entry) -> int:
    return entry.start - (entry.value.text.rfind("\n", 0, entry.start) + 1)
