"""The three-way merge of the comments of one resource: above an entry, beside it, and below the last one.

A comment belongs to the entry that it stands at, so one whose entry got another neighbour may seem to be a new comment
somewhere else: `# why` above `- name: a` belongs to the item, but to the name once another key is the first. Where one
side moved a comment like that and the other removed it, neither may win in silence.
"""

from __future__ import annotations

from collections import Counter
from typing import TypeAlias

from porch.merge.interface import Sides
from porch.merge.layout import moved_lines
from porch.merge.moved import MOVED, Removed, counted
from porch.merge.report import COMMENT, Report
from porch.merge.tree import Entry, comments
from porch.merge.writing import Writing

MERGE_COMMENT = "kpt-merge:"
Three: TypeAlias = tuple[Entry | None, Entry, Entry | None]
"""The original, local and upstream entry of a place that is there locally."""


class CommentMerge:
    """Merges the comments of one resource. `removed` are those that one side has removed."""

    def __init__(self, report: Report, place: tuple[str, str], removed: Removed, writing: Writing) -> None:
        self._report = report
        self._place = place
        self._removed = removed
        self._writing = writing

    def head(self, three: Three, path: str) -> tuple[str, str]:
        """The comments above the merged entry, and the lines."""
        original, local, upstream = three
        if upstream is None:
            return local.above, local.head
        above = self.merged(Sides(original.above if original else "", local.above, upstream.above), path)
        return above, local.head if above == local.above else self._writing.head(upstream, local)

    def beside(self, three: Three, path: str) -> str:
        original, local, upstream = three
        if upstream is None or MERGE_COMMENT in local.beside:
            return local.beside
        return self.merged(Sides(original.beside if original else "", local.beside, upstream.beside), path)

    def foot(self, sides: Sides[str]) -> str:
        texts = sides.each(comments)
        if self.merged(texts, "") == texts.local:
            return sides.local
        return moved_lines(sides.upstream, 0, self._writing.line_end)

    def merged(self, sides: Sides[str], path: str) -> str:
        original, local, upstream = sides
        if local == upstream:
            return local
        reason = "both changed the comment"
        if original in {local, upstream}:
            changed = upstream if local == original else local
            if not self._removed.arrived(original, changed):
                return changed
            reason = MOVED
        values: Sides[str | None] = sides.each(lambda text: text or None)
        choice = self._report.add((*self._place, path + COMMENT), values, reason)
        return local if choice == "ours" else upstream

    def no_place(self, original: Entry | None, upstream: Entry, path: str) -> None:
        """Local text in flow style has none, so what upstream commented there is left out and said."""
        if upstream.full != upstream.value.same and (original is None or original.full != upstream.full):
            texts = Sides(original, None, upstream).each(lambda entry: entry.head + entry.body if entry else None)
            reason = "no place for upstream's comment in flow style"
            self._report.add((*self._place, path + COMMENT), texts, reason, "ours")

    def came_into(self, original: Entry | None, changed: Entry, *, beside: bool = False) -> bool:
        """Whether a comment that the other side removed is within an entry that is taken whole. The one beside it is
        merged by itself, unless it is to be looked at, too.
        """
        return self._removed.has_any(_within(changed, beside) - (_within(original, beside) if original else Counter()))


def _within(entry: Entry, beside: bool) -> Counter[str]:
    found = counted(entry.value.text[entry.label_end : entry.end])
    return found if beside or not entry.beside else found - Counter([entry.beside.rstrip()])
