"""A git repository behind the Repository port: everything local is the same for all of them.

Drafts, plans, discovery and reading work on the mirror. Where refs move is the *origin*'s business: the mirror itself
for a hosted repository, a push for a remote one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Protocol

from porch.errors import BadRequest, NotFound
from porch.repository.git.address import PORCH, GitAddress
from porch.repository.git.annotations import BRANCH_CREATION
from porch.repository.git.bulk import store_blobs
from porch.repository.git.collect import clear_leftovers, collect
from porch.repository.git.discover import HISTORIES, INLINE_REFS, Discovery, changed_refs, discover_mirror
from porch.repository.git.draft import GitDraft, Workshop, existing_draft, mode_beside, new_draft
from porch.repository.git.history import HistoryTooLong
from porch.repository.git.large import store_large
from porch.repository.git.mirror import Mirror
from porch.repository.git.numbers import Numbers
from porch.repository.git.objects import (
    BLOB,
    COMMIT,
    FILE,
    TREE,
    NewObjects,
    Signature,
    TreeItem,
    encode_commit,
    encode_tree,
    object_id,
)
from porch.repository.git.pack import build_pack, join_packs
from porch.repository.git.published import Press, Step
from porch.repository.git.refnames import DRAFTS, PROPOSALS, branch_ref
from porch.repository.git.repair import damage, rebuild
from porch.repository.git.upkeep import sync_to_disk
from porch.repository.interface import (
    Author,
    Discovered,
    Entry,
    PackageRevisionDraft,
    Plan,
    PushReport,
    Snapshot,
    StoredEarly,
)
from porch.store import RefMove
from porch.workers import WorkerPool

_README = b"Created by porch"


class Origin(Protocol):
    """Where refs move, and where they are read when it matters."""

    sends_objects: bool  # whether a push needs the pack even when it holds nothing new

    def push(self, moves: Sequence[RefMove], pack: bytes) -> PushReport: ...

    def read_refs(self, refs: Sequence[str]) -> dict[str, str]: ...

    def list_refs(self) -> dict[str, str] | None:
        """Its branches and tags, in one answer; None when only a fetch can tell, or say what is wrong."""
        ...

    def check(self) -> None:
        """Raises what is wrong with reading from it, as far as a listing of refs shows it."""
        ...

    def fetch(self, into: str = "") -> None:
        """Into the mirror, or into another bare repository at the path `into`."""
        ...

    def close(self) -> None: ...


class GitRepository:
    """Implements `Repository`. Opened with `open_hosted` or `open_remote`."""

    def __init__(
        self,
        address: GitAddress,
        mirror: Mirror,
        origin: Origin,
        workers: WorkerPool,
        *,
        mirror_id: str,
        location: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._address = address
        self._mirror = mirror
        self._origin = origin
        self._workers = workers
        self._mirror_id = mirror_id
        self._location = location
        self._clock = clock
        self._history_fits = True
        self._workshop = Workshop(address.key, mirror, address.directory, clock, self._store_blobs)
        self._press = Press(mirror, address.branch, clock)
        self._numbers = Numbers(mirror)

    @property
    def mirror(self) -> str:
        return self._mirror_id

    @property
    def location(self) -> str:
        return self._location

    @property
    def objects(self) -> str:
        return self._mirror.path

    def create_package_revision_draft(self, path: str, workspace: str, author: Author) -> GitDraft:
        return new_draft(self._workshop, self.head(), path, workspace, self._address.author_of(author))

    def open_package_revision_draft(self, current: Discovered, author: Author) -> GitDraft:
        return existing_draft(self._workshop, current, self._address.author_of(author))

    def plan(self, draft: PackageRevisionDraft) -> Plan:
        assert isinstance(draft, GitDraft), "a draft of another kind of repository"
        return self._planned(Step(_moves(draft), draft.objects, (draft.result,)), elsewhere=draft.stored_elsewhere)

    def head(self) -> str:
        return self._mirror.ref(branch_ref(self._address.branch)) or ""

    def last_number(self, full_path: str) -> int:
        return self._numbers.last(self.head(), full_path)

    def plan_publication(self, current: Discovered, number: int, author: Author, head: str) -> Plan:
        return self._planned(self._press.publish(current, number, self._address.author_of(author), head))

    def plan_mark(self, current: Discovered, lifecycle: str) -> Plan:
        return self._planned(self._press.mark(current, lifecycle))

    def plan_deletion(self, current: Discovered, author: Author, head: str) -> Plan:
        return self._planned(self._press.delete(current, self._address.author_of(author), head))

    def join(self, plans: Sequence[Plan]) -> Plan:
        """A branch that several of them move goes from the first's old id to the last's new one."""
        moves: dict[str, RefMove] = {}
        for move in (move for plan in plans for move in plan.moves):
            before = moves.get(move.ref)
            moves[move.ref] = RefMove(move.ref, before.old, move.new) if before else move
        packs = [plan.pack for plan in plans if plan.pack]
        whole = len(packs) == len(plans) or not self._origin.sends_objects
        found = tuple(found for plan in plans for found in plan.found)
        return Plan(tuple(moves.values()), join_packs(packs) if packs and whole else b"", found)

    def is_done(self, move: RefMove, now: str) -> bool:
        if now == move.new:
            return True
        went_on = move.ref == branch_ref(self._address.branch) and move.new and now
        return bool(went_on) and self._mirror.descends(now, move.new)

    def push(self, plan: Plan) -> PushReport:
        if not plan.moves:
            return PushReport(accepted=True)
        return self._origin.push(plan.moves, plan.pack)

    def read_refs(self, refs: Sequence[str]) -> dict[str, str]:
        return self._origin.read_refs(refs)

    def has_news(self) -> bool:
        listed = self._origin.list_refs()
        return listed is None or branch_ref(self._address.branch) not in listed or listed != self._mirror.refs()

    def check(self) -> None:
        self._origin.check()

    def refresh(self, *, create: bool = True) -> None:
        self._origin.fetch()
        if not self._mirror.ref(branch_ref(self._address.branch)):
            self._create_branch(allowed=create and self._address.create_branch)

    def are_related(self, commit: str, other: str) -> bool:
        return self._mirror.are_related(commit, other)

    def damage(self) -> str:
        return damage(self._mirror.path)

    def rebuild(self) -> None:
        if not self._origin.sends_objects:
            raise BadRequest(f"{self._address.url} is the only copy there is")
        HISTORIES.forget(self._mirror_id)
        rebuild(self._mirror, self._origin.fetch)

    def collect(self, keep: Callable[[], Collection[str]], seconds: float) -> bool:
        if not collect(self._mirror.path, keep, seconds, self._clock()):
            return False
        clear_leftovers(self._mirror.path, self._clock())
        return True

    def discover(self, known: Mapping[str, str]) -> Snapshot:
        """Without changes it is a listing of refs; few changes are read here, many in a worker process."""
        directory, branch, refs = self._address.directory, self._address.branch, self._mirror.refs()
        if any(ref.startswith((DRAFTS, PROPOSALS)) for ref in refs):  # one of them may be approved soon
            self._numbers.prepare(self.head(), self._workers)
        changed = changed_refs(refs, known)
        if not changed:
            return Snapshot(refs, [])
        if self._history_fits and len(changed) < INLINE_REFS:
            history = HISTORIES.of(self._mirror_id, self._mirror)
            try:
                return Discovery(self._mirror, history, directory, branch).run(refs, known)
            except HistoryTooLong:
                self._history_fits = False
        return self._workers.run(discover_mirror, self._mirror.path, directory, branch, dict(known))

    def tree_at(self, commit: str, directory: str) -> str:
        item = self._mirror.item_at(self._mirror.commit(commit).tree, directory)
        if item is None or not item.is_directory:
            raise NotFound(f"commit {commit} has no directory {directory}")
        return item.id

    def entries(self, tree: str) -> Mapping[str, Entry]:
        return self._mirror.entries(tree)

    def read_blobs(self, blobs: Sequence[str]) -> Sequence[bytes]:
        return self._mirror.blobs(blobs)

    def each_blob(self, blobs: Sequence[str]) -> Iterator[bytes]:
        return self._mirror.each_blob(blobs)

    def store_early(self, data: bytes, before: Entry | None) -> StoredEarly:
        blob = store_large(self._mirror.path, data)
        return StoredEarly(mode_beside(before, blob), blob, len(data))

    def blob_id(self, data: bytes) -> str:
        return object_id(BLOB, data)

    def close(self) -> None:
        self._origin.close()
        self._mirror.close()
        HISTORIES.forget(self._mirror_id)

    def _store_blobs(self, contents: Sequence[bytes]) -> Sequence[str]:
        return self._workers.run(store_blobs, self._mirror.path, contents)

    def _planned(self, step: Step, *, elsewhere: bool = False) -> Plan:
        """`elsewhere` says that some of the objects are in the mirror already, and a push must collect them there. For
        a push an empty pack means just that; a move of refs alone still sends a pack without objects.
        """
        self._mirror.write(step.objects)
        wanted = (self._origin.sends_objects and not elsewhere) or (not self._origin.sends_objects and step.objects)
        pack = build_pack((kind, data) for _, kind, data in step.objects) if wanted else b""
        return Plan(step.moves, pack, step.found)

    def _create_branch(self, *, allowed: bool) -> None:
        """The root commit that upstream makes, so that the first draft has something to stand on."""
        branch = self._address.branch
        if not allowed:
            raise BadRequest(
                f"error cloning git repository {self._address.url}, fetch of remote repository failed: "
                f'branch "{branch}" doesn\'t exist: reference not found'
            )
        objects = NewObjects()
        who = Signature(PORCH.name, PORCH.email, int(self._clock()))
        readme = TreeItem(b"README.md", FILE, objects.add(BLOB, _README))
        tree = objects.add(TREE, encode_tree([readme]))
        commit = objects.add(COMMIT, encode_commit(tree, [], who, who, BRANCH_CREATION))
        self._mirror.write(objects)
        pack = build_pack((kind, data) for _, kind, data in objects)
        report = self._origin.push([RefMove(branch_ref(branch), "", commit)], pack)
        if not report.accepted and branch_ref(branch) not in self._origin.read_refs([branch_ref(branch)]):
            raise BadRequest(f'cannot create branch "{branch}" in {self._address.url}: {report.text}')
        sync_to_disk(self._mirror.path)  # no redo record has this commit, and all drafts stand on it


def _moves(draft: GitDraft) -> tuple[RefMove, ...]:
    result, current = draft.result, draft.current
    if not result.commit:
        raise NotFound("the draft has no content yet")
    if current is None:
        return (RefMove(result.ref, "", result.commit),)
    if result.ref != current.ref:
        return RefMove(result.ref, "", result.commit), RefMove(current.ref, current.commit, "")
    return () if result.commit == current.commit else (RefMove(result.ref, current.commit, result.commit),)
