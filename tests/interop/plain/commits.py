"""Rules for single commits."""

from __future__ import annotations

import json
from collections.abc import Iterator

from tests.interop.plain.messages import CREATION, DELETE, FIRST, PORCH, Note, as_go_writes, expected, notes
from tests.interop.plain.objects import FILE, Bare, Commit
from tests.interop.plain.rules import Finding

_HEADERS = ("tree", "parent", "author", "committer")


def check_commit(bare: Bare, commit: Commit) -> Iterator[Finding]:
    """Nothing is asked of commits that others made without an annotation."""
    annotations = notes(commit.message)
    by_porch = commit.committer == PORCH
    if not annotations and not by_porch:
        return
    yield from _identity(commit, by_porch=by_porch)
    if commit.subject == FIRST:
        yield from _first(bare, commit)
    elif commit.subject.startswith(DELETE) and not annotations:
        yield from _deletion(bare, commit)
    elif len(annotations) != 1 or commit.message.count("kpt:") != 1:
        yield Finding("annotation", commit.subject, f"{len(annotations)} annotations can be read")
    else:
        yield from _annotated(bare, commit, annotations[0])


def _identity(commit: Commit, *, by_porch: bool) -> Iterator[Finding]:
    name, _, address = commit.author.rstrip(">").partition(" <")
    if not by_porch:
        yield Finding("committer", commit.subject, commit.committer)
    elif not name or not address or commit.at[0] != commit.at[1]:
        yield Finding("committer", commit.subject, f"{commit.author} {commit.at}")
    if commit.headers != ("tree", *["parent"] * len(commit.parents), "author", "committer"):
        yield Finding("headers", commit.subject, " ".join(commit.headers))


def _first(bare: Bare, commit: Commit) -> Iterator[Finding]:
    files = {path: bare.object(entry.id)[1] for path, entry in bare.files(commit.tree)}
    if (
        commit.message != FIRST
        or commit.parents
        or commit.author != PORCH
        or files != {"README.md": b"Created by porch"}
    ):
        yield Finding("first-commit", commit.subject)


def _deletion(bare: Bare, commit: Commit) -> Iterator[Finding]:
    package = commit.subject[len(DELETE) :]
    if commit.message != DELETE + package or len(commit.parents) != 1:
        yield Finding("deletion", commit.subject, "message or parents")
    elif bare.at(commit.id, package) or _outside(bare, commit.parents[0], commit, package):
        yield Finding("deletion", commit.subject, "the tree")


def _annotated(bare: Bare, commit: Commit, note: Note) -> Iterator[Finding]:
    if commit.message != expected(note):
        yield Finding("subject", commit.subject)
    keys = ["package", "workspaceName", "revision", *(["task"] if note.task else [])]
    if list(note.keys) != keys or as_go_writes(json.loads(note.text)) != note.text:
        yield Finding("annotation", commit.subject, note.text)
    if note.revision == "0":
        yield from _draft(bare, commit, note)
    else:
        yield from _approval(bare, commit, note)
    folder = bare.at(commit.id, note.package)
    kptfile = bare.at(commit.id, f"{note.package}/Kptfile")
    if folder is None or kptfile is None or kptfile.mode != FILE:
        yield Finding("kptfile", commit.subject, note.package)


def _draft(bare: Bare, commit: Commit, note: Note) -> Iterator[Finding]:
    if len(commit.parents) > 1:
        yield Finding("draft-tree", commit.subject, "more than one parent")
        return
    before = commit.parents[0] if commit.parents else ""
    if other := _outside(bare, before, commit, note.package):
        yield Finding("draft-tree", commit.subject, other)
    if not (before and _is_draft(bare.commit(before), note)) and note.kind not in CREATION:
        yield Finding("first-task", commit.subject, note.kind)
    folder = bare.at(commit.id, note.package)
    for path, entry in bare.files(folder.id) if folder else ():
        was = bare.at(before, f"{note.package}/{path}") if before else None
        if entry.mode != FILE and not (was and was.mode == entry.mode):
            yield Finding("mode", commit.subject, f"{note.package}/{path} is {entry.mode}")


def _approval(bare: Bare, commit: Commit, note: Note) -> Iterator[Finding]:
    if len(commit.parents) != 2:
        yield Finding("approval-parents", commit.subject, f"{len(commit.parents)} parents")
        return
    before, draft = (bare.commit(parent) for parent in commit.parents)
    if not _is_draft(draft, note) or _is_draft(before, note):
        yield Finding("approval-parents", commit.subject, f"{before.subject}, {draft.subject}")
    if bare.at(commit.id, note.package) != bare.at(draft.id, note.package):
        yield Finding("approval-tree", commit.subject, "the package is not the draft's")
    if other := _outside(bare, before.id, commit, note.package):
        yield Finding("approval-tree", commit.subject, other)


def _is_draft(commit: Commit, note: Note) -> bool:
    """Whether it is a commit of the draft that `note` is about."""
    return any(
        (item.package, item.workspace, item.revision) == (note.package, note.workspace, "0")
        for item in notes(commit.message)
    )


def _outside(bare: Bare, before: str, commit: Commit, package: str) -> str:
    """A path outside of the package that differs from the commit before; empty when there is none."""
    trees = bare.commit(before).tree if before else "", commit.tree
    return next((path for path in bare.differing(*trees) if not path.startswith(f"{package}/")), "")
