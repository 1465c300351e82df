"""A Repository with its memory: what the engine works with after `Cache.open_repository`.

It gives out drafts, closes them (commit, push, index, event), deletes revisions, reads content and synchronises. Reads
never leave this machine; what needs the network goes through the remote's lane.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial

import structlog

from porch.cache.facts import RepositoryFacts
from porch.cache.intents import Outcome
from porch.cache.lanes import Lane
from porch.cache.metadata import UserMetadata
from porch.cache.moves import Mover
from porch.cache.registration import Registration
from porch.cache.rows import Indexer
from porch.cache.sync import DamagedMirror, SyncResult, synchronise
from porch.cache.wishes import UPDATE, Base, Check, Wish
from porch.errors import Conflict, NotFound, ServiceUnavailable
from porch.keys import PACKAGE_REVISIONS, RepositoryKey
from porch.observe import step
from porch.repository import Author, Content, Discovered, Entry, PackageRevisionDraft, Plan, Repository
from porch.repository.git.refnames import TAGS, marker_ref, revision_number
from porch.store import Intent, RevisionRow, Store, StoredVersion, Transaction
from porch.types.packagerevision import PACKAGE_REVISION, PackageRevision

_log = structlog.get_logger("porch.cache")
_AGAIN_SECONDS = 3600.0
_CHECK_SECONDS = 300.0  # a whole repository is read, so not at each request that misses something


class CachedRepository:
    def __init__(
        self,
        store: Store,
        repository: Repository,
        facts: RepositoryFacts,
        *,
        lane: Lane,
        running: set[str],
        registration: Registration,
        alarm: Callable[[RepositoryKey], None],
    ) -> None:
        """`alarm` is told when the local copy is doubted."""
        self.facts = facts
        self._alarm = alarm
        self._store, self._repository, self._lane = store, repository, lane
        self.indexer = Indexer(facts)
        self._registration = registration
        self._mover = Mover(
            store,
            repository,
            self.indexer,
            lane=lane,
            running=running,
            registration=registration,
            catch_up=self._catch_up,
            max_refs=facts.max_refs,
        )

    def ready(self) -> None:
        """Makes sure that the repository was read at least once. Network, the first time only."""
        if not self.is_known():
            self.synchronise(patient=False)

    def has_news(self) -> bool:
        """Asks the remote whether a synchronisation has to fetch. Network."""
        if self.facts.hosted:
            return True
        with self._lane.enter(patient=True), step("cache.ask"):
            return self._repository.has_news()

    def check(self) -> None:
        """Whether its remote is there and lets us read; raises what is wrong. Network."""
        with self._lane.enter(patient=True), step("cache.ask"):
            self._repository.check()

    def synchronise(self, *, patient: bool = True, confirmed: str | None = "") -> SyncResult:
        """Fetches and indexes what changed; see `index`. One at a time for each Repository."""
        with self._registration.syncing:
            self._fetch(patient=patient)
            return self._index(confirmed)

    def fetch(self) -> None:
        """The first half of synchronising: brings the local copy up to date. Network."""
        with self._registration.syncing:
            self._fetch(patient=True)

    def index(self, confirmed: str | None = "") -> SyncResult:
        """The other half. What would remove most of the Repository is held, unless `confirmed` is its token, or None:
        then nothing is held.
        """
        with self._registration.syncing:
            return self._index(confirmed)

    def _fetch(self, *, patient: bool) -> None:
        """The branch is made at most once: whoever deletes it later may be about to put another one in its place."""
        create = not self.is_known()
        with step("cache.fetch"):
            if self.facts.hosted:
                self._repository.refresh(create=create)
                return
            with self._lane.enter(patient=patient):
                self._repository.refresh(create=create)

    def _index(self, confirmed: str | None) -> SyncResult:
        work = partial(
            synchronise, self._store, self._repository, self.indexer, self._registration, confirmed=confirmed
        )
        with step("cache.synchronise"):
            try:
                result = work(careful=not self.facts.hosted)
            except DamagedMirror:
                self._mend(self._look())
                result = work()
        self._registration.read = True
        return result

    def mend(self) -> None:
        """When its copy on this machine is in doubt: looks whether it is whole, and makes it anew from the remote if it
        is not. That of a hosted repository is the only one: it is left as it is, and `damage` says what is wrong.
        """
        if not self.is_doubted:
            return
        found = self._look()  # nobody waits for that
        with self._registration.syncing:
            self._mend(found)

    def _look(self) -> str:
        self._registration.checked = time.monotonic()
        with step("cache.check"):
            found = self._repository.damage()
        if found:
            _log.error("the local copy of the repository is damaged", repository=str(self.facts.key), damage=found)
        return found

    def _mend(self, found: str) -> None:
        if found and not self.facts.hosted:
            self._settle_all()
            with self._lane.enter(patient=True), step("cache.rebuild"):
                self._repository.rebuild()
            _log.info("the local copy of the repository was made anew", repository=str(self.facts.key))
            found = ""
        self._registration.damage, self._registration.doubt = found, False

    def _settle_all(self) -> None:
        """Intents may need objects that only the damaged copy has."""
        with self._store.read() as reads:
            left = [intent for intent in reads.intents.open() if intent.mirror == self.facts.refs_of]
        for intent in left:
            self._mover.settle_left(intent)

    @property
    def damage(self) -> str:
        """What is wrong with the only copy of a hosted repository, when it was last looked at."""
        return self._registration.damage

    @property
    def is_doubted(self) -> bool:
        """Also a copy that was damaged an hour ago: somebody may have mended it."""
        registration = self._registration
        stale = bool(registration.damage) and time.monotonic() - registration.checked > _AGAIN_SECONDS
        return registration.doubt or stale

    def doubt(self) -> None:
        """Has its local copy looked at soon."""
        self._registration.doubt = True
        self._alarm(self.facts.key)

    @contextmanager
    def _present(self) -> Iterator[None]:
        """What the index has must be there. Raises ServiceUnavailable when it is not: the copy is damaged, or what was
        asked for was deleted meanwhile.
        """
        try:
            yield
        except NotFound as error:
            registration = self._registration
            if time.monotonic() - registration.checked > _CHECK_SECONDS and not registration.damage:
                self.doubt()
            text = f"the server's copy of the repository is damaged: {error.message}"
            raise ServiceUnavailable(f"{text}; it is looked at, please try again", retry_after=5) from error

    def collect(self, seconds: float) -> bool:
        """Throws away objects that nothing led to for so long; see `Repository.collect`."""
        return self._repository.collect(self._needed, seconds)

    def _needed(self) -> set[str]:
        """What the index shows, also while a synchronisation is held, and what intents move."""
        with self._store.read() as reads:
            needed = set(reads.revisions.refs(self.facts.refs_of).values())
            for intent in reads.intents.all():
                needed |= {name for move in intent.moves for name in (move.old, move.new) if name}
        return needed

    def _catch_up(self) -> None:
        """A push lost a race: reads what others did, for somebody who has a place in the lane already."""
        with self._registration.syncing:
            if not self.facts.hosted:
                with self._lane.run(patient=True):
                    self._repository.refresh(create=False)
            synchronise(self._store, self._repository, self.indexer, self._registration, confirmed="")

    def reindex(self) -> None:
        """Indexes what the mirror holds, if the index knows nothing of it: it was dropped. No network."""
        if not self.is_known():
            synchronise(self._store, self._repository, self.indexer, self._registration)

    def is_known(self) -> bool:
        """Whether the index has its refs: its branch, which every repository that was read has. Asked for only until it
        is there.
        """
        registration = self._registration
        if not registration.read:
            with self._store.read() as reads:
                registration.read = bool(reads.revisions.targets(self.facts.refs_of, [self.facts.branch_ref]))
        return registration.read

    def create_package_revision_draft(self, path: str, workspace: str, author: Author) -> PackageRevisionDraft:
        return self._repository.create_package_revision_draft(path, workspace, author)

    def open_package_revision_draft(self, row: RevisionRow, author: Author) -> PackageRevisionDraft:
        return self._repository.open_package_revision_draft(self.discovered(row), author)

    def close_package_revision_draft(
        self, draft: PackageRevisionDraft, name: str, metadata: UserMetadata | None, check: Check
    ) -> StoredVersion:
        """Commits, pushes and indexes the draft. Raises Conflict or ServiceUnavailable with git's words; then nothing
        of it is visible. `metadata` None keeps what users put on it; `check` has the last look at the index.
        """
        with step("repository.commit"):
            plan = self._repository.plan(draft)
        return self._mover.move(Wish(name, lambda _: plan, check, metadata, refs=max(len(plan.moves), 1)))

    def publish(self, row: RevisionRow, author: Author, check: Check) -> StoredVersion:
        """Publishes a Proposed revision, exactly as it is. Raises Conflict or ServiceUnavailable with git's words."""
        current = self.discovered(row)

        def plan(base: Base) -> Plan:
            number = base.number(row.full_path, lambda: self._highest_number(row))
            return self._repository.plan_publication(current, number, author, base.head)

        return self._mover.move(Wish(row.name, plan, check, on_branch=True, refs=3))

    def _highest_number(self, row: RevisionRow) -> int:
        """That a package has or ever had, as far as anybody knows: in the index, as a tag, or in the commits of the
        branch, because a number whose tag was deleted must not come again.
        """
        with self._store.read() as reads:
            rows = reads.revisions.of_package(self.facts.key, row.path)
            tags = reads.revisions.refs_below(self.facts.refs_of, f"{TAGS}{row.full_path}")
        tagged = [revision_number(tag.rpartition("/")[2]) for tag in tags]
        return max([self._repository.last_number(row.full_path), *tagged, *(other.revision for other in rows)])

    def mark(self, row: RevisionRow, lifecycle: str, metadata: UserMetadata | None, check: Check) -> StoredVersion:
        """Proposes a published revision for deletion, or takes that back."""
        current = self.discovered(row)
        wish = Wish(
            row.name,
            lambda _: self._repository.plan_mark(current, lifecycle),
            check,
            metadata,
            refs=1,
            failure=UPDATE,
        )
        return self._mover.move(wish)

    def put_metadata(self, tx: Transaction, stored: StoredVersion, user: UserMetadata) -> StoredVersion | None:
        """Replaces what users put on a revision, unless it is not `stored` any more: then None. Raises Conflict while
        an intent moves the revision, because that stores what its own request saw.
        """
        key = stored.key
        current, row = tx.versions.get(key), tx.revisions.get(key.namespace, key.name)
        if current is None or row is None or current.version != stored.version:
            return None
        if tx.intents.moving(self.facts.refs_of, [row.ref, marker_ref(row.full_path, row.revision, row.workspace)]):
            why = f'another request is already in progress on package revision "{key.namespace}/{key.name}"'
            raise Conflict.of(PACKAGE_REVISIONS.group, PACKAGE_REVISIONS.resource, key.name, why)
        return self.indexer.put_metadata(tx, row, current, user)

    def preview(self, found: Discovered, metadata: UserMetadata) -> tuple[PackageRevision, str, str]:
        """The object that this revision would be, its name and alias."""
        name, alias = self.facts.names(self.indexer.key(found.path, found.workspace))
        return self.indexer.object(found, metadata), name, alias

    def planned(self, draft: PackageRevisionDraft) -> Discovered:
        """The revision that closing `draft` would make. Moves nothing."""
        found = self._repository.plan(draft).discovered
        assert found is not None, "a closed draft is a revision"
        return found

    def delete_package_revision(self, row: RevisionRow, author: Author, check: Check) -> StoredVersion:
        """Deletes a revision that may be deleted; returns its tombstone. A package on the branch goes in a commit."""
        current = self.discovered(row)
        wish = Wish(
            row.name,
            lambda base: self._repository.plan_deletion(current, author, base.head),
            check,
            on_branch=row.ref == self.facts.branch_ref,
            failure=UPDATE,
        )
        return self._mover.move(wish)

    def discovered(self, row: RevisionRow) -> Discovered:
        """The revision as git shows it, put together again from its row, its object and its Kptfile."""
        with self._store.read() as reads:
            stored = reads.versions.get(self.indexer.object_key(row))
        if stored is None:
            raise NotFound.of("porch.kpt.dev", "packagerevisions", row.name)
        obj = PACKAGE_REVISION.decode(stored.version, stored.tail)
        return Discovered(
            path=row.path,
            full_path=row.full_path,
            workspace=row.workspace,
            revision=row.revision,
            lifecycle=row.lifecycle,
            ref=row.ref,
            commit=row.commit,
            tree=row.tree,
            kptfile=self.file(row.tree, "Kptfile"),
            created_at=obj.metadata.creation_timestamp or "",
            task=obj.spec.tasks[0] if obj.spec.tasks else None,
            published_by=obj.status.published_by,
            published_at=obj.status.publish_timestamp,
        )

    @property
    def content(self) -> Content:
        """Where its files lie, for whoever takes some over."""
        return self._repository

    def tree_at(self, commit: str, directory: str) -> str:
        """The tree of a package in a commit that a revision has, or once had. Raises NotFound."""
        return self._repository.tree_at(commit, directory)

    def entries(self, tree: str) -> Mapping[str, Entry]:
        with self._present():
            return self._repository.entries(tree)

    def read_blobs(self, blobs: list[str]) -> list[bytes]:
        with self._present():
            return list(self._repository.read_blobs(blobs))

    def each_blob(self, blobs: list[str]) -> Iterator[bytes]:
        """As `read_blobs`, with only one of them in memory."""
        with self._present():
            yield from self._repository.each_blob(blobs)

    def store_early(self, data: bytes, before: Entry | None) -> Entry:
        """See the port: what is large need not wait in memory for its draft."""
        return self._repository.store_early(data, before)

    def kept_or_new(self, entry: Entry | None, data: bytes) -> Entry | bytes:
        """The entry itself when its content is `data` already."""
        same = entry is not None and entry.size == len(data) and entry.blob == self._repository.blob_id(data)
        return entry if same and entry is not None else data

    def file(self, tree: str, path: str) -> bytes:
        """One file of a package; empty when there is none."""
        entry = self.entries(tree).get(path)
        return self.read_blobs([entry.blob])[0] if entry else b""

    def outcome(self, intent: Intent) -> Outcome:
        return self._mover.outcome(intent)

    def settle(self, intent: Intent) -> Outcome:
        return self._mover.settle(intent)

    def close(self) -> None:
        self._repository.close()
