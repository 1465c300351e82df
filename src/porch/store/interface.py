"""The Store port: one sequence, one table of versions, the index of package revisions, and intents.

Every write of an object adds one *version*; its number is the object's resourceVersion and its place in the event log.
A version is visible at N when it is not newer than N and nothing newer than it, up to N, superseded it. So the same
rows are the current state, its history, and what watchers read. Numbers are allotted in commit order.

*State* is what git has no place for: objects of other kinds, user metadata of package revisions, open intents, the
sequence. The *index* (package revisions, their versions, the refs last seen) is derived from git and may be dropped.

Reads may run on any thread. Writes go through `Store.commit`, which runs `work` inside one durable transaction: when it
returns, the data survive a power cut; when `work` raises, nothing of it is kept. Work of several threads may share one
fsync, so `work` must be short, must not block, and may be run again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from porch.keys import PACKAGE_REVISIONS, PACKAGES, ObjectKey, RepositoryKey
from porch.types.selectors import EVERYTHING, Selector

T = TypeVar("T")

ANY_OWNER = "*"
DERIVED = (str(PACKAGE_REVISIONS), str(PACKAGES))
"""Resources whose objects are made from git, and go with the index."""
JUMP = 10_000_000_000
"""How far `Store.jump` moves the sequence: more numbers than a server gives out between a backup and its loss."""


@dataclass(frozen=True, slots=True)
class NewVersion:
    """An object as it shall be. `tail` is its JSON behind the resourceVersion's digits (see types.kind), `fields`
    its selectable fields besides `metadata.name` and `metadata.namespace`, `alias` a second name to find it by,
    `owners` the uids of its owner references.
    """

    key: ObjectKey
    uid: str
    tail: bytes
    alias: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    owners: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """One version. A tombstone (`deleted`) carries the last state and the deletion's version number."""

    key: ObjectKey
    version: int
    uid: str
    tail: bytes
    alias: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)
    deleted: bool = False
    owners: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of the event log. `previous` is None for a creation; selectors need it to tell a change into or out
    of what they select.
    """

    current: StoredVersion
    previous: StoredVersion | None


@dataclass(frozen=True, slots=True)
class Query:
    """One page of current (or, with `at`, past) objects of a resource, ordered by namespace, then name.

    `namespace` None means all. `after` is the last (namespace, name) of the page before. `limit` 0 means no limit.
    `owner` leaves only objects that the object with this uid owns; ANY_OWNER those that are owned at all.
    """

    resource: str
    namespace: str | None = None
    labels: Selector = EVERYTHING
    fields: Selector = EVERYTHING
    at: int | None = None
    after: tuple[str, str] | None = None
    limit: int = 0
    owner: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """`version` is the state that was read. `more` says that objects follow."""

    items: Sequence[StoredVersion]
    version: int
    more: bool = False


class VersionReader(Protocol):
    def version(self) -> int:
        """The newest version number; 0 in an empty store."""
        ...

    def get(self, key: ObjectKey) -> StoredVersion | None:
        """The current version, never a tombstone."""
        ...

    def named(self, resource: str, namespace: str, alias: str) -> Sequence[StoredVersion]:
        """Current objects whose alias this is; more than one means that the alias is ambiguous."""
        ...

    def list(self, query: Query) -> Page:
        """Raises Expired when `query.at` was compacted away. Its cost follows the page, not what is stored, where a
        selector is selective or selects most objects.
        """
        ...

    def count(self, resource: str, namespace: str | None) -> int:
        """How many current objects there are. Kept beside them, so it costs the same for any number."""
        ...

    def changes(self, resource: str, after: int, limit: int) -> Sequence[Change]:
        """Log entries of one resource with a version above `after`, oldest first. Raises Expired when some of them
        were compacted away, or the resource's index was dropped since.
        """
        ...


class VersionWriter(VersionReader, Protocol):
    def put(self, new: NewVersion) -> StoredVersion:
        """Adds the next version of the object, creating it if need be. Callers compare resourceVersions first."""
        ...

    def delete(self, key: ObjectKey) -> StoredVersion:
        """Adds a tombstone with the last state and returns it. Raises KeyError when there is no such object."""
        ...


@dataclass(frozen=True, slots=True)
class RevisionRow:
    """A package revision in the index. One row for each object; `name` is the API object's name.

    `location` identifies the git repository behind it, equal for all Repositories with the same URL. `path` is the
    package path, `full_path` has the Repository's directory in front. `tree` is the git tree of the package.
    `content_version` is the version at which content or lifecycle last changed: the resourceVersion of
    PackageRevisionResources.
    """

    namespace: str
    name: str
    repository: str
    location: str
    path: str
    full_path: str
    workspace: str
    revision: int
    lifecycle: str
    ref: str
    commit: str
    tree: str
    content_version: int = 0
    latest: bool = False


class RevisionReader(Protocol):
    """Queries of the index. Each is one indexed statement."""

    def get(self, namespace: str, name: str) -> RevisionRow | None: ...

    def of_repository(self, repository: RepositoryKey) -> Sequence[RevisionRow]: ...

    def at_refs(self, repository: RepositoryKey, refs: Iterable[str]) -> Sequence[RevisionRow]:
        """The revisions of a Repository that these refs show."""
        ...

    def count(self, repository: RepositoryKey) -> int: ...

    def of_package(self, repository: RepositoryKey, path: str) -> Sequence[RevisionRow]: ...

    def overlapping(self, location: str, full_path: str) -> Sequence[RevisionRow]:
        """Revisions at `location` whose package is `full_path`, above it or below it (whole segments)."""
        ...

    def refs(self, mirror: str) -> dict[str, str]:
        """The refs of a mirror when it was last indexed: full ref name to 40 hex digits."""
        ...

    def targets(self, mirror: str, refs: Iterable[str]) -> dict[str, str]:
        """As `refs`, of these refs only; those that the mirror lacked are left out."""
        ...

    def refs_below(self, mirror: str, path: str) -> Sequence[str]:
        """The known refs below `path`, like those below `refs/tags/a/b`."""
        ...

    def clashing_ref(self, mirror: str, ref: str) -> str | None:
        """A known ref that git cannot have beside `ref`: `a/b` and `a/b/c` exclude each other."""
        ...

    def user_metadata(self, namespace: str, name: str) -> bytes | None:
        """What users put on a package revision (JSON, opaque here), by its dotted name. State, not index."""
        ...

    def with_user_metadata(self, repository: RepositoryKey) -> Sequence[str]:
        """The dotted names of a Repository's package revisions that have user metadata, indexed or not."""
        ...

    def vanished_since(self, namespace: str, name: str) -> int | None:
        """Since when (Unix seconds) user metadata is kept for a package revision that is not there any more; None when
        there is none, or the revision is there.
        """
        ...


class RevisionWriter(RevisionReader, Protocol):
    def put(self, row: RevisionRow) -> None: ...

    def delete(self, namespace: str, name: str) -> None: ...

    def put_refs(self, mirror: str, moved: Mapping[str, str | None]) -> None:
        """Records refs as indexed; None removes one."""
        ...

    def put_user_metadata(self, namespace: str, name: str, metadata: bytes | None) -> None:
        """Replaces it, or removes it with None. Its package revision counts as being there."""
        ...

    def set_vanished(self, namespace: str, names: Iterable[str], when: int | None) -> None:
        """Package revisions are gone since `when` (Unix seconds), or are there again (None). The first time that is
        given stays; names without user metadata are left out.
        """
        ...

    def drop_vanished(self, before: int) -> Sequence[tuple[str, str]]:
        """Removes the user metadata of package revisions that vanished before this time; their namespaces and names."""
        ...


@dataclass(frozen=True, slots=True)
class RefMove:
    """One compare-and-swap of a ref. Ids are 40 hex digits; an empty `old` means absent, an empty `new` deletes."""

    ref: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Intent:
    """The redo record of one move of refs. `payload` is what finishes it (opaque here); `pack` the new objects of a
    hosted repository. `applied` means: refs moved and indexed, kept only until the files are synced to disk.
    """

    id: str
    repository: RepositoryKey
    mirror: str
    moves: tuple[RefMove, ...]
    payload: bytes
    pack: bytes = b""
    applied: bool = False


class IntentReader(Protocol):
    def all(self) -> Sequence[Intent]:
        """Oldest first."""
        ...

    def open(self) -> Sequence[Intent]:
        """Those that are not applied yet, oldest first."""
        ...

    def applied(self) -> Sequence[str]:
        """The ids of those that are."""
        ...

    def is_open(self, intent_id: str) -> bool:
        """Whether there is such an intent, not applied yet."""
        ...

    def moving(self, mirror: str, refs: Iterable[str]) -> set[str]:
        """Which of these refs an intent moves that is not applied yet."""
        ...


class IntentWriter(IntentReader, Protocol):
    def add(self, intent: Intent) -> None: ...

    def mark_applied(self, intent_id: str) -> None: ...

    def remove(self, intent_ids: Iterable[str]) -> None: ...


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of rendering a package: of exactly the files of `tree`."""

    tree: str
    succeeded: bool
    functions: tuple[tuple[str, str], ...]
    """The code that ran: image and digest of each function, in the order of running."""
    status: bytes
    """JSON, what clients are told of it; empty when no function ran."""
    when: int
    """Unix time."""


@dataclass(frozen=True, slots=True)
class Operation:
    """A render that takes long, of the package revision `name`."""

    id: str
    namespace: str
    name: str


class RenderReader(Protocol):
    """State that may be lost: then packages are rendered once more."""

    def verdict(self, tree: str) -> Verdict | None:
        """The last one of this tree."""
        ...

    def operations(self) -> Sequence[Operation]:
        """Those that were begun and not ended."""
        ...


class RenderWriter(RenderReader, Protocol):
    def put_verdict(self, verdict: Verdict) -> None:
        """In the place of an earlier one of the same tree."""
        ...

    def drop_verdicts(self, before: int) -> int:
        """Forgets those of trees that no package revision has, from before this Unix time; how many."""
        ...

    def begin(self, operation: Operation) -> None: ...

    def end(self, operation_id: str) -> None: ...


class Reads(Protocol):
    """One consistent snapshot."""

    @property
    def versions(self) -> VersionReader: ...
    @property
    def revisions(self) -> RevisionReader: ...
    @property
    def intents(self) -> IntentReader: ...
    @property
    def renders(self) -> RenderReader: ...


class Transaction(Protocol):
    """Reads see this transaction's own writes."""

    @property
    def versions(self) -> VersionWriter: ...
    @property
    def revisions(self) -> RevisionWriter: ...
    @property
    def intents(self) -> IntentWriter: ...
    @property
    def renders(self) -> RenderWriter: ...


class Store(Protocol):
    def read(self) -> AbstractContextManager[Reads]:
        """A snapshot for the calling thread. Cheap; no lock is held. Raises ServiceUnavailable when the store cannot
        be reached.
        """
        ...

    def commit(self, work: Callable[[Transaction], T]) -> T:
        """Runs `work` in a durable transaction and returns its result; the listeners hear of its changes, in commit
        order, before it returns. Raises what `work` raises, or ServiceUnavailable (disk full, closed).
        """
        ...

    def on_commit(self, listener: Callable[[Sequence[Change]], None]) -> None:
        """Calls `listener` on the writer's thread after each commit with its changes. It must not block or raise."""
        ...

    def drop_index(self) -> None:
        """Forgets everything that is derived from git. State, user metadata included, stays; readers of the dropped
        log get Expired; the sequence goes on.
        """
        ...

    def jump(self) -> int:
        """Moves the sequence JUMP ahead and ends all logs there, so that no number that was lost comes again, and every
        watch and continue token from before gets Expired. For a store that was restored. Returns the new version.
        """
        ...

    def compact(self, before: int) -> None:
        """Drops superseded versions and tombstones that are not visible at or after `before`."""
        ...

    def close(self) -> None: ...
