"""The three-way merge of the comments of one resource: above an entry, beside it, and below the last one.

A comment belongs to the entry that it stands at, so one whose entry got another neighbour may seem to be a new comment
somewhere else: `# why` above `- name: a` belongs to the item, but to the name once another key is the first. Where one
side moved a comment like that and the other removed it, neither may win in silence.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TypeAlias

from porch.merge.interface import Sides
from porch.merge.layout import moved_lines
from porch.merge.report import COMMENT, Report
from porch.merge.tree import Entry, comments
from porch.merge.writing import Writing

MERGE_COMMENT = "kpt-merge:"
Three: TypeAlias = tuple[Entry | None, Entry, Entry | None]
"""The original, local and upstream entry of a place that is there locally."""
_ANY_COMMENT = re.compile(r"(?:^|[ \t])(#[^\r\n]*)", re.MULTILINE)


def removed(texts: Sides[str]) -> frozenset[str]:
    """The comments of the original that one side has nowhere any more, and the other has without another copy."""
    if "#" not in texts.original:
        return frozenset()
    counts = texts.each(lambda text: Counter(found.rstrip() for found in _ANY_COMMENT.findall(text)))
    before, ours, theirs = counts
    return frozenset(
        comment
        for comment, count in before.items()
        if (ours[comment] == 0) != (theirs[comment] == 0) and max(ours[comment], theirs[comment]) <= count
    )


class CommentMerge:
    """Merges the comments of one resource. `removed` are those that one side has removed from it."""

    def __init__(self, report: Report, place: tuple[str, str], removed: frozenset[str], writing: Writing) -> None:
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
            if not self._moved_here(original, changed):
                return changed
            reason = "one side moved the comment, the other removed it"
        values: Sides[str | None] = sides.each(lambda text: text or None)
        choice = self._report.add((*self._place, path + COMMENT), values, reason)
        return local if choice == "ours" else upstream

    def no_place(self, original: Entry | None, upstream: Entry, path: str) -> None:
        """Local text in flow style has none, so what upstream commented there is left out and said."""
        if upstream.full != upstream.value.same and (original is None or original.full != upstream.full):
            texts = Sides(original, None, upstream).each(lambda entry: entry.head + entry.body if entry else None)
            reason = "no place for upstream's comment in flow style"
            self._report.add((*self._place, path + COMMENT), texts, reason, "ours")

    def _moved_here(self, original: str, changed: str) -> bool:
        """Whether a comment came here from another place, where the other side has removed it."""
        lines = {line.rstrip() for line in changed.split("\n")} - {line.rstrip() for line in original.split("\n")}
        return not self._removed.isdisjoint(lines)
