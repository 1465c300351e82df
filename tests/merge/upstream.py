"""Upstream's own results for a hundred small upgrades (tests/fixtures/upgrade), and ours where they differ.

`python -m tests.merge.upstream` writes ours.jsonl anew; what changes in it is a change for users, to be looked at and
explained in docs/merge.md.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from porch.merge import LocalChanges, OnConflict, Strategy, merge

_DIRECTORY = Path(__file__).parents[1] / "fixtures" / "upgrade"


@dataclass(frozen=True)
class Outcome:
    """Of a merge: files, or why there are none, and the conflicts as sentences."""

    files: dict[str, str] = field(default_factory=dict)
    error: str = ""
    conflicts: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Case:
    strategy: Strategy
    name: str
    original: dict[str, str]
    local: dict[str, str]
    upstream: dict[str, str]
    expected: dict[str, str] | None = None
    """None when upstream failed."""
    error: str = ""
    lost: tuple[str, ...] = ()
    """Local edits that upstream drops without a word."""

    def __str__(self) -> str:
        return f"{self.strategy}/{self.name}"

    def outcome(self, on_conflict: OnConflict) -> Outcome:
        sides = [
            {path: text.encode() for path, text in side.items()} for side in (self.original, self.local, self.upstream)
        ]
        try:
            result = merge(*sides, strategy=self.strategy, on_conflict=on_conflict)
        except LocalChanges as error:
            return Outcome(error=error.message)
        files = {path: data.decode() for path, data in result.files.items()}
        return Outcome(files, conflicts=[str(item) for item in result.conflicts])


def cases() -> list[Case]:
    rows: list[dict[str, Any]] = [json.loads(line) for line in (_DIRECTORY / "cases.jsonl").read_bytes().splitlines()]
    return [Case(**{"name" if key == "case" else key: value for key, value in row.items()}) for row in rows]


def ours() -> dict[str, dict[OnConflict, Outcome]]:
    """By case, only those that end differently than upstream's."""
    rows = [json.loads(line) for line in (_DIRECTORY / "ours.jsonl").read_bytes().splitlines()]
    return {
        row["case"]: {choice: Outcome(**row[choice]) for choice in ("ours", "theirs") if choice in row} for row in rows
    }


def _write() -> None:
    lines = []
    for case in cases():
        row: dict[str, Any] = {"case": str(case)}
        for choice in _CHOICES:
            outcome = case.outcome(choice)
            if outcome.files != case.expected or outcome.conflicts:
                row[choice] = outcome.__dict__
        if len(row) > 1:
            lines.append(json.dumps(row, ensure_ascii=False))
    (_DIRECTORY / "ours.jsonl").write_text("".join(f"{line}\n" for line in lines))


_CHOICES: tuple[OnConflict, ...] = ("ours", "theirs")

if __name__ == "__main__":
    _write()
