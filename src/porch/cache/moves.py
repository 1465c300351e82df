"""Moving refs so that nothing is half done: record an intent, push, index; or find out what happened and settle.

The intent is durable before the first ref moves. After the push, the index rows, the events, the user metadata and the
end of the intent are one transaction. Whatever interrupts this, the refs tell later which it was: all new, finish; all
old, drop; some new, finish the others. Requests for the same remote that wait at the same time go in one push, and each
gets its own result; who lost a race on the way is planned and pushed again. Called by CachedRepository.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from porch.cache.facts import RepositoryFacts
from porch.cache.intents import Change, Outcome, Payload, changes_of, lost_of, together
from porch.cache.lanes import Lane
from porch.cache.lost import forget, remember
from porch.cache.registration import Registration
from porch.cache.rows import Indexer, mark_latest, remove
from porch.cache.turns import Turns
from porch.cache.wishes import Base, Job, Planned, Wish
from porch.errors import Conflict, NotFound, PorchError, ServiceUnavailable
from porch.keys import PACKAGE_REVISIONS, REPOSITORIES
from porch.observe import step
from porch.observe.faults import reach
from porch.repository import Plan, PushReport, Repository
from porch.store import Intent, RefMove, Store, StoredVersion, Transaction

_PUSH_FAILED = "failed to push to remote: "
_ATTEMPTS, _REFUSALS = 20, 3
_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.02, 1.0


class Mover:
    """Moves refs of one Repository."""

    def __init__(
        self,
        store: Store,
        repository: Repository,
        indexer: Indexer,
        *,
        lane: Lane,
        running: set[str],
        registration: Registration,
        catch_up: Callable[[], None],
        max_refs: int,
    ) -> None:
        """`running` holds the ids of intents that a request of this process is busy with; nobody settles those.
        `catch_up` reads the repository and indexes it. `max_refs` is how many refs one push may move.
        """
        self._store, self._repository, self._indexer, self._lane = store, repository, indexer, lane
        self._running, self._registration, self._catch_up = running, registration, catch_up
        self._turns: Turns[Job] = Turns(max_refs)

    @property
    def _facts(self) -> RepositoryFacts:
        return self._indexer.facts

    def move(self, wish: Wish) -> StoredVersion:
        """Does what the request wants. Returns the stored PackageRevision, a tombstone for a deletion. Raises Conflict
        or ServiceUnavailable with git's words; then nothing of it is visible.
        """
        job = Job(wish)
        if not self._facts.hosted:
            with self._lane.place():
                self._turns.take(job, self._work)
        elif wish.on_branch:
            self._turns.take(job, self._work)
        else:
            self._work([job])
        return job.answer()

    def _work(self, jobs: Sequence[Job]) -> None:
        """Leaves every job done, whatever happens."""
        try:
            self._until_done(jobs)
        except BaseException as error:
            for job in _waiting(jobs):
                job.fail(error)
            if not isinstance(error, Exception):
                raise

    def _until_done(self, jobs: Sequence[Job]) -> None:
        """After a race that was lost the group is halved: a smaller push is a faster one, and so wins against somebody
        who pushes all the time.
        """
        size, vain = len(jobs), 0
        while waiting := _waiting(jobs):
            if vain == _ATTEMPTS:
                raise Conflict(f"{_PUSH_FAILED}the branch {self._facts.branch} moved each time; try again")
            if vain:
                time.sleep(random.uniform(0, min(_PAUSE_SECONDS * 2**vain, _LONGEST_PAUSE_SECONDS)))  # noqa: S311
                self._catch_up()
            self._attempt(waiting[:size])
            vain, size = (0, size) if len(_waiting(jobs)) < len(waiting) else (vain + 1, max(size // 2, 1))

    def _attempt(self, jobs: Sequence[Job]) -> None:
        """One push of all that wait. Those that lost a race are left waiting."""
        while group := self._plan(_waiting(jobs)):
            if not self._record_and_push(group):
                return

    def _plan(self, jobs: Sequence[Job]) -> list[Planned]:
        """Each on the branch as those before it leave it. Who cannot be planned has failed, nobody else."""
        base, group, taken = Base(self._repository.head()), list[Planned](), set[str]()
        for job in jobs:
            numbers = dict(base.numbers)
            try:
                plan = job.wish.plan(base)
                own = {move.ref for move in plan.moves if move.ref != self._facts.branch_ref}
                if own & taken:
                    raise self._busy(job.wish.name)
            except PorchError as error:
                base.numbers = numbers
                job.fail(self._because_of_left(job, error))
                continue
            taken |= own
            base.head = next((move.new for move in plan.moves if move.ref == self._facts.branch_ref), base.head)
            group.append(Planned(job, plan))
        return group

    def _record_and_push(self, group: Sequence[Planned]) -> bool:
        """True when some jobs had to leave before anything was sent, so that the others are to be planned anew."""
        joined = group[0].plan if len(group) == 1 else self._repository.join([planned.plan for planned in group])
        changes = [planned.change for planned in group]
        intent = self._intent(joined, changes)
        try:
            self._settle_before(intent)
        except PorchError as error:
            return self._blame(group, error)
        self._running.add(intent.id)
        reach("planned")
        try:
            if self._record(intent, group):
                return True
            reach("intent-recorded")
            self._push(joined, intent, group)
            return False
        finally:
            self._running.discard(intent.id)

    def _intent(self, plan: Plan, changes: list[Change]) -> Intent:
        return Intent(
            id=uuid.uuid4().hex,
            repository=self._facts.key,
            mirror=self._facts.refs_of,
            moves=plan.moves,
            payload=Payload(changes=changes).encode(),
            pack=plan.pack if self._facts.hosted else b"",
        )

    def _settle_before(self, intent: Intent) -> None:
        """An earlier request may have left these refs in doubt; its client tries again, and wants to know."""
        refs_of, refs = self._facts.refs_of, {move.ref for move in intent.moves}
        with self._store.read() as reads:
            if not reads.intents.moving(refs_of, refs):
                return
        self._settle_left(lambda left: any(move.ref in refs for move in left.moves))

    def _because_of_left(self, job: Job, error: PorchError) -> PorchError:
        """What an interrupted request has done to the revision may be why nothing can be planned for it. It is settled,
        so that the client sees it when it reads again.
        """
        name = job.wish.name
        with suppress(PorchError):
            self._settle_left(lambda left: any(change.name == name for change in changes_of(left)))
        return error

    def _settle_left(self, concerns: Callable[[Intent], bool]) -> None:
        """Settles what interrupted requests have left, as far as it concerns somebody."""
        with self._store.read() as reads:
            open_intents = [item for item in reads.intents.open() if item.mirror == self._facts.refs_of]
        for left in open_intents:
            if left.id not in self._running and concerns(left):
                self.settle(left)

    def _record(self, intent: Intent, group: Sequence[Planned]) -> bool:
        """Records the intent, unless some of the jobs fail their last check: then they have failed, and it is not."""

        def moving(tx: Transaction, planned: Planned) -> set[str]:
            return tx.intents.moving(self._facts.refs_of, [move.ref for move in planned.plan.moves])

        def record(tx: Transaction) -> list[tuple[Job, PorchError]]:
            failed = [(job, error) for job in (planned.job for planned in group) if (error := self._checked(tx, job))]
            if self._registration.ended:
                raise NotFound.of(REPOSITORIES.group, REPOSITORIES.resource, self._facts.key.name)
            failed = failed or [
                (planned.job, self._busy(planned.job.wish.name)) for planned in group if moving(tx, planned)
            ]
            if not failed:
                tx.intents.add(intent)
            return failed

        with step("cache.record-intent"):
            failed = self._store.commit(record)
        for job, error in failed:
            job.fail(error)
        return bool(failed)

    def _checked(self, tx: Transaction, job: Job) -> PorchError | None:
        try:
            job.wish.check(tx)
        except PorchError as error:
            return error
        return None

    def _busy(self, name: str) -> Conflict:
        why = f'another request is already in progress on package revision "{self._facts.key.namespace}/{name}"'
        return Conflict.of(PACKAGE_REVISIONS.group, PACKAGE_REVISIONS.resource, name, why)

    def _push(self, plan: Plan, intent: Intent, group: Sequence[Planned]) -> None:
        """Ends with each job done, or left waiting with the intent dropped."""
        try:
            with step("repository.push"):
                report = self._send(plan)
        except PorchError as error:
            # Nothing has moved, nor been sent to another machine.
            if isinstance(error, Conflict) and self._facts.hosted:
                self._conclude(intent, group, self._look(intent.moves), error)
                return
            self._drop(intent)
            for planned in group:
                # The adapter's errors say by themselves that the push failed.
                wish = planned.job.wish
                planned.job.fail(type(error)(wish.failure + error.message, retry_after=error.retry_after))
        else:
            if report.accepted:
                reach("pushed")
                self._succeed(intent, group)
                return
            kind = Conflict if report.answered else ServiceUnavailable
            why = kind(_PUSH_FAILED + (report.text or "refused"))
            self._conclude(intent, group, self._ask(intent, group, report), why)

    def _send(self, plan: Plan) -> PushReport:
        if self._facts.hosted:
            return self._repository.push(plan)
        with self._lane.run():
            return self._repository.push(plan)

    def _ask(self, intent: Intent, group: Sequence[Planned], report: PushReport) -> Mapping[str, str]:
        try:
            return self._look(intent.moves)
        except PorchError as error:
            raise ServiceUnavailable(
                f"{group[0].job.wish.failure}{_PUSH_FAILED}{report.text or 'no answer'}; whether it was done is not "
                "known until the remote answers again, and is settled then"
            ) from error

    def _look(self, moves: Sequence[RefMove]) -> Mapping[str, str]:
        """What these refs are now. Network; raises ServiceUnavailable, TooManyRequests."""
        refs = [move.ref for move in moves]
        if self._facts.hosted:
            return self._repository.read_refs(refs)
        # One fetch at a time: two of them refuse each other's locks.
        with self._registration.syncing, self._lane.run(patient=True):
            now = self._repository.read_refs(refs)
            # The mirror has to know what became of a push; and whether a branch went on, only its history can tell.
            self._repository.refresh(create=False)
        return now

    def _conclude(self, intent: Intent, group: Sequence[Planned], now: Mapping[str, str], why: PorchError) -> None:
        """The push was not accepted, and `now` is what the refs are."""
        outcomes = self._roll_forward([planned.change for planned in group], now)
        made = [planned for planned, outcome in zip(group, outcomes, strict=True) if outcome is Outcome.DONE]
        if isinstance(why, ServiceUnavailable) and len(made) < len(group):
            # Nobody said no: the remote may do it yet.
            lost = lost_of([planned.change for planned in group], outcomes)
            self._store.commit(lambda tx: remember(tx, self._facts.key, lost))
        if made:
            self._succeed(intent, made)
        else:
            self._drop(intent)
        left = [(planned, found) for planned, found in zip(group, outcomes, strict=True) if found is not Outcome.DONE]
        for planned, found in left:
            if found is not Outcome.UNDONE:
                planned.job.fail(Conflict(planned.job.wish.failure + why.message))
        if any(found is not Outcome.UNDONE for _, found in left) or made or self._was_overtaken(intent, now):
            return
        self._blame([planned for planned, _ in left], why)

    def _was_overtaken(self, intent: Intent, now: Mapping[str, str]) -> bool:
        return any(now.get(move.ref, "") != move.old for move in intent.moves)

    def _blame(self, group: Sequence[Planned], error: PorchError) -> bool:
        """Nobody raced: somebody here is refused. Of several, each tries alone; one alone may have met a lock that will
        be gone, so it tries a few times more.
        """
        if len(group) > 1:
            for planned in group:
                self._work([planned.job])
            return True
        job, refused = group[0].job, isinstance(error, Conflict)
        job.refusals += refused
        if not refused or job.refusals == _REFUSALS:
            job.fail(type(error)(job.wish.failure + error.message, retry_after=error.retry_after))
        return True

    def _roll_forward(self, changes: Sequence[Change], now: Mapping[str, str]) -> list[Outcome]:
        """What became of each change; what was begun and can be finished is finished."""
        branch = self._facts.branch_ref
        outcomes = [change.outcome(self._repository, branch, now) for change in changes]
        begun = [change for change, outcome in zip(changes, outcomes, strict=True) if outcome is Outcome.PARTLY]
        if not begun:
            return outcomes
        moves = [move for change in begun for move in change.moves]
        pending = tuple(move for move in moves if not self._repository.is_done(move, now.get(move.ref, "")))
        with suppress(Conflict):  # looked at again below
            self._send(Plan(pending, b""))
        now = {**now, **dict.fromkeys((move.ref for move in pending), ""), **self._look(pending)}
        return [change.outcome(self._repository, branch, now) for change in changes]

    def _succeed(self, intent: Intent, group: Sequence[Planned]) -> None:
        changes = [planned.change for planned in group]
        with step("cache.index"):
            stored = self._store.commit(lambda tx: self._finish(tx, intent, changes))
        reach("indexed")
        for planned, result in zip(group, stored, strict=True):
            if result is None:
                planned.job.fail(NotFound.of(REPOSITORIES.group, REPOSITORIES.resource, self._facts.key.name))
            else:
                planned.job.succeed(result)

    def _finish(self, tx: Transaction, intent: Intent, changes: Sequence[Change]) -> list[StoredVersion | None]:
        """Indexes what was done of the intent, and ends it. None where the Repository was unregistered meanwhile, or
        what was deleted is not in the index any more.
        """
        if self._facts.hosted:
            tx.intents.mark_applied(intent.id)
        else:
            tx.intents.remove([intent.id])
        if self._registration.ended:
            return [None] * len(changes)
        moves = [move for change in changes for move in change.moves]
        self._registration.touched.update(move.ref for move in moves)
        tx.revisions.put_refs(self._facts.refs_of, {move.ref: move.new or None for move in moves})
        return [self._index(tx, change) for change in changes]

    def _index(self, tx: Transaction, change: Change) -> StoredVersion | None:
        if not change.found:
            row = tx.revisions.get(self._facts.key.namespace, change.name)
            if row is None:
                return None
            gone = remove(tx, row, forget_user=True)
            forget(tx, self._facts.key, [(row.path, row.workspace)])
            mark_latest(tx, self._facts, row.path)
            return gone
        first, *others = change.found
        rows = tx.revisions.of_package(self._facts.key, first.path)
        newest = first.revision > 0 and all(row.revision <= first.revision for row in rows)
        stored = self._indexer.put(tx, first, change.metadata, latest=newest)
        forget(tx, self._facts.key, [(first.path, first.workspace)])
        for found in others:
            self._indexer.put(tx, found)
        if first.revision > 0:
            mark_latest(tx, self._facts, first.path)
        return stored

    def _drop(self, intent: Intent) -> None:
        self._store.commit(lambda tx: tx.intents.remove([intent.id]))

    def settle_left(self, intent: Intent) -> None:
        """Settles an intent, unless a request of this process is busy with it."""
        if intent.id not in self._running:
            self.settle(intent)

    def outcome(self, intent: Intent) -> Outcome:
        """What became of the intent's refs. Network; raises ServiceUnavailable, TooManyRequests."""
        now = self._look(intent.moves)
        branch = self._facts.branch_ref
        return together(change.outcome(self._repository, branch, now) for change in changes_of(intent))

    def settle(self, intent: Intent) -> Outcome:
        """Ends an intent that was interrupted. Raises ServiceUnavailable while the remote cannot be asked."""
        changes = changes_of(intent)
        outcomes = self._roll_forward(changes, self._look(intent.moves))
        made = [change for change, outcome in zip(changes, outcomes, strict=True) if outcome is Outcome.DONE]

        def end(tx: Transaction) -> None:
            if not tx.intents.is_open(intent.id):
                return  # its request has ended it meanwhile, and its refs may have moved on
            if not self._facts.hosted:
                remember(tx, self._facts.key, lost_of(changes, outcomes))
            if made:
                self._finish(tx, intent, made)
            else:
                tx.intents.remove([intent.id])

        self._store.commit(end)
        return together(outcomes)


def _waiting(jobs: Sequence[Job]) -> list[Job]:
    return [job for job in jobs if not job.done]
