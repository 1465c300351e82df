"""The last revision number that each package was given on the branch, whatever is left of it.

A number must not come again though its tag was deleted, the package was taken off the branch, or somebody else has
changed it there since: only the commits that published it still tell. They are read once, by a worker process while the
repository is synchronised, so that no request waits for it; and then followed: each question reads what is new since
the last one.
"""

from __future__ import annotations

import threading

from porch.errors import NotFound, PorchError
from porch.repository.git.annotations import read_annotations
from porch.repository.git.mirror import Mirror
from porch.repository.git.refnames import revision_number
from porch.workers import WorkerPool

_LONGEST_WALK = 10_000  # commits, of the first question


class Numbers:
    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror
        self._lock = threading.Lock()
        self._read_to = ""
        self._given: dict[str, int] = {}

    def prepare(self, head: str, workers: WorkerPool) -> None:
        """Reads the history up to the commit `head`, the first time. Where that cannot be, the first question does."""
        if self._read_to or not head:
            return
        try:
            given = workers.run(read_numbers, self._mirror.path, head)
        except PorchError:
            return
        with self._lock:
            if not self._read_to:
                self._given, self._read_to = given, head

    def last(self, head: str, full_path: str) -> int:
        """Up to the commit `head` of the branch; 0 when none was given in the last ten thousand commits."""
        with self._lock:
            for package, number in _given(self._mirror, head, self._read_to).items():
                self._given[package] = max(number, self._given.get(package, 0))
            self._read_to = head
            return self._given.get(full_path, 0)


def read_numbers(path: str, head: str) -> dict[str, int]:
    """In a worker process."""
    mirror = Mirror(path)
    try:
        return _given(mirror, head, "")
    finally:
        mirror.close()


def _given(mirror: Mirror, head: str, known: str) -> dict[str, int]:
    """In the commits of the branch that are newer than `known`."""
    given: dict[str, int] = {}
    commit = head
    for _ in range(_LONGEST_WALK):
        if not commit or commit == known:
            break
        try:
            found = mirror.commit(commit)
        except NotFound:
            break
        for mark in read_annotations(found.message):
            given[mark.package] = max(revision_number(mark.revision), given.get(mark.package, 0))
        commit = found.parents[0] if found.parents else ""
    return given
