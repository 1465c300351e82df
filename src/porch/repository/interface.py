"""The Repository port: drafts, publishing moves, discovery. Implemented by `repository.git` (and later `oci`).

A repository is opened with its address and credentials. Nothing that it does is visible to anybody until `push`: a
draft collects files and a lifecycle and becomes a *plan*, commits built once as unreachable objects plus the refs that
shall move; the caller records the plan as an intent, then pushes it. All methods are synchronous and may wait for the
network where they say so. Foreign exceptions are converted at this door; texts of git are kept for people to read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from porch.store import RefMove
from porch.types.task import Task


@dataclass(frozen=True, slots=True)
class Author:
    """Who a commit is by. The committer is always Porch itself."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a package that exists: its git mode (0o100644, 0o100755, 0o120000 for a symbolic link, 0o160000 for
    a submodule), blob id (hex) and size in bytes (0 for a submodule).
    """

    mode: int
    blob: str
    size: int

    @property
    def is_file(self) -> bool:
        """A regular file, executable or not, also with the odd permissions of old histories."""
        return self.mode & 0o170000 == 0o100000


@dataclass(frozen=True, slots=True)
class StoredEarly(Entry):
    """A content that is in the local copy already, and perhaps nowhere else."""


@dataclass(frozen=True, slots=True)
class NewFile:
    """New content that brings its git mode along, because it comes from another repository."""

    mode: int
    data: bytes


Files = Mapping[str, "bytes | NewFile | Entry"]
"""A package's whole content: path relative to the package root to new content, or to the entry to keep as it is."""


class Content(Protocol):
    """Where the files of packages lie: listed by tree, read by blob."""

    def entries(self, tree: str) -> Mapping[str, Entry]:
        """Files of a package tree, recursively. Raises NotFound."""
        ...

    def read_blobs(self, blobs: Sequence[str]) -> Sequence[bytes]:
        """Contents of blobs. Raises NotFound."""
        ...


@dataclass(frozen=True, slots=True)
class Discovered:
    """A package revision as its ref shows it. Times are RFC 3339 in UTC, ids 40 hex digits.

    `path` is the package path (without the repository's directory). `task` is the one that created it, if its history
    tells. `kptfile` is the root Kptfile's bytes. `created_at` is when its first commit was made.
    """

    path: str
    full_path: str
    workspace: str
    revision: int
    lifecycle: str
    ref: str
    commit: str
    tree: str
    kptfile: bytes
    created_at: str
    task: Task | None = None
    published_by: str = ""
    published_at: str | None = None


MISSING = "is not there"
"""Is in the warnings of a snapshot when an object is missing that a ref leads to."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a repository holds: all its refs and the revisions that the changed ones show.

    `revisions` are those of refs that differ from the refs given to `discover`; a revision whose ref is in `gone`, or
    whose ref changed and that is not among `revisions`, is no more. `warnings` name refs that were skipped and why.
    """

    refs: Mapping[str, str]
    revisions: Sequence[Discovered]
    gone: Sequence[str] = ()
    warnings: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """What to push. `pack` holds the new objects (self-contained, not thin); it is empty when they are durable in the
    repository already. `found` is what the moved refs will show: the revision first, then the package on the branch
    where that changes too; nothing for a deletion.
    """

    moves: tuple[RefMove, ...]
    pack: bytes
    found: tuple[Discovered, ...] = ()

    @property
    def discovered(self) -> Discovered | None:
        """The revision itself; None when it is deleted."""
        return self.found[0] if self.found else None


@dataclass(frozen=True, slots=True)
class PushReport:
    """`accepted` only when the other side confirmed every ref. Otherwise the outcome is *unknown* and the caller
    settles it with `read_refs`; `text` is what git said, for people. `answered` is False when it said nothing: the
    connection broke, the time was up, or something in front of it failed.
    """

    accepted: bool
    text: str = ""
    answered: bool = True


class PackageRevisionDraft(Protocol):
    """A working copy in memory. Nothing is stored until the repository plans and pushes it."""

    @property
    def entries(self) -> Mapping[str, Entry]:
        """The files it began with: empty for a new one."""
        ...

    @property
    def tree(self) -> str:
        """The id of its content as it is now; empty when it has none."""
        ...

    def adopt(self, source: Content, entries: Mapping[str, Entry]) -> Files:
        """Files that lie elsewhere, as `update_resources` takes them. Those of the draft's own repository stay entries;
        big ones of another repository are copied at once, past the memory of this process.
        """
        ...

    def update_resources(self, files: Files, task: Task) -> None:
        """Replaces the whole content and makes one commit that records `task`. A file keeps the mode of the entry
        that had its path. Raises Invalid for a path that git or the package rules forbid.
        """
        ...

    def update_lifecycle(self, lifecycle: str) -> None:
        """Draft or Proposed: which branch `close` puts it on. Raises BadRequest for others."""
        ...


class Repository(Content, Protocol):
    @property
    def mirror(self) -> str:
        """Identity of the local copy: (namespace, URL, credential). Refs are known per mirror."""
        ...

    @property
    def location(self) -> str:
        """Identity of the remote: equal for all Repositories of the same URL."""
        ...

    def create_package_revision_draft(self, path: str, workspace: str, author: Author) -> PackageRevisionDraft:
        """A new draft on the head of the repository's branch, as last seen. `path` is the package path. No network."""
        ...

    def open_package_revision_draft(self, current: Discovered, author: Author) -> PackageRevisionDraft:
        """The draft behind an existing Draft, to be changed. Raises Conflict when its objects are not there."""
        ...

    def plan(self, draft: PackageRevisionDraft) -> Plan:
        """Builds what `draft` needs to be pushed: branch drafts/PATH/WORKSPACE or proposed/PATH/WORKSPACE."""
        ...

    def head(self) -> str:
        """The commit of the repository's branch, as last seen; empty when there is none. No network."""
        ...

    def last_number(self, full_path: str) -> int:
        """The last revision number that was given to the package on the repository's branch, as last seen; 0 for none.
        No network.
        """
        ...

    def plan_publication(self, current: Discovered, number: int, author: Author, head: str) -> Plan:
        """Publishes a Proposed revision as `number`: its package into the branch behind `head`, a tag there, and the
        proposal's branch away. Raises Conflict where the branch has a file in the package's way.
        """
        ...

    def plan_mark(self, current: Discovered, lifecycle: str) -> Plan:
        """Marks a published revision as DeletionProposed, or takes the mark away (Published)."""
        ...

    def plan_deletion(self, current: Discovered, author: Author, head: str) -> Plan:
        """Deletes a revision: the branch of a Draft or Proposed one, tag and mark of a published one; for a revision of
        the branch, its directory in a commit behind `head`. Raises Conflict when the ref has moved.
        """
        ...

    def join(self, plans: Sequence[Plan]) -> Plan:
        """Several plans as one push. Each was made on the branch as the one before leaves it."""
        ...

    def is_done(self, move: RefMove, now: str) -> bool:
        """Whether a ref that is at `now` shows that `move` was made: it is there, or it is a branch that went on."""
        ...

    def push(self, plan: Plan) -> PushReport:
        """Moves all refs by compare-and-swap in one request. May wait for the network. Raises Conflict (RefMoved) when
        a ref is known to have another old value and nothing moved; ServiceUnavailable when nothing can have been
        sent.
        """
        ...

    def read_refs(self, refs: Sequence[str]) -> dict[str, str]:
        """What these refs are at the remote now; absent ones are left out. Network. Raises ServiceUnavailable."""
        ...

    def has_news(self) -> bool:
        """Whether the remote has something that the mirror lacks: its refs are listed once and compared. Network.
        Raises ServiceUnavailable when there is no answer; whatever else is wrong is for `refresh` to say.
        """
        ...

    def check(self) -> None:
        """Whether the remote is there and lets us read: one listing, and nothing is taken over. Network. Raises what
        `refresh` would.
        """
        ...

    def refresh(self, *, create: bool = True) -> None:
        """Brings the mirror up to date: fetch and prune. Makes the branch when it is missing, createBranch is set and
        `create` allows it. Network. Raises ServiceUnavailable, Unauthorized-like problems as BadRequest, with
        upstream's texts.
        """
        ...

    def discover(self, known: Mapping[str, str]) -> Snapshot:
        """Reads the mirror (no network). `known` are the refs when it was last read, {} for a full discovery."""
        ...

    def tree_at(self, commit: str, directory: str) -> str:
        """The tree of a package: what a commit has at a directory. Raises NotFound."""
        ...

    def each_blob(self, blobs: Sequence[str]) -> Iterator[bytes]:
        """As `read_blobs`, with only one of them in memory."""
        ...

    def store_early(self, data: bytes, before: Entry | None) -> StoredEarly:
        """Stores a content before its draft does, as what a draft would make of it at the place of `before`."""
        ...

    def are_related(self, commit: str, other: str) -> bool:
        """Whether two commits share one that both descend from, or one is the other. False when one is not here. No
        network. Raises ServiceUnavailable when that cannot be found out.
        """
        ...

    def damage(self) -> str:
        """What is wrong with the local copy: objects that are missing or broken; empty when it is whole. Slow: it reads
        every object.
        """
        ...

    def rebuild(self) -> None:
        """Fetches a new local copy and puts it in the place of the one that is damaged; whatever is sound in that is
        taken along. Network. Raises what `refresh` does; BadRequest for a repository that has no other copy.
        """
        ...

    def collect(self, keep: Callable[[], Collection[str]], seconds: float) -> bool:
        """Throws away objects that nothing led to for `seconds`, but those that `keep` leads to, which is asked for if
        the last time was so long ago; and what dead processes left. Whether it was. Slow.
        """
        ...

    def blob_id(self, data: bytes) -> str:
        """The id that a blob of these bytes has, whether it is stored or not."""
        ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Credentials:
    """How to authenticate at a remote. Never printed: repr hides the values."""

    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    bearer_token: str = field(default="", repr=False)


class CredentialResolver(Protocol):
    def resolve(self, namespace: str, secret: str) -> Credentials:
        """Reads the secret anew each time, so that rotation needs no re-registration. Raises BadRequest."""
        ...
