"""Points of the write path at which a test may have the process die, fail or stall, as by a power cut or a full disk.

`reach("pushed")` stands between two steps and does nothing, unless PORCH_FAULT names that point when the process
starts: `PORCH_FAULT=pushed` kills at the first time it is reached, `PORCH_FAULT=pushed:3` at the third.
`pushed:1:full` raises what a full disk raises there, `pushed:1:stall` stops the thread for ever. A new point is one
`reach` and one line in POINTS; a test compares the two.
"""

from __future__ import annotations

import errno
import itertools
import os
import signal
import threading

POINTS = {
    "planned": "the draft's objects are written, no intent is recorded",
    "intent-recorded": "the intent is durable, no ref has moved",
    "upstream-fetched": "a package to be cloned is fetched from elsewhere, no draft has it",
    "ref-moved": "one ref of a hosted repository has moved, others may follow",
    "pushed": "all refs have moved, the index does not know",
    "indexed": "all is done, the client was not answered",
    "dependent-deleted": "a dependent of an owner that is gone was deleted, others may follow",
    "dependent-orphaned": "a dependent was freed of its owner, whose deletion waits; others may follow",
    "content-deleted": "an object of a namespace that is being deleted was deleted, others may follow",
    "namespace-empty": "a namespace that is being deleted is empty, it still has its finalizer",
    "committing": "a transaction of the store is complete, and not committed",
    "committed": "a transaction of the store is durable, nobody was told",
    "compacted": "some of the history is dropped, more may follow",
    "repository-opened": "a new Repository is opened, nothing of it is read",
    "repository-claimed": "the Repository has our finalizer, nothing of it is read",
    "repository-forgotten": "the revisions of an unregistered Repository are gone, its object is not",
    "revisions-indexed": "a synchronisation has indexed revisions, their refs are not recorded",
    "refs-recorded": "a synchronisation has recorded refs, and others may follow",
    "repository-synchronised": "a synchronisation is indexed, its Repository does not say so",
    "mirror-rebuilt": "a new local copy is complete, the damaged one still has its place",
    "mirror-replaced": "a new local copy has its place, what was written meanwhile is not taken along yet",
    "objects-collected": "unreachable objects are dropped from packs, the refs that held others are still there",
    "intent-replayed": "a redo record is written to the files again, others may follow",
    "intent-settled": "an interrupted intent is settled, others may follow",
    "backup-copied": "the backup has the database, and no git repository yet",
    "restore-unpacked": "the backup is unpacked and checked, the data directory is not there yet",
    "unsynced": "redo records are about to be let go, files are not synced",
}

_point, _, _how = os.environ.get("PORCH_FAULT", "").partition(":")
_hits, _, _action = _how.partition(":")
_fatal = int(_hits) if _hits.isdecimal() else 1
_reached = itertools.count(1)


def reach(point: str) -> None:
    if point == _point and next(_reached) == _fatal:
        _strike()


def _strike() -> None:
    if _action == "full":
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    if _action == "stall":
        threading.Event().wait()
    os.kill(os.getpid(), signal.SIGKILL)
