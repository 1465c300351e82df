"""Comments that one side has removed while the other has them somewhere else now.

Both cannot have their way, so such a comment must neither come back nor go in silence, wherever it went: to another
field, into a value that is merged as a whole, to another document, or to another file. Where it was is looked at three
times, within the package, the file and the resource: what is one of many in the package may be the only one in its
resource.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from porch.merge.interface import Sides

MOVED = "one side moved the comment, the other removed it"
_COMMENT = re.compile(r"(?:^|[ \t])(#[^\r\n]*)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Removed:
    comments: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.comments)

    def within(self, texts: Sides[str]) -> Removed:
        """With those that were removed from these texts, and without those that have nothing to do with them."""
        found = _removed(texts)
        if self.comments:
            arrived = {*self.arrived(texts.original, texts.local), *self.arrived(texts.original, texts.upstream)}
            found |= frozenset(arrived)
        return Removed(found)

    def arrived(self, original: str, changed: str) -> list[str]:
        """Those that have come into a text."""
        if not self.comments or "#" not in changed:
            return []
        return [comment for comment in counted(changed) - counted(original) if comment in self.comments]

    def has_any(self, comments: Collection[str]) -> bool:
        return not self.comments.isdisjoint(comments)


def removed_from(files: Sides[Mapping[str, bytes]]) -> Removed:
    """By one side, from all YAML files of a package. Files that nobody changed decide nothing."""
    paths = [
        path
        for path in files.original
        if path.endswith((".yaml", ".yml", "Kptfile"))
        and not _is_same(files.each(lambda side, name=path: side.get(name)))  # type: ignore[misc]
    ]
    if not any(b"#" in files.original[path] for path in paths):
        return Removed()
    others = [
        path for path in {*files.local, *files.upstream} - files.original.keys() if path.endswith((".yaml", ".yml"))
    ]
    return Removed(_removed(files.each(lambda side: "\n".join(text_of(side.get(path)) for path in [*paths, *others]))))


def text_of(data: bytes | None) -> str:
    """Only to look for comments: what is no text stays so."""
    return (data or b"").decode("utf-8", "replace")


def counted(text: str) -> Counter[str]:
    """The comments of a text, and how often each is in it."""
    return Counter(found.rstrip() for found in _COMMENT.findall(text)) if "#" in text else Counter()


def _removed(texts: Sides[str]) -> frozenset[str]:
    """The comments of the original that one side has nowhere any more, and the other has without another copy."""
    if "#" not in texts.original:
        return frozenset()
    before, ours, theirs = texts.each(counted)
    return frozenset(
        comment
        for comment, count in before.items()
        if (ours[comment] == 0) != (theirs[comment] == 0) and max(ours[comment], theirs[comment]) <= count
    )


def _is_same(sides: Sides[bytes | None]) -> bool:
    return sides.original == sides.local == sides.upstream
