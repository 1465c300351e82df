"""What a request wants done to refs, before anybody knows whether it can be.

A wish is planned on the branch as its push will find it: behind whatever the same push does before. Who loses a race is
planned again, from the same start, so nothing of a lost attempt gets into history.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field

from porch.cache.intents import Change
from porch.cache.metadata import UserMetadata
from porch.repository import Plan
from porch.store import StoredVersion, Transaction

Check = Callable[[Transaction], None]
CLOSE = "failed to close package revision draft: "
UPDATE = "failed to update git references: "


@dataclass(slots=True)
class Base:
    """The branch behind the plans so far: its head, and the last number that each package (full path) was given."""

    head: str
    numbers: dict[str, int] = field(default_factory=dict)

    def number(self, full_path: str, highest: Callable[[], int]) -> int:
        """The next revision number of a package; `highest` is the highest that it has already."""
        last = self.numbers.get(full_path)
        self.numbers[full_path] = (highest() if last is None else last) + 1
        return self.numbers[full_path]


@dataclass(frozen=True, slots=True)
class Wish:
    """`name` is the object's. `check` runs in the transaction that records the intent: the last look at the index
    before anything moves. `metadata` None keeps what users put on the object. `on_branch` says that it moves the
    repository's branch, `refs` how many refs it moves at most, `failure` how the error begins when they do not move.
    """

    name: str
    plan: Callable[[Base], Plan]
    check: Check
    metadata: UserMetadata | None = None
    on_branch: bool = False
    refs: int = 2
    failure: str = CLOSE


@dataclass(slots=True)
class Job:
    """A wish on its way; done when it has its result or its error. `refusals` counts pushes that were refused though
    nobody had moved a ref.
    """

    wish: Wish
    result: StoredVersion | None = None
    error: BaseException | None = None
    done: bool = False
    refusals: int = 0

    @property
    def size(self) -> int:
        return self.wish.refs

    def succeed(self, result: StoredVersion) -> None:
        self.result, self.done = result, True

    def fail(self, error: BaseException) -> None:
        self.error, self.done = error, True

    def answer(self) -> StoredVersion:
        """The result, or the error raised; one error may be that of several threads, so each raises its own copy."""
        if self.error is not None:
            raise copy.copy(self.error) from self.error.__cause__
        assert self.result is not None, "a job is asked when it is done"
        return self.result


@dataclass(frozen=True, slots=True)
class Planned:
    """A job and what is to be pushed for it."""

    job: Job
    plan: Plan

    @property
    def change(self) -> Change:
        wish, plan = self.job.wish, self.plan
        return Change(name=wish.name, moves=list(plan.moves), found=list(plan.found), metadata=wish.metadata)
