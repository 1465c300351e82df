"""Synchronisation: what others did in git becomes rows of the index, and so events.

Works by comparing refs: those that the index last saw, and those of the mirror now; its cost follows what changed. It
may run beside requests that move refs: a ref that an open intent moves, or that the index learnt about meanwhile, is
left to them. What would remove most of a Repository is held (see holds), and then nothing changes at all.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import TypeVar

import structlog

from porch.cache import clashes
from porch.cache.facts import RepositoryFacts
from porch.cache.holds import Hold, Threat
from porch.cache.registration import Registration
from porch.cache.rows import Indexer, dotted_name, mark_latest, moved_refs, remove, summary_of
from porch.cache.shadows import Place, place_of, prevails
from porch.keys import RepositoryKey
from porch.observe.faults import reach
from porch.repository import MISSING, Discovered, Repository, Snapshot
from porch.repository.git.refnames import BRANCH_REVISION, branch_workspace, revision_number
from porch.store import RevisionRow, Store, Transaction

T = TypeVar("T")
_log = structlog.get_logger("porch.cache")
_BATCH = 50
"""Revisions or refs in one transaction, so that requests get a turn between."""
_MANY = 200
_indexing = threading.Lock()
"""Held by whoever indexes many revisions: they would only keep each other, and those who read, from the interpreter."""


@dataclass(frozen=True, slots=True)
class SyncResult:
    """`head` is the commit of the repository's branch, empty when it has none. `changed` counts refs. When it is
    `held`, nothing was changed. `clashes` tells of packages that share names.
    """

    head: str
    revisions: int
    changed: int
    warnings: Sequence[str] = ()
    held: Hold | None = None
    clashes: str = ""


class DamagedMirror(Exception):
    """Objects are missing that refs lead to. Never leaves this room."""


def synchronise(
    store: Store,
    repository: Repository,
    indexer: Indexer,
    registration: Registration,
    *,
    confirmed: str | None = None,
    careful: bool = False,
) -> SyncResult:
    """Brings the index in line with the mirror (call `refresh` before for a remote). No network.

    `confirmed` is the token of a change that is not held (see holds), None when nothing is. A `careful` one raises
    DamagedMirror instead of taking what cannot be read for gone.
    """
    facts = indexer.facts
    registration.touched.clear()
    with store.read() as reads:
        known = reads.revisions.refs(facts.refs_of)
    snapshot = repository.discover(known)
    if known and _uncovers_branch(store, facts, known, snapshot):
        snapshot = repository.discover({ref: target for ref, target in known.items() if ref != facts.branch_ref})
    dotted = clashes.are_possible(store, facts, registration, snapshot.revisions)
    if known and dotted and (registration.clashes is None or moved_refs(known, snapshot.refs)):
        snapshot = repository.discover({})
    if careful and any(MISSING in warning for warning in snapshot.warnings):
        raise DamagedMirror
    # A name that is not UTF-8 shows no revision, and the index cannot hold it.
    refs = {ref: target for ref, target in snapshot.refs.items() if ref.isascii() or _is_text(ref)}
    moved = moved_refs(known, refs)
    held = None
    if moved:
        shown = {place_of(found) for found in snapshot.revisions}
        difference = _Difference(store, indexer, registration, known, refs, moved, snapshot, shown)
        held = difference.hold(repository) if known and confirmed is not None else None
        if held is None or held.token == confirmed:
            difference.apply(at_once=held is not None)
            held = None
    if held is None and (moved or registration.clashes is None):
        registration.clashes = clashes.told(store, indexer, snapshot.revisions) if dotted else ""
    with store.read() as reads:
        count = reads.revisions.count(facts.key)
    head = (refs if held is None else known).get(facts.branch_ref, "")
    return SyncResult(head, count, len(moved), snapshot.warnings, held, registration.clashes or "")


def _uncovers_branch(store: Store, facts: RepositoryFacts, known: Mapping[str, str], snapshot: Snapshot) -> bool:
    """Whether a revision goes that may have had the name of one on the branch: the branch must be read again then."""
    shown = {place_of(found) for found in snapshot.revisions}
    numbered = revision_number(facts.branch) != BRANCH_REVISION
    with store.read() as reads:
        rows = reads.revisions.at_refs(facts.key, set(moved_refs(known, snapshot.refs)) - {facts.branch_ref})
    return any(
        (numbered or row.workspace == branch_workspace(facts.branch)) and place_of(row) not in shown for row in rows
    )


def _is_text(ref: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in ref)


@dataclass(frozen=True, slots=True)
class _Difference:
    """Between the refs that the index knew (`known`) and those of the mirror now."""

    store: Store
    indexer: Indexer
    registration: Registration
    known: Mapping[str, str]
    refs: Mapping[str, str]
    moved: Mapping[str, str | None]
    snapshot: Snapshot
    shown: set[Place]
    shadowed: set[str] = field(default_factory=set)
    passed: set[str] = field(default_factory=set)
    """Refs whose revisions were left to somebody who was about to move them. They stay unknown, for he may have failed
    since, and the next synchronisation looks again.
    """

    def hold(self, repository: Repository) -> Hold | None:
        """Whether this must be confirmed."""
        facts = self.indexer.facts
        with self.store.read() as reads:
            rows = reads.revisions.at_refs(facts.key, self.moved)
            moving = reads.intents.moving(facts.refs_of, {row.ref for row in rows})
            total = reads.revisions.count(facts.key)
        stay = {(found.path, found.workspace) for found in self.snapshot.revisions}
        lost = [row.name for row in rows if row.ref not in moving and (row.path, row.workspace) not in stay]
        old, new = self.known.get(facts.branch_ref, ""), self.moved.get(facts.branch_ref) or ""
        if not (old and new) or repository.are_related(old, new):
            old = new = ""
        return Threat(facts.branch, lost, total, old, new).hold()

    def apply(self, *, at_once: bool) -> None:
        """Revisions first; a ref is recorded after what it shows, so that an interrupted synchronisation is simply
        done again. What was confirmed goes `at_once`: half of it would be another change, which nobody has confirmed.
        The first reading of a Repository also ends what an earlier one of its name left.
        """
        with _indexing if len(self.snapshot.revisions) > _MANY else nullcontext():
            self._put_all()
        if not self.known:
            self.store.commit(self._clear)
            self.store.commit(self._mark_metadata)
        reach("revisions-indexed")
        for refs in [list(self.moved)] if at_once else _batches(self.moved):
            self.store.commit(partial(self._conclude, refs=refs))
            reach("refs-recorded")

    def _put_all(self) -> None:
        """Package by package, the newest revision first: what is the latest is then known at once, and stays."""
        done, total = 0, len(self.snapshot.revisions)
        for batch in _batches(sorted(self.snapshot.revisions, key=lambda found: (found.path, -found.revision))):
            for found in batch:
                summary_of(found.kptfile)
            self.store.commit(partial(self._put, batch=batch))
            done += len(batch)
            if total > _MANY and (done % _MANY < len(batch) or done == total):
                _log.info("indexing", repository=str(self.indexer.facts.key), done=done, total=total)

    def _ours(self, tx: Transaction, refs: Iterable[str]) -> set[str]:
        """Those of `refs` that are ours to index: nobody else did since, or is about to. One may be again what it was
        before, as the branch of a proposal is that was made and published meanwhile.
        """
        among, refs_of = set(refs) - self.registration.touched, self.indexer.facts.refs_of
        if self.registration.ended:
            return set()
        now = tx.revisions.targets(refs_of, among)
        return {ref for ref in among if now.get(ref) == self.known.get(ref)} - tx.intents.moving(refs_of, among)

    def _put(self, tx: Transaction, batch: Sequence[Discovered]) -> None:
        ours = self._ours(tx, (found.ref for found in batch))
        self.passed.update(found.ref for found in batch if found.ref not in ours)
        # Asked for each when those before it are indexed: one of them may be what shadows it.
        self.indexer.put_all(tx, (found for found in batch if found.ref in ours and not self._is_shadowed(tx, found)))
        for path in {found.path for found in batch if found.ref in ours}:
            mark_latest(tx, self.indexer.facts, path)

    def _is_shadowed(self, tx: Transaction, found: Discovered) -> bool:
        """Whether another ref shows the revision of this name. The ref of the one that is not shown is left unknown, so
        that it is looked at again when the other has gone; the branch is then looked at anyhow.
        """
        facts = self.indexer.facts
        old = tx.revisions.get(facts.key.namespace, self.indexer.name(found.path, found.workspace))
        if old is None or place_of(old) == place_of(found) or not self._is_still_shown(old):
            return False
        loser = found if prevails(old, found) else old
        if loser.ref in self.moved and loser.ref != facts.branch_ref:
            self.shadowed.add(loser.ref)
        elif loser.ref != facts.branch_ref:
            tx.revisions.put_refs(facts.refs_of, {loser.ref: None})
        return loser is found

    def _is_still_shown(self, row: RevisionRow) -> bool:
        return row.ref in self.refs and (row.ref not in self.moved or place_of(row) in self.shown)

    def _clear(self, tx: Transaction) -> None:
        rows = tx.revisions.of_repository(self.indexer.facts.key)
        ours = self._ours(tx, {row.ref for row in rows})
        self._end(tx, [row for row in rows if row.ref in ours and row.ref not in self.refs])

    def _mark_metadata(self, tx: Transaction) -> None:
        """What users put on revisions that have left git since a backup, or while nobody read the Repository, is kept
        for a while, as that of those that leave later.
        """
        key = self.indexer.facts.key
        shown = {dotted_name(row) for row in tx.revisions.of_repository(key)}
        gone = set(tx.revisions.with_user_metadata(key)) - shown
        tx.revisions.set_vanished(key.namespace, gone, int(time.time()))

    def _conclude(self, tx: Transaction, refs: Sequence[str]) -> None:
        facts = self.indexer.facts
        ours = self._ours(tx, refs) - self.passed
        rows = tx.revisions.at_refs(facts.key, ours)
        self._end(tx, [row for row in rows if place_of(row) not in self.shown])
        known = {ref: None if ref in self.shadowed else self.moved[ref] for ref in ours}
        tx.revisions.put_refs(facts.refs_of, known)

    def _end(self, tx: Transaction, vanished: Sequence[RevisionRow]) -> None:
        for row in vanished:
            remove(tx, row, forget_user=False)
        names = [dotted_name(row) for row in vanished]
        tx.revisions.set_vanished(self.indexer.facts.key.namespace, names, int(time.time()))
        for path in {row.path for row in vanished if row.revision > 0}:
            mark_latest(tx, self.indexer.facts, path)


def _batches(items: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(items)
    while batch := list(islice(rest, _BATCH)):
        yield batch


def forget(store: Store, key: RepositoryKey, refs_of: str) -> None:
    """Takes all revisions of a Repository out of the index: it was unregistered. Git keeps everything."""

    def unregister(tx: Transaction, rows: Sequence[RevisionRow]) -> None:
        for row in rows:
            if tx.revisions.get(row.namespace, row.name) is not None:
                remove(tx, row, forget_user=False)
                tx.revisions.set_vanished(row.namespace, [dotted_name(row)], int(time.time()))

    with store.read() as reads:
        rows = reads.revisions.of_repository(key)
    for batch in _batches(rows):
        store.commit(partial(unregister, rows=batch))
    store.commit(lambda tx: tx.revisions.put_refs(refs_of, dict.fromkeys(tx.revisions.refs(refs_of))))
