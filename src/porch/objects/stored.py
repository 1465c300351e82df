"""The verbs of every kind whose objects lie in the store, with Kubernetes' rules.

The apiserver calls it on a worker thread. A write is prepared outside of the store's transaction (defaults, validation,
encoding) and decided inside of it: there the object must still be the one that was prepared for, and there run the
checks that read other objects. When it moved meanwhile, the write is prepared again from what it is now.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from porch import errors
from porch.errors import AlreadyExists, BadRequest, Conflict, FieldError, Invalid, NotFound
from porch.keys import ObjectKey
from porch.objects import metadata, paging
from porch.objects.checks import Check, DeletionCheck, warn
from porch.objects.deletion import Fate, condemn, is_released, owners
from porch.objects.identity import effective_namespace, require_preconditions, require_same
from porch.objects.interface import Call, Deleted, DeleteOptions, ListOptions, ListResult
from porch.objects.listing import read_list
from porch.store import NewVersion, Reads, Store, StoredVersion, Transaction
from porch.strategy.interface import Strategy
from porch.types.kind import Kind

_NAME_ATTEMPTS = 8
_UPDATE_ATTEMPTS = 50


@dataclass(frozen=True, slots=True)
class _Moved:
    """The object is not any more what the update was prepared for."""


@dataclass(frozen=True, slots=True)
class _Deletion:
    """What a delete does now: remove the object, mark it as it shall wait (`marked`), or, marked before, nothing."""

    current: StoredVersion
    finished: bool
    marked: NewVersion | None = None


class StoredObjects:
    """ResourceStorage of one kind."""

    def __init__(
        self,
        store: Store,
        strategy: Strategy,
        checks: Sequence[Check] = (),
        deletion_checks: Sequence[DeletionCheck] = (),
    ) -> None:
        self._store = store
        self._strategy = strategy
        self._checks = checks
        self._deletion_checks = deletion_checks
        self._group, self._plural = strategy.kind.group, strategy.kind.plural
        self._resource = str(strategy.kind.resource)

    @property
    def kind(self) -> Kind:
        return self._strategy.kind

    def resolve(self, namespace: str, name: str) -> str:  # noqa: ARG002 - stored objects have one name only
        return name

    def get(self, call: Call, namespace: str, name: str) -> StoredVersion:  # noqa: ARG002 - the port's signature
        with self._store.read() as reads:
            return self._current(reads, namespace, name)

    def list(self, call: Call, options: ListOptions) -> ListResult:  # noqa: ARG002 - the port's signature
        with self._store.read() as reads:
            return read_list(reads, self._resource, self._strategy.selectable, options)

    def create(self, call: Call, namespace: str, obj: Any) -> StoredVersion:
        meta = obj.metadata
        if paging.read_version(meta.resource_version):
            raise BadRequest("resourceVersion should not be set on objects to be created")
        meta.namespace = effective_namespace(self.kind, namespace, meta.namespace)
        metadata.begin(meta)
        for warning in metadata.drop_repeated_owners(meta):
            warn(call, warning)
        if meta.name:
            return self._insert(call, obj)
        if not meta.generate_name:
            unnamed = errors.required("metadata.name", "name or generateName is required")
            raise Invalid.of(self._group, self.kind.name, "", [unnamed])
        return self._insert_with_new_name(call, obj)

    def _insert_with_new_name(self, call: Call, obj: Any) -> StoredVersion:
        meta = obj.metadata
        for _ in range(_NAME_ATTEMPTS):
            meta.name = metadata.generated_name(meta.generate_name)
            try:
                return self._insert(call, obj)
            except AlreadyExists:
                continue
        taken = AlreadyExists.of(self._group, self._plural, meta.name)
        text = f"{taken.message}, the server was not able to generate a unique name for the object"
        raise AlreadyExists(text, details=taken.details, retry_after=1)

    def _insert(self, call: Call, obj: Any) -> StoredVersion:
        self._strategy.prepare_for_create(obj)
        self._require_valid(obj, self._strategy.validate(obj))
        new = self._encoded(obj)

        def admit(reads: Reads) -> None:
            self._require_free(reads, new.key)
            for check in self._checks:
                check(call, reads, obj, None)

        def work(transaction: Transaction) -> StoredVersion:
            admit(transaction)
            return transaction.versions.put(new)

        if not call.dry_run:
            return self._store.commit(work)
        with self._store.read() as reads:
            admit(reads)
        return _unstored(new, 0)

    def _require_free(self, reads: Reads, key: ObjectKey) -> None:
        existing = reads.versions.get(key)
        if existing is None:
            return
        error = AlreadyExists.of(self._group, self._plural, key.name)
        if self._decoded(existing).metadata.deletion_timestamp:
            raise AlreadyExists(f"object is being deleted: {error.message}", details=error.details)
        raise error

    def update(
        self, call: Call, namespace: str, name: str, change: Callable[[Any], Any], subresource: str = ""
    ) -> StoredVersion:
        for _ in range(_UPDATE_ATTEMPTS):
            with self._store.read() as reads:
                current = self._current(reads, namespace, name)
            # A version that the client named is compared on every turn; one that it took from the copy moves along.
            new = change(self._decoded(current))
            done = self._replace(call, current, new, subresource)
            if not isinstance(done, _Moved):
                return done
        raise Conflict.modified(self._group, self._plural, name)

    def _replace(self, call: Call, current: StoredVersion, new: Any, subresource: str) -> StoredVersion | _Moved:
        """Writes `new` in place of `current`, unless that is not the current version any more."""
        old = self._decoded(current)
        require_same(self.kind, new.metadata, old.metadata, must_name_version=self._strategy.must_name_version)
        self._prepare(call, new, old, subresource)
        if new == old:
            return current
        forbidden_changes = metadata.update_errors(new.metadata, old.metadata)
        self._require_valid(
            new, [*forbidden_changes, *self._strategy.validate(new), *self._strategy.validate_update(new, old)]
        )
        encoded = self._encoded(new)
        finished = is_released(new.metadata, old.metadata, held=self._strategy.is_held(new))

        def admit(reads: Reads) -> bool:
            latest = reads.versions.get(current.key)
            if latest is None or latest.version != current.version:
                return False
            for check in self._checks:
                check(call, reads, new, old)
            return True

        def work(transaction: Transaction) -> StoredVersion | _Moved:
            if not admit(transaction):
                return _Moved()
            if not finished:
                return transaction.versions.put(encoded)
            # Watchers see the last stored state, still with its finalizers; the client sees what it wrote.
            transaction.versions.delete(current.key)
            return _unstored(encoded, current.version)

        if not call.dry_run:
            return self._store.commit(work)
        with self._store.read() as reads:
            return _unstored(encoded, current.version) if admit(reads) else _Moved()

    def _prepare(self, call: Call, new: Any, old: Any, subresource: str) -> None:
        """Defaults, and everything back to what it was that this endpoint may not change."""
        if subresource:
            new.metadata = msgspec.structs.replace(old.metadata)
        metadata.carry_over(new.metadata, old.metadata)
        for warning in metadata.drop_repeated_owners(new.metadata):
            warn(call, warning)
        self._strategy.prepare_for_update(new, old, subresource)
        if self._strategy.desired_state_changed(new, old):
            new.metadata.generation += 1
        new.kind, new.api_version = old.kind, old.api_version
        new.metadata.resource_version = old.metadata.resource_version

    def delete(self, call: Call, namespace: str, name: str, options: DeleteOptions) -> Deleted:
        if call.dry_run:
            with self._store.read() as reads:
                plan = self._plan_deletion(call, reads, namespace, name, options)
            shown = _unstored(plan.marked, plan.current.version) if plan.marked else plan.current
            return Deleted(shown, plan.finished)

        def work(transaction: Transaction) -> Deleted:
            plan = self._plan_deletion(call, transaction, namespace, name, options)
            if plan.finished:
                return Deleted(transaction.versions.delete(plan.current.key), finished=True)
            return Deleted(transaction.versions.put(plan.marked) if plan.marked else plan.current, finished=False)

        return self._store.commit(work)

    def _plan_deletion(self, call: Call, reads: Reads, namespace: str, name: str, options: DeleteOptions) -> _Deletion:
        current = self._current(reads, namespace, name)
        wanted, found = (options.uid, options.resource_version), (current.uid, str(current.version))
        require_preconditions(self.kind, name, wanted, found)
        obj = self._decoded(current)
        for check in self._deletion_checks:
            check(call, reads, obj)
        fate = condemn(obj.metadata, options.propagation, held=self._strategy.is_held(obj))
        if fate is not Fate.MARKED:
            return _Deletion(current, finished=fate is Fate.REMOVED)
        self._strategy.prepare_for_deletion(obj)
        return _Deletion(current, finished=False, marked=self._encoded(obj))

    def _current(self, reads: Reads, namespace: str, name: str) -> StoredVersion:
        found = reads.versions.get(ObjectKey(self._resource, namespace, name))
        if found is None:
            raise NotFound.of(self._group, self._plural, name)
        return found

    def _require_valid(self, obj: Any, found: Sequence[FieldError]) -> None:
        wrong = [*metadata.metadata_errors(obj.metadata, self._strategy.name_problems), *found]
        if wrong:
            raise Invalid.of(self._group, self.kind.name, obj.metadata.name, wrong)

    def _decoded(self, version: StoredVersion) -> Any:
        return self.kind.decode(version.version, version.tail)

    def _encoded(self, obj: Any) -> NewVersion:
        meta = obj.metadata
        return NewVersion(
            key=ObjectKey(self._resource, meta.namespace, meta.name),
            uid=meta.uid,
            tail=self.kind.encode_tail(obj),
            labels=dict(meta.labels),
            fields=self._strategy.fields(obj),
            owners=owners(meta),
        )


def _unstored(new: NewVersion, version: int) -> StoredVersion:
    """An answer that is not in the store."""
    return StoredVersion(new.key, version, new.uid, new.tail, new.alias, new.labels, new.fields, owners=new.owners)
