"""What came of rendering which files: by the id of their tree, so it is true of any revision that has the tree.

A verdict is kept in the store, in the transaction that brings its tree into the index, and the last ones also here. It
names the code that ran: it counts as long as the same code would run now. To lose one is no harm: the tree is rendered
once more before it may be published.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

from porch.store import Store, Transaction, Verdict

_KEPT = 10_000
_KEPT_BYTES = 16 * 1024 * 1024


class Verdicts:
    """Shared by all threads."""

    def __init__(self, store: Store, most: int = _KEPT, most_bytes: int = _KEPT_BYTES) -> None:
        self._store, self._most, self._most_bytes = store, most, most_bytes
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, Verdict | None] = OrderedDict()
        self._bytes = 0

    def of(self, tree: str) -> Verdict | None:
        """The last verdict on these files, whatever it says."""
        with self._lock:
            if tree in self._kept:
                return self._kept[tree]
        with self._store.read() as reads:
            found = reads.renders.verdict(tree)
        with self._lock:
            if tree not in self._kept:
                self._add(tree, found)
                return found
            return self._kept[tree]  # somebody has just made one

    def note(self, tx: Transaction, verdict: Verdict | None) -> None:
        """As part of what brings the tree into the index. None notes nothing."""
        if verdict is not None:
            tx.renders.put_verdict(verdict)

    def keep(self, verdict: Verdict) -> None:
        """As soon as it is known, for who asks before it is noted."""
        with self._lock:
            self._drop(verdict.tree)
            self._add(verdict.tree, verdict)

    def _add(self, tree: str, verdict: Verdict | None) -> None:
        self._kept[tree] = verdict
        self._bytes += _size(verdict)
        while len(self._kept) > self._most or self._bytes > self._most_bytes:
            self._drop(next(iter(self._kept)))

    def _drop(self, tree: str) -> None:
        if tree in self._kept:
            self._bytes -= _size(self._kept.pop(tree))


def _size(verdict: Verdict | None) -> int:
    return len(verdict.status) if verdict else 0
