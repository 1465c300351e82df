"""Two refs that show a revision of the same name: one of them is the revision, and always the same one.

A leftover draft of a published revision has its name, so has a draft that is still in `proposed/` too, and a hand-made
tag `3` beside `v3`. The API can show one object only. Which one must not depend on what was seen first.
"""

from __future__ import annotations

from typing import TypeAlias

from porch.repository import Discovered
from porch.repository.git.refnames import DRAFTS, PROPOSALS, TAGS, marker_name
from porch.store import RevisionRow

Place: TypeAlias = tuple[str, str, str]


def place_of(shown: Discovered | RevisionRow) -> Place:
    """Which showing of a revision it is: its ref, and where below that."""
    return shown.ref, shown.path, shown.workspace


def prevails(one: Discovered | RevisionRow, other: Discovered | RevisionRow) -> bool:
    """Whether `one` of two that have the same name is the one that the API shows."""
    return _rank(one) < _rank(other)


def _rank(shown: Discovered | RevisionRow) -> tuple[int, Place]:
    """Smaller prevails: a tag as Porch makes it, any other tag, the branch, a proposal, a draft."""
    if shown.ref.startswith(TAGS):
        own = marker_name(shown.full_path, shown.revision, shown.workspace)
        kind = 0 if shown.ref == TAGS + own else 1
    else:
        kind = 4 if shown.ref.startswith(DRAFTS) else 3 if shown.ref.startswith(PROPOSALS) else 2
    return kind, place_of(shown)
