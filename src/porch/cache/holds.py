"""When a synchronisation is held: it would take most of a Repository away, or meets another history.

A forge that answers with half a restored backup, or a URL that leads to another repository by mistake, must not delete
package revisions, nor what hangs on them. So nothing is taken over until somebody confirms. The *token* stands for
exactly that change: when more would go, or the branch moves on, it is another one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

CONFIRM_ANNOTATION = "porch.kpt.dev/confirm-sync"
REMOVAL, UNRELATED = "MostRevisionsRemoved", "UnrelatedHistory"
_LEAST = 5
_TOLD = 3


@dataclass(frozen=True, slots=True)
class Hold:
    """`reason` is one word for programs, `message` says what would happen and how to confirm it."""

    reason: str
    message: str
    token: str


@dataclass(frozen=True, slots=True)
class Threat:
    """What a synchronisation would do. `lost` are names of the revisions that would go, of `total`. The heads of the
    branch are empty unless it would move to a history that has nothing in common with the one before.
    """

    branch: str
    lost: Sequence[str]
    total: int
    old_head: str = ""
    new_head: str = ""

    def hold(self) -> Hold | None:
        if self.old_head:
            history = f"branch {self.branch} at {self.new_head[:12]} shares no commit with {self.old_head[:12]} before"
            return self._held(UNRELATED, f"{history}; package revisions that would be removed: {self._told()}")
        if len(self.lost) >= _LEAST and 2 * len(self.lost) > self.total:
            return self._held(REMOVAL, f"package revisions that would be removed: {self._told()}")
        return None

    def _told(self) -> str:
        some = ", ".join([*sorted(self.lost)[:_TOLD], *(["..."] if len(self.lost) > _TOLD else [])])
        return f"{len(self.lost)} of {self.total}" + (f" ({some})" if some else "")

    def _held(self, reason: str, what: str) -> Hold:
        state = "\n".join([reason, self.old_head, self.new_head, *sorted(self.lost)])
        token = hashlib.sha256(state.encode()).hexdigest()[:16]
        message = (
            f"nothing was taken over from git: {what}; correct the remote, or confirm just this change with "
            f"the annotation {CONFIRM_ANNOTATION}={token} on the Repository"
        )
        return Hold(reason, message, token)
