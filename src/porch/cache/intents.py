"""What an intent is for, as it is kept in its payload, and how far its refs say that it got.

One intent is one push, which may carry the changes of several requests. Each change has its own moves, so that after
any interruption it can be told for each alone whether it was made.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from porch.cache.lost import Lost
from porch.cache.metadata import UserMetadata
from porch.errors import ServiceUnavailable
from porch.repository import Discovered, Repository
from porch.repository.git.refnames import TAGS
from porch.store import Intent, RefMove
from porch.types.base import Part


class Outcome(enum.Enum):
    DONE = "all refs are as intended"
    UNDONE = "no ref has moved"
    PARTLY = "some refs have moved, the others can follow"
    OVERTAKEN = "somebody else moved a ref"


class Change(Part):
    """What one request changes: the revision as it will be, the package on the branch if that changes with it, or the
    name of the one that is gone.
    """

    name: str
    moves: list[RefMove]
    found: list[Discovered] = []
    metadata: UserMetadata | None = None

    def outcome(self, repository: Repository, branch: str, refs: Mapping[str, str]) -> Outcome:
        """`refs` is what the refs are now."""
        pending = [move for move in self.moves if not repository.is_done(move, refs.get(move.ref, ""))]
        if not pending:
            return Outcome.DONE
        if any(_is_own(move, branch) and refs.get(move.ref, "") != move.old for move in pending):
            return Outcome.OVERTAKEN
        if len(pending) == len(self.moves):
            return Outcome.UNDONE
        if any(move.new for move in pending) and not any(move.new for move in self.moves if move not in pending):
            return Outcome.OVERTAKEN  # deletions come last: somebody else has deleted what was to be moved
        return Outcome.PARTLY if all(refs.get(move.ref, "") == move.old for move in pending) else Outcome.OVERTAKEN


def _is_own(move: RefMove, branch: str) -> bool:
    """Whether the request is about this ref. The branch and a new tag are only passed on the way: when somebody else
    has moved them, the change can be made anew.
    """
    return move.ref != branch and not (move.ref.startswith(TAGS) and not move.old)


class Payload(Part):
    changes: list[Change]

    def encode(self) -> bytes:
        return msgspec.json.encode(self)


def changes_of(intent: Intent) -> list[Change]:
    """Raises ServiceUnavailable when the redo record is damaged."""
    try:
        return msgspec.json.decode(intent.payload, type=Payload).changes
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ServiceUnavailable.damaged("a redo record in the database") from error


def lost_of(changes: Sequence[Change], outcomes: Sequence[Outcome]) -> list[Lost]:
    """What is to be remembered of those that were not made, for the remote may make them yet."""
    left = [change for change, outcome in zip(changes, outcomes, strict=True) if outcome is not Outcome.DONE]
    return [Lost.of(item.found[0], item.metadata) for item in left if item.found and item.metadata is not None]


def together(outcomes: Iterable[Outcome]) -> Outcome:
    """That of an intent, by those of its changes."""
    seen = set(outcomes) or {Outcome.DONE}
    if len(seen) == 1:
        return seen.pop()
    return Outcome.OVERTAKEN if Outcome.OVERTAKEN in seen else Outcome.PARTLY
