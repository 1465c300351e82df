"""A draft of a package revision: a chain of commits in memory, on the head of a branch or of an earlier draft.

`update_resources` makes one commit; nothing is written until the repository plans the draft. Big content goes to a
worker process, which writes it into the mirror as a pack; only the ids come back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from porch.errors import BadRequest, Conflict, FieldError, Invalid, NotFound, invalid, required
from porch.keys import PACKAGE_REVISION_RESOURCES, PackageKey, RepositoryKey, RevisionKey, join_path
from porch.krm.paths import collisions, path_problem
from porch.repository.git.address import PORCH
from porch.repository.git.annotations import CREATION_TASKS, draft_message
from porch.repository.git.mirror import BIG, Mirror
from porch.repository.git.objects import (
    BLOB,
    COMMIT,
    EXECUTABLE,
    FILE,
    LINK,
    SUBMODULE,
    NewObjects,
    Signature,
    encode_commit,
    object_id,
)
from porch.repository.git.refnames import draft_ref
from porch.repository.git.times import timestamp
from porch.repository.git.transfer import copy_objects, objects_of
from porch.repository.git.trees import replace_directory, write_package
from porch.repository.interface import Author, Content, Discovered, Entry, Files, NewFile, StoredEarly
from porch.types.packagerevision import DRAFT, PROPOSED
from porch.types.task import Task

KPTFILE = "Kptfile"
_BATCH_BYTES = 8 * 1024 * 1024
_NO_TEXT = re.compile("[\ud800-\udfff]")  # what a byte that is no UTF-8 became


@dataclass(frozen=True, slots=True)
class Workshop:
    """What drafts of one repository share. `store_blobs` writes big contents and returns their ids."""

    repository: RepositoryKey
    mirror: Mirror
    directory: str
    clock: Callable[[], float]
    store_blobs: Callable[[Sequence[bytes]], Sequence[str]]


class GitDraft:
    """See `PackageRevisionDraft`. `base` is what the first commit follows, empty for a root commit."""

    def __init__(self, workshop: Workshop, author: Author, base: str, start: Discovered, *, existing: bool) -> None:
        self._workshop = workshop
        self._author = author
        self.current = start if existing else None
        self.result = start
        self.objects = NewObjects()
        self.stored_elsewhere = False
        self._head = base
        self._root = workshop.mirror.commit(base).tree if base else ""
        self._entries = workshop.mirror.entries(start.tree) if existing else {}
        self._files: Mapping[str, Entry] = self._entries
        self._known: set[str] = set()
        """Paths that are in the repository already: whatever is wrong with them, it is not new."""

    @property
    def entries(self) -> Mapping[str, Entry]:
        return self._entries

    @property
    def tree(self) -> str:
        return self.result.tree

    def update_lifecycle(self, lifecycle: str) -> None:
        if lifecycle not in {DRAFT, PROPOSED}:
            raise BadRequest(f'invalid new lifecycle value: "{lifecycle}"')
        ref = draft_ref(lifecycle, self.result.full_path, self.result.workspace)
        self.result = replace(self.result, lifecycle=lifecycle, ref=ref)

    def update_resources(self, files: Files, task: Task) -> None:
        self._validate(files)
        self._files = self._store(files)
        tree = write_package(self.objects, self._files)
        result = self.result
        mirror = self._workshop.mirror
        self._root = replace_directory(mirror, self.objects, self._root, result.full_path, tree)
        now = int(self._workshop.clock())
        self._head = self._commit(draft_message(result.full_path, result.workspace, task), now)
        self.result = replace(
            result,
            commit=self._head,
            tree=tree,
            kptfile=self._content(files[KPTFILE]),
            created_at=result.created_at or timestamp(now),
            task=result.task or (task if task.type in CREATION_TASKS else None),
        )

    def _commit(self, message: bytes, now: int) -> str:
        author = Signature(self._author.name, self._author.email, now)
        committer = Signature(PORCH.name, PORCH.email, now)
        parents = [self._head] if self._head else []
        return self.objects.add(COMMIT, encode_commit(self._root, parents, author, committer, message))

    def _validate(self, files: Files) -> None:
        errors = [] if KPTFILE in files else [required("spec.resources", "package must contain Kptfile at root")]
        known = self._known | self._files.keys()
        errors += [_wrong(path, problem) for path in files if path not in known if (problem := path_problem(path))]
        if not errors and not self._files.keys() >= files.keys():  # what is there can be together
            clashes = collisions(files, known)
            errors = [_wrong(path, problem) for path, problem in clashes]
        if errors:
            package = PackageKey(self._workshop.repository, self.result.path)
            name = RevisionKey(package, self.result.workspace).name
            raise Invalid.of(PACKAGE_REVISION_RESOURCES.group, "PackageRevisionResources", name, errors[:20])

    def adopt(self, source: Content, entries: Mapping[str, Entry]) -> Files:
        theirs, ours = objects_of(source), self._workshop.mirror.path
        if theirs == ours:
            self._known |= entries.keys()
            return entries
        blobs = {path: entry for path, entry in entries.items() if entry.mode != SUBMODULE}
        if theirs and sum(entry.size for entry in blobs.values()) > BIG:
            copy_objects(theirs, ours, {entry.blob for entry in blobs.values()})
            self.stored_elsewhere = True
            return entries
        contents = source.read_blobs([entry.blob for entry in blobs.values()])
        read = {path: NewFile(blobs[path].mode, data) for path, data in zip(blobs, contents, strict=True)}
        return {path: read.get(path, entry) for path, entry in entries.items()}

    def _store(self, files: Files) -> dict[str, Entry]:
        """Every file as an entry: new contents become blobs, and keep the mode of the file that they replace."""
        stored = {path: file for path, file in files.items() if isinstance(file, Entry)}
        self.stored_elsewhere |= any(isinstance(file, StoredEarly) for file in stored.values())
        fresh = {path: _data(file) for path, file in files.items() if not isinstance(file, Entry)}
        for path, blob in self._store_blobs(fresh).items():
            file, size = files[path], len(fresh[path])
            stored[path] = Entry(file.mode, blob, size) if isinstance(file, NewFile) else self._entry(path, blob, size)
        return stored

    def _store_blobs(self, fresh: Mapping[str, bytes]) -> dict[str, str]:
        if sum(map(len, fresh.values())) > BIG:
            self.stored_elsewhere = True
            stored = (self._workshop.store_blobs(batch) for batch in _batches(fresh.values()))
            return dict(zip(fresh, chain.from_iterable(stored), strict=True))
        known = {entry.blob for entry in self._entries.values()}
        blobs = {path: object_id(BLOB, data) for path, data in fresh.items()}
        for path, blob in blobs.items():
            if blob not in known:
                self.objects.add(BLOB, fresh[path])
        return blobs

    def _entry(self, path: str, blob: str, size: int) -> Entry:
        return Entry(mode_beside(self._files.get(path), blob), blob, size)

    def _content(self, file: bytes | NewFile | Entry) -> bytes:
        if not isinstance(file, Entry):
            return _data(file)
        made = self.objects.get(file.blob)
        return made[1] if made else self._workshop.mirror.read_as(BLOB, file.blob)


def mode_beside(before: Entry | None, blob: str) -> int:
    """The mode of a content that takes the place of `before`. Links and submodules stay only as they are; changed, they
    become plain files, so none can be made here.
    """
    keeps = before is not None and (before.mode == EXECUTABLE or (before.mode == LINK and before.blob == blob))
    return before.mode if before is not None and keeps else FILE


def _batches(contents: Iterable[bytes]) -> Iterator[list[bytes]]:
    """As many as a worker shall have at once: each is copied on the way to it."""
    batch: list[bytes] = []
    size = 0
    for data in contents:
        if batch and size + len(data) > _BATCH_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(data)
        size += len(data)
    yield batch


def _data(file: bytes | NewFile) -> bytes:
    return file.data if isinstance(file, NewFile) else file


def _wrong(path: str, problem: str) -> FieldError:
    text = _NO_TEXT.sub("\ufffd", path)
    shown = text if len(text) <= 200 else f"{text[:200]}..."
    return invalid(f"spec.resources[{shown}]", shown, problem)


def new_draft(workshop: Workshop, base: str, path: str, workspace: str, author: Author) -> GitDraft:
    full_path = join_path(workshop.directory, path)
    ref = draft_ref(DRAFT, full_path, workspace)
    start = Discovered(path, full_path, workspace, 0, DRAFT, ref, "", "", b"", "")
    return GitDraft(workshop, author, base, start, existing=False)


def existing_draft(workshop: Workshop, current: Discovered, author: Author) -> GitDraft:
    if current.lifecycle not in {DRAFT, PROPOSED}:
        raise BadRequest("cannot update lifecycle for draft package revision: it is published")
    try:
        return GitDraft(workshop, author, current.commit, current, existing=True)
    except NotFound as error:
        raise Conflict(f"the content of {current.ref} is not here yet; try again after a synchronisation") from error
