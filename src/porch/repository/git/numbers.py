"""The last revision number that each package was given on the branch, whatever is left of it.

A number must not come again though its tag was deleted, the package was taken off the branch, or somebody else has
changed it there since: only the commits that published it still tell. They are read once, and then followed: each
question reads what is new since the last one.
"""

from __future__ import annotations

import threading

from porch.errors import NotFound
from porch.repository.git.annotations import read_annotations
from porch.repository.git.mirror import Mirror
from porch.repository.git.refnames import revision_number

_LONGEST_WALK = 10_000  # commits, of the first question


class Numbers:
    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror
        self._lock = threading.Lock()
        self._read_to = ""
        self._given: dict[str, int] = {}

    def last(self, head: str, full_path: str) -> int:
        """Up to the commit `head` of the branch; 0 when none was given in the last ten thousand commits."""
        with self._lock:
            self._follow(head)
            return self._given.get(full_path, 0)

    def _follow(self, head: str) -> None:
        commit = head
        for _ in range(_LONGEST_WALK):
            if not commit or commit == self._read_to:
                break
            try:
                found = self._mirror.commit(commit)
            except NotFound:
                break
            for mark in read_annotations(found.message):
                number = revision_number(mark.revision)
                self._given[mark.package] = max(number, self._given.get(mark.package, 0))
            commit = found.parents[0] if found.parents else ""
        self._read_to = head
