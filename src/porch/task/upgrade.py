"""The upgrade task: the local package with what upstream changed between two of its revisions.

The merge decides file by file; here the Kptfile gets its new upstream and its marks, and edits that could not be kept
side by side are written into a condition of the package: it stays, over later upgrades too, until somebody who has
looked takes it away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast

from porch.krm.kptfile import NAME as KPTFILE
from porch.krm.kptfile import Kptfile, read_summary
from porch.merge import Conflict, OnConflict, Strategy, merge
from porch.repository import Entry
from porch.task.clone import marked, with_upstream
from porch.task.interface import Applied, Content, PackageConfig, Source
from porch.types.packagerevision import PackageCondition
from porch.types.task import UpgradeTask

MERGED = "Merged"
"""The condition's type: False while there are conflicts that nobody has looked at."""
_REASON = "Conflict"
_MAX_MESSAGE = 8 * 1024
_MAX_VALUE = 200


def apply(task: UpgradeTask, package: PackageConfig, sources: Sequence[Source]) -> Applied:
    """Raises Invalid for what cannot be merged."""
    original, upstream, local = sources
    sides = _Sides((original.files, local.files, upstream.files))
    before, ours, theirs = sides.words()
    strategy, rule = (
        cast("Strategy", task.strategy or "resource-merge"),
        cast("OnConflict", package.on_conflict or "ours"),
    )
    result = merge(before, ours, theirs, strategy=strategy, on_conflict=rule)
    conflicts = tuple(map(sides.told, result.conflicts))
    files = marked(with_upstream(sides.files(result.files), package.path, upstream.lock))
    return Applied(_with_condition(files, local, conflicts), conflicts)


class _Sides:
    """The three packages. Files that are only passed on take part in the merge as words, equal for equal files."""

    def __init__(self, sides: Sequence[Content]) -> None:
        self._sides = sides
        self._entries: dict[bytes, Entry] = {}

    def words(self) -> list[dict[str, bytes]]:
        return [
            {path: self._word(file) if isinstance(file, Entry) else file for path, file in side.items()}
            for side in self._sides
        ]

    def _word(self, entry: Entry) -> bytes:
        word = f"\0{entry.mode:o} {entry.blob}".encode()
        self._entries[word] = entry
        return word

    def files(self, words: Mapping[str, bytes]) -> dict[str, bytes | Entry]:
        return {path: self._entries.get(data, data) for path, data in words.items()}

    def told(self, conflict: Conflict) -> Conflict:
        """A conflict about a whole file tells of the file, not of the word for it."""
        if conflict.resource or conflict.field:
            return conflict
        found = [side.get(conflict.file) for side in self._sides]
        values = (conflict.original, conflict.local, conflict.upstream)
        shown = [_shown(file) if isinstance(file, Entry) else value for file, value in zip(found, values, strict=True)]
        return replace(conflict, original=shown[0], local=shown[1], upstream=shown[2])


def _shown(entry: Entry) -> str:
    return f"{entry.size} bytes, git blob {entry.blob}"


def _with_condition(
    files: Mapping[str, bytes | Entry], local: Source, conflicts: Sequence[Conflict]
) -> dict[str, bytes | Entry]:
    """What was not looked at before the upgrade still waits for that, behind what is new."""
    data = files[KPTFILE]
    before = local.files.get(KPTFILE)
    assert isinstance(data, bytes), "the task has just written it"
    unresolved = read_summary(before).conditions if isinstance(before, bytes) else ()
    waiting = [item for item in unresolved if item.type == MERGED and item.status != "True"]
    if not conflicts and not waiting:
        return dict(files)
    root = Kptfile.parse(data)
    lines = [line(conflict) for conflict in conflicts] + [item.message for item in waiting]
    condition = PackageCondition(type=MERGED, status="False", reason=_REASON, message=_bounded(lines))
    others = [item for item in root.summary.conditions if item.type != MERGED]
    return {**files, KPTFILE: root.with_conditions([*others, condition]).data}


def line(conflict: Conflict) -> str:
    """A conflict for people: file, place, the three values, and whose edit stays."""
    place = ": ".join(part for part in (conflict.file, conflict.resource, conflict.field) if part)
    values = (
        f"original {_value(conflict.original)}, local {_value(conflict.local)}, upstream {_value(conflict.upstream)}"
    )
    kept = "local" if conflict.choice == "ours" else "upstream"
    return f"{place}: {conflict.reason}: {values}; kept {kept}"


def _value(text: str | None) -> str:
    if text is None:
        return "absent"
    return text if len(text) <= _MAX_VALUE else f"{text[:_MAX_VALUE]}..."


def _bounded(lines: Sequence[str]) -> str:
    """As many lines as fit, and the number of those that do not."""
    kept: list[str] = []
    for index, text in enumerate(lines):
        if len("\n".join([*kept, text]).encode()) > _MAX_MESSAGE:
            return "\n".join([*kept, f"and {len(lines) - index} more"])
        kept.append(text)
    return "\n".join(kept)
