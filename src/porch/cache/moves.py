"""Moving refs so that nothing is half done: record an intent, push, index; or find out what happened and settle.

The intent is durable before the first ref moves. After the push, the index row, the event, the user metadata and the
end of the intent are one transaction. Whatever interrupts this, the refs tell later which it was: all new, finish; all
old, drop; somebody else's, drop and report. Called by CachedRepository for requests, and by `settle` after a restart.
"""

from __future__ import annotations

import enum
import uuid
from collections.abc import Callable

import msgspec

from porch.cache.facts import RepositoryFacts
from porch.cache.lanes import Lane
from porch.cache.registration import Registration
from porch.cache.rows import Indexer, UserMetadata, mark_latest, remove
from porch.errors import Conflict, NotFound, PorchError, ServiceUnavailable
from porch.keys import PACKAGE_REVISIONS, REPOSITORIES
from porch.observe import step
from porch.observe.faults import reach
from porch.repository import Discovered, Plan, PushReport, Repository
from porch.store import Intent, Store, StoredVersion, Transaction
from porch.types.base import Part

Check = Callable[[Transaction], None]
_CLOSE_FAILED = "failed to close package revision draft: "
_PUSH_FAILED = f"{_CLOSE_FAILED}failed to push to remote: "


class Outcome(enum.Enum):
    DONE = "all refs are as intended"
    UNDONE = "no ref has moved"
    OVERTAKEN = "somebody else moved a ref"


class Payload(Part):
    """What finishes an intent: the revision as it is now, or the name of the one that is gone."""

    name: str
    found: Discovered | None = None
    metadata: UserMetadata | None = None


def _payload(intent: Intent) -> Payload:
    try:
        return msgspec.json.decode(intent.payload, type=Payload)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ServiceUnavailable.damaged("a redo record in the database") from error


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
    ) -> None:
        """`running` holds the ids of intents that a request of this process is busy with; nobody settles those."""
        self._store, self._repository, self._indexer, self._lane = store, repository, indexer, lane
        self._running, self._registration = running, registration

    @property
    def _facts(self) -> RepositoryFacts:
        return self._indexer.facts

    def move(self, plan: Plan, payload: Payload, check: Check) -> StoredVersion:
        """Pushes `plan` and indexes what it made. `check` runs in the transaction that records the intent: the last
        look at the index before anything moves. Returns the stored PackageRevision, a tombstone for a deletion.
        """
        intent = self._intent(plan, payload)
        self._settle_before(intent)
        self._running.add(intent.id)
        reach("planned")
        try:
            self._record(intent, payload.name, check)
            reach("intent-recorded")
            with step("repository.push"):
                self._push(plan, intent)
            reach("pushed")
            with step("cache.index"):
                stored = self._store.commit(lambda tx: self._finish(tx, intent))
            reach("indexed")
        finally:
            self._running.discard(intent.id)
        if stored is None:
            raise NotFound.of(REPOSITORIES.group, REPOSITORIES.resource, self._facts.key.name)
        return stored

    def _intent(self, plan: Plan, payload: Payload) -> Intent:
        return Intent(
            id=uuid.uuid4().hex,
            repository=self._facts.key,
            mirror=self._facts.refs_of,
            moves=plan.moves,
            payload=msgspec.json.encode(payload),
            pack=plan.pack if self._facts.hosted else b"",
        )

    def _settle_before(self, intent: Intent) -> None:
        """An earlier request may have left these refs in doubt; its client tries again, and wants to know."""
        refs_of, refs = self._facts.refs_of, [move.ref for move in intent.moves]
        with self._store.read() as reads:
            if not reads.intents.moving(refs_of, refs):
                return
            open_intents = [item for item in reads.intents.open() if item.mirror == refs_of]
        for left in open_intents:
            if left.id not in self._running and any(move.ref in refs for move in left.moves):
                self.settle(left)

    def _record(self, intent: Intent, name: str, check: Check) -> None:
        def record(tx: Transaction) -> None:
            check(tx)
            if self._registration.ended:
                raise NotFound.of(REPOSITORIES.group, REPOSITORIES.resource, self._facts.key.name)
            if tx.intents.moving(self._facts.refs_of, [move.ref for move in intent.moves]):
                why = f'another request is already in progress on package revision "{name}"'
                raise Conflict.of(PACKAGE_REVISIONS.group, PACKAGE_REVISIONS.resource, name, why)
            tx.intents.add(intent)

        with step("cache.record-intent"):
            self._store.commit(record)

    def _push(self, plan: Plan, intent: Intent) -> None:
        """Returns when the refs have moved; raises, with the intent dropped, when they have not."""
        try:
            report = self._send(plan)
        except PorchError as error:
            self._drop(intent)
            # The adapter's errors say by themselves that the push failed.
            raise type(error)(_CLOSE_FAILED + error.message, retry_after=error.retry_after) from error
        if report.accepted:
            return
        outcome = self._ask(intent, report)
        if outcome is not Outcome.DONE:
            self._drop(intent)
            raise Conflict(_PUSH_FAILED + (report.text or outcome.value))

    def _send(self, plan: Plan) -> PushReport:
        if self._facts.hosted:
            return self._repository.push(plan)
        with self._lane.enter():
            return self._repository.push(plan)

    def _ask(self, intent: Intent, report: PushReport) -> Outcome:
        try:
            return self.outcome(intent)
        except PorchError as error:
            raise ServiceUnavailable(
                f"{_PUSH_FAILED}{report.text or 'no answer'}; whether it was done is not known until the remote "
                "answers again, and is settled then"
            ) from error

    def outcome(self, intent: Intent) -> Outcome:
        """What became of the intent's refs. Network; raises ServiceUnavailable, TooManyRequests."""
        refs = [move.ref for move in intent.moves]
        if self._facts.hosted:
            now = self._repository.read_refs(refs)
        else:
            with self._lane.enter(patient=True):
                now = self._repository.read_refs(refs)
        if all(now.get(move.ref, "") == move.new for move in intent.moves):
            return Outcome.DONE
        if all(now.get(move.ref, "") == move.old for move in intent.moves):
            return Outcome.UNDONE
        return Outcome.OVERTAKEN

    def _finish(self, tx: Transaction, intent: Intent) -> StoredVersion | None:
        """Indexes what the intent did, and ends it. None when the Repository was unregistered meanwhile, or what the
        intent deletes is not in the index any more.
        """
        payload = _payload(intent)
        if self._facts.hosted:
            tx.intents.mark_applied(intent.id)
        else:
            tx.intents.remove([intent.id])
        if self._registration.ended:
            return None
        tx.revisions.put_refs(self._facts.refs_of, {move.ref: move.new or None for move in intent.moves})
        if payload.found is not None:
            stored = self._indexer.put(tx, payload.found, payload.metadata)
            if payload.found.revision > 0:
                mark_latest(tx, self._facts, payload.found.path)
            return stored
        row = tx.revisions.get(self._facts.key.namespace, payload.name)
        if row is None:
            return None
        gone = remove(tx, row, forget_user=True)
        mark_latest(tx, self._facts, row.path)
        return gone

    def _drop(self, intent: Intent) -> None:
        self._store.commit(lambda tx: tx.intents.remove([intent.id]))

    def settle_left(self, intent: Intent) -> None:
        """Settles an intent, unless a request of this process is busy with it."""
        if intent.id not in self._running:
            self.settle(intent)

    def settle(self, intent: Intent) -> Outcome:
        """Ends an intent that was interrupted. Raises ServiceUnavailable while the remote cannot be asked."""
        outcome = self.outcome(intent)

        def end(tx: Transaction) -> None:
            if not tx.intents.is_open(intent.id):
                return  # its request has ended it meanwhile, and its refs may have moved on
            if outcome is Outcome.DONE:
                self._finish(tx, intent)
            else:
                tx.intents.remove([intent.id])

        self._store.commit(end)
        return outcome
