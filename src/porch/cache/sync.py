"""Synchronisation: what others did in git becomes rows of the index, and so events.

Works by comparing refs: those that the index last saw, and those of the mirror now. It may run beside requests that
move refs: a ref that an open intent moves, or that the index learnt about meanwhile, is left to them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from porch.cache.rows import Indexer, mark_latest, moved_refs, remove
from porch.repository import Discovered, Repository, Snapshot
from porch.store import RevisionRow, Store, Transaction

_BATCH = 200
"""Revisions indexed in one transaction, so that requests get a turn between."""


@dataclass(frozen=True, slots=True)
class SyncResult:
    """`head` is the commit of the repository's branch, empty when it has none."""

    head: str
    revisions: int
    changed: int
    warnings: Sequence[str] = ()


def synchronise(store: Store, repository: Repository, indexer: Indexer) -> SyncResult:
    """Brings the index in line with the mirror (call `refresh` before for a remote). No network."""
    facts = indexer.facts
    with store.read() as reads:
        known = reads.revisions.refs(facts.refs_of)
    snapshot = repository.discover(known)
    moved = moved_refs(known, snapshot.refs)
    if moved:
        _apply(store, indexer, _Difference(known, moved, snapshot))
    with store.read() as reads:
        count = len(reads.revisions.of_repository(facts.key))
    head = snapshot.refs.get(f"refs/heads/{facts.branch}", "")
    return SyncResult(head, count, len(moved), snapshot.warnings)


@dataclass(frozen=True, slots=True)
class _Difference:
    known: Mapping[str, str]
    moved: Mapping[str, str | None]
    snapshot: Snapshot

    def ours(self, tx: Transaction, refs_of: str) -> set[str]:
        """The moved refs that are ours to index: nobody else did or is about to."""
        now = tx.revisions.refs(refs_of)
        return {
            ref for ref in self.moved if now.get(ref) == self.known.get(ref) and not tx.intents.moving(refs_of, [ref])
        }


def _apply(store: Store, indexer: Indexer, difference: _Difference) -> None:
    """Revisions first, in batches; refs are recorded and vanished revisions removed at the end, in one transaction,
    so that an interrupted synchronisation is simply done again.
    """
    revisions = list(difference.snapshot.revisions)
    for start in range(0, len(revisions), _BATCH):
        batch = revisions[start : start + _BATCH]
        store.commit(partial(_put, indexer=indexer, difference=difference, batch=batch))
    store.commit(lambda tx: _conclude(tx, indexer, difference))


def _put(tx: Transaction, indexer: Indexer, difference: _Difference, batch: Sequence[Discovered]) -> None:
    ours = difference.ours(tx, indexer.facts.refs_of)
    for found in batch:
        if found.ref in ours or found.ref not in difference.moved:
            indexer.put(tx, found)
    for path in {found.path for found in batch if found.revision > 0}:
        mark_latest(tx, indexer.facts, path)


def _conclude(tx: Transaction, indexer: Indexer, difference: _Difference) -> None:
    facts = indexer.facts
    ours = difference.ours(tx, facts.refs_of)
    present = {(found.path, found.workspace) for found in difference.snapshot.revisions}
    vanished = [
        row
        for row in tx.revisions.of_repository(facts.key)
        if row.ref in ours and (row.path, row.workspace) not in present
    ]
    for row in vanished:
        remove(tx, row, forget_user=False)
    for path in {row.path for row in vanished if row.revision > 0}:
        mark_latest(tx, facts, path)
    tx.revisions.put_refs(facts.refs_of, {ref: difference.moved[ref] for ref in ours})


def forget(store: Store, indexer: Indexer) -> None:
    """Takes all revisions of a Repository out of the index: it was unregistered. Git keeps everything."""
    facts = indexer.facts

    def unregister(tx: Transaction, rows: Sequence[RevisionRow]) -> None:
        for row in rows:
            remove(tx, row, forget_user=False)

    with store.read() as reads:
        rows = list(reads.revisions.of_repository(facts.key))
    for start in range(0, len(rows), _BATCH):
        store.commit(partial(unregister, rows=rows[start : start + _BATCH]))
    store.commit(lambda tx: tx.revisions.put_refs(facts.refs_of, dict.fromkeys(tx.revisions.refs(facts.refs_of))))
