"""Commit messages: a subject for people and a `kpt:` line that says which package, workspace and task a commit is of.

Written byte for byte as upstream Porch writes them, read as leniently as it reads them: any line of a message that
starts with `kpt:` counts, broken lines are skipped, unknown keys and tasks are ignored.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from porch.types.task import Task

BRANCH_CREATION = "Initial commit: Creating main branch"
RENDER = Task(type="render")
CREATION_TASKS = frozenset({"init", "edit", "clone", "upgrade"})
_SUBJECTS = {
    "init": "Creating new empty revision",
    "edit": "Creating new revision by copying previous revision",
    "clone": "Creating new revision by cloning",
    "upgrade": "Upgrading revision",
    "render": "Rendering package",
    "": "Intermediate commit",
}
# What Go's JSON encoder escapes beside the usual: it is written for HTML.
_GO_ESCAPES = tuple((char.encode(), f"\\u{ord(char):04x}".encode()) for char in "<>&\u2028\u2029")


@dataclass(frozen=True, slots=True)
class Annotation:
    """`package` is the full path. `revision` is text: "0" on drafts, "3" on approvals, "v3" in old histories."""

    package: str
    workspace: str = ""
    revision: str = ""
    task: Task | None = None


class _Line(msgspec.Struct, rename="camel"):
    package: str | None = None
    workspace_name: str | None = None
    revision: str | None = None
    task: msgspec.Raw = msgspec.Raw(b"null")


def draft_message(package: str, workspace: str, task: Task) -> bytes:
    """The message of a commit on a draft. Three newlines stand before the annotation."""
    subject = _SUBJECTS.get(task.type, f"Intermediate commit: {task.type}")
    annotation = Annotation(package, workspace, "0", task if task.type else None)
    return f"{subject}\n\n\n".encode() + annotation_line(annotation)


def approval_message(package: str, workspace: str, number: int) -> bytes:
    """The message of the commit that publishes. Two newlines stand before the annotation."""
    annotation = Annotation(package, workspace, str(number))
    return f"Approving package revision {package}/{number}\n\n".encode() + annotation_line(annotation)


def deletion_message(package: str) -> bytes:
    """The message of the commit that takes a package off the branch."""
    return f"Delete {package}".encode()


def annotation_line(annotation: Annotation) -> bytes:
    fields = {
        "package": annotation.package,
        "workspaceName": annotation.workspace,
        "revision": annotation.revision,
        "task": annotation.task,
    }
    text = msgspec.json.encode({key: value for key, value in fields.items() if value})
    for raw, escaped in _GO_ESCAPES:
        text = text.replace(raw, escaped)
    return b"kpt:" + text + b"\n"


def read_annotations(message: bytes) -> Iterator[Annotation]:
    if b"kpt:" not in message:
        return
    for line in message.split(b"\n"):
        trimmed = line.strip()
        if not trimmed.startswith(b"kpt:"):
            continue
        try:
            read = msgspec.json.decode(trimmed[4:], type=_Line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
        yield Annotation(read.package or "", read.workspace_name or "", read.revision or "", _task(read.task))


def _task(raw: msgspec.Raw) -> Task | None:
    """A task that cannot be read leaves the rest of its annotation standing."""
    try:
        return msgspec.json.decode(raw, type=Task | None)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
