"""What a commit message says: an approval, a deletion, the first commit, a draft's commit, or something foreign."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

PORCH = "Package Orchestration Service <porch@kpt.dev>"
FIRST = "Initial commit: Creating main branch"
APPROVING, DELETE = "Approving package revision ", "Delete "
CREATION = ("init", "clone", "edit", "upgrade")
_SUBJECTS = {
    "init": "Creating new empty revision",
    "edit": "Creating new revision by copying previous revision",
    "clone": "Creating new revision by cloning",
    "upgrade": "Upgrading revision",
    "render": "Rendering package",
    "push": "Intermediate commit: push",
    "": "Intermediate commit",
}
_ESCAPES = {char: f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}


@dataclass(frozen=True)
class Note:
    """An annotation; `text` is its JSON as it stands there."""

    text: str
    keys: tuple[str, ...]
    package: str
    workspace: str
    revision: str
    task: Any

    @property
    def kind(self) -> str:
        return str((self.task or {}).get("type", ""))


def notes(message: str) -> list[Note]:
    """The annotations that can be read."""
    found = []
    for line in message.split("\n"):
        if line.startswith("kpt:"):
            try:
                value = json.loads(line[4:])
            except ValueError:
                continue
            found.append(
                Note(
                    line[4:],
                    tuple(value),
                    value.get("package", ""),
                    value.get("workspaceName", ""),
                    value.get("revision", ""),
                    value.get("task"),
                )
            )
    return found


def as_go_writes(value: Any) -> str:
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return "".join(_ESCAPES.get(char, char) for char in text)


def draft_subject(kind: str) -> str:
    return _SUBJECTS.get(kind, "")


def expected(note: Note) -> str:
    """The whole message of a commit with this annotation. Without a task it is an approval."""
    if note.revision == "0":
        return f"{draft_subject(note.kind)}\n\n\nkpt:{note.text}\n"
    return f"{APPROVING}{note.package}/{note.revision}\n\nkpt:{note.text}\n"
