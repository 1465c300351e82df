"""A discovered revision becomes a PackageRevision object and its rows in the index.

One place decides what the API shows: git gives content and lifecycle, the Kptfile conditions and metadata, the store
what users put on the object. All functions run inside a transaction and write nothing when nothing changed, so a
repeated synchronisation is silent.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from porch.cache.facts import RepositoryFacts
from porch.cache.lost import forget, recall
from porch.cache.metadata import UserMetadata
from porch.cache.packages import Changed, note_removal, note_revisions
from porch.keys import PACKAGE_REVISIONS, ObjectKey, PackageKey, RepositoryKey, RevisionKey, revision_uid
from porch.krm.kptfile import KptfileSummary, read_summary
from porch.objects.deletion import owners
from porch.repository import Discovered
from porch.repository.git.refnames import BRANCH_REVISION, HEADS, TAGS
from porch.store import NewVersion, RevisionRow, StoredVersion, Transaction
from porch.strategy.packagerevision import PackageRevisionStrategy
from porch.types.meta import ObjectMeta
from porch.types.packagerevision import (
    DELETION_PROPOSED,
    LATEST_LABEL,
    PACKAGE_REVISION,
    PUBLISHED,
    GitLock,
    Locator,
    PackageMetadata,
    PackageRevision,
    PackageRevisionSpec,
    PackageRevisionStatus,
    ReadinessGate,
)

RESOURCE = str(PACKAGE_REVISIONS)
_strategy = PackageRevisionStrategy(PACKAGE_REVISION)


@dataclass(frozen=True, slots=True)
class Indexer:
    """Writes the revisions of one Repository into the index."""

    facts: RepositoryFacts

    def key(self, path: str, workspace: str) -> RevisionKey:
        return RevisionKey(PackageKey(self.facts.key, path), workspace)

    def name(self, path: str, workspace: str) -> str:
        return self.facts.names(self.key(path, workspace))[0]

    @staticmethod
    def object_key(row: RevisionRow) -> ObjectKey:
        return ObjectKey(RESOURCE, row.namespace, row.name)

    def put(
        self,
        tx: Transaction,
        found: Discovered,
        metadata: UserMetadata | None = None,
        *,
        latest: bool | None = None,
    ) -> StoredVersion:
        """Indexes one revision; `metadata` replaces what users put on it, `latest` says whether it is the latest of its
        package. None keeps what is known.
        """
        stored, changed = self._put(tx, found, metadata, latest)
        if changed is not None:
            note_revisions(tx, PackageKey(self.facts.key, found.path), [changed])
        return stored

    def put_all(self, tx: Transaction, found: Iterable[Discovered]) -> None:
        """Indexes many that others made, or a push of ours that was not answered (see lost)."""
        packages: dict[str, list[Changed]] = {}
        lost = recall(tx, self.facts.key)
        for item in found:
            wanted = next((each.metadata for each in lost if each.is_for(item)), None)
            _, changed = self._put(tx, item, wanted, None)
            if wanted is not None:
                forget(tx, self.facts.key, [(item.path, item.workspace)])
            if changed is not None:
                packages.setdefault(item.path, []).append(changed)
        for path, revisions in packages.items():
            note_revisions(tx, PackageKey(self.facts.key, path), revisions)

    def _put(
        self, tx: Transaction, found: Discovered, metadata: UserMetadata | None, latest: bool | None
    ) -> tuple[StoredVersion, Changed | None]:
        key = self.key(found.path, found.workspace)
        namespace = self.facts.key.namespace
        if metadata is not None:
            tx.revisions.put_user_metadata(namespace, key.name, metadata.encode())
        name, alias = self.facts.names(key)
        old = tx.revisions.get(namespace, name)
        if old is not None and old.revision == found.revision == BRANCH_REVISION:
            found = replace(found, created_at=_created_at(tx, old) or found.created_at)
        row = self._row(key, name, found, old)
        if latest is not None:
            row = replace(row, latest=latest)
        kept = tx.revisions.user_metadata(namespace, key.name)
        if old is None and kept is not None:
            tx.revisions.set_vanished(namespace, [key.name], None)
        obj = self.object(found, UserMetadata.decode(kept))
        if row.latest:
            obj.metadata.labels = obj.metadata.labels | {LATEST_LABEL: "true"}
        stored = put_object(tx, obj, alias)
        if old is None or _shown(old) != _shown(row):
            row = replace(row, content_version=stored.version)
        if row == old:
            return stored, None
        tx.revisions.put(row)
        return stored, Changed(obj, old)

    def _row(self, key: RevisionKey, name: str, found: Discovered, old: RevisionRow | None) -> RevisionRow:
        return RevisionRow(
            namespace=self.facts.key.namespace,
            name=name,
            repository=self.facts.key.name,
            location=self.facts.location,
            path=found.path,
            full_path=found.full_path,
            workspace=key.workspace,
            revision=found.revision,
            lifecycle=found.lifecycle,
            ref=found.ref,
            commit=found.commit,
            tree=found.tree,
            content_version=old.content_version if old else 0,
            latest=old is not None and old.latest and found.revision > 0,
        )

    def put_metadata(
        self, tx: Transaction, row: RevisionRow, current: StoredVersion, user: UserMetadata
    ) -> StoredVersion:
        """Replaces what users put on an indexed revision. No git: its content is as it was."""
        key = self.key(row.path, row.workspace)
        tx.revisions.put_user_metadata(row.namespace, key.name, user.encode())
        forget(tx, self.facts.key, [(row.path, row.workspace)])
        obj: PackageRevision = PACKAGE_REVISION.decode(current.version, current.tail)
        _set_user(obj.metadata, user)
        if row.latest:
            obj.metadata.labels = obj.metadata.labels | {LATEST_LABEL: "true"}
        return put_object(tx, obj, current.alias)

    def object(self, found: Discovered, user: UserMetadata) -> PackageRevision:
        """The PackageRevision that the API shows, but for the computed latest label."""
        key = self.key(found.path, found.workspace)
        name, _ = self.facts.names(key)
        summary = summary_of(found.kptfile)
        published = found.lifecycle in (PUBLISHED, DELETION_PROPOSED)
        metadata = ObjectMeta(
            name=name,
            namespace=self.facts.key.namespace,
            uid=revision_uid(self.facts.key.namespace, key.name),
            creation_timestamp=found.created_at,
        )
        _set_user(metadata, user)
        return PackageRevision(
            metadata=metadata,
            spec=PackageRevisionSpec(
                package_name=found.path,
                repository=self.facts.key.name,
                workspace_name=key.workspace,
                revision=found.revision,
                lifecycle=found.lifecycle,
                tasks=[found.task] if found.task else [],
                readiness_gates=[ReadinessGate(condition_type=gate) for gate in summary.readiness_gates] or None,
                package_metadata=PackageMetadata(
                    labels=dict(summary.labels) or None, annotations=dict(summary.annotations) or None
                ),
            ),
            status=PackageRevisionStatus(
                upstream_lock=summary.upstream_lock,
                self_lock=Locator(
                    type="git",
                    git=GitLock(
                        repo=self.facts.url,
                        directory=found.full_path,
                        ref=short_ref(found.ref),
                        commit=found.commit,
                    ),
                ),
                published_by=found.published_by if published else "",
                publish_timestamp=found.published_at if published else None,
                deployment=self.facts.deployment,
                conditions=list(summary.conditions) or None,
            ),
        )


def _created_at(tx: Transaction, row: RevisionRow) -> str | None:
    """The package on the branch is one object for all its time, whatever commit shows it now."""
    stored = tx.versions.get(ObjectKey(RESOURCE, row.namespace, row.name))
    obj = PACKAGE_REVISION.decode(stored.version, stored.tail) if stored else None
    return obj.metadata.creation_timestamp if obj else None


@functools.lru_cache(maxsize=1024)
def summary_of(kptfile: bytes) -> KptfileSummary:
    """Kept for a moment: whoever indexes many asks before the transaction, because parsing is the most of the work and
    other writers wait for the transaction.
    """
    return read_summary(kptfile)


def _set_user(meta: ObjectMeta, user: UserMetadata) -> None:
    meta.deletion_timestamp = user.deletion_timestamp
    meta.deletion_grace_period_seconds = 0 if user.deletion_timestamp else None
    meta.labels = user.labels
    meta.annotations = user.annotations
    meta.owner_references = user.owner_references
    meta.finalizers = user.finalizers


def put_object(tx: Transaction, obj: PackageRevision, alias: str) -> StoredVersion:
    """Stores a PackageRevision, unless it is stored just so."""
    key = ObjectKey(RESOURCE, obj.metadata.namespace, obj.metadata.name)
    tail = PACKAGE_REVISION.encode_tail(obj)
    current = tx.versions.get(key)
    if current is not None and current.tail == tail:
        return current
    new = NewVersion(
        key=key,
        uid=obj.metadata.uid,
        tail=tail,
        alias=alias,
        labels=obj.metadata.labels,
        fields=_strategy.fields(obj),
        owners=owners(obj.metadata),
    )
    return tx.versions.put(new)


def remove(tx: Transaction, row: RevisionRow, *, forget_user: bool) -> StoredVersion:
    """Takes a revision out of the index; watchers see DELETED. `forget_user` also drops what users put on it."""
    gone = tx.versions.delete(ObjectKey(RESOURCE, row.namespace, row.name))
    tx.revisions.delete(row.namespace, row.name)
    package = PackageKey(_repository_of(row), row.path)
    note_removal(tx, package)
    if forget_user:
        tx.revisions.put_user_metadata(row.namespace, dotted_name(row), None)
    return gone


def mark_latest(tx: Transaction, facts: RepositoryFacts, path: str) -> None:
    """Puts the latest label on the highest published revision of a package, and takes it off the others."""
    rows = tx.revisions.of_package(facts.key, path)
    published = [row for row in rows if row.revision > 0 and row.lifecycle in (PUBLISHED, DELETION_PROPOSED)]
    latest = max(published, key=lambda row: row.revision, default=None)
    for row in rows:
        if row.latest != (row is latest):
            _set_latest(tx, row, latest=row is latest)


def _set_latest(tx: Transaction, row: RevisionRow, *, latest: bool) -> None:
    stored = tx.versions.get(ObjectKey(RESOURCE, row.namespace, row.name))
    assert stored is not None, "every row of the index has its object"
    obj = PACKAGE_REVISION.decode(stored.version, stored.tail)
    labels = {key: value for key, value in obj.metadata.labels.items() if key != LATEST_LABEL}
    obj.metadata.labels = labels | {LATEST_LABEL: "true"} if latest else labels
    put_object(tx, obj, stored.alias)
    tx.revisions.put(replace(row, latest=latest))


def short_ref(ref: str) -> str:
    """`refs/heads/drafts/a/v1` is shown as `drafts/a/v1`."""
    return ref.removeprefix(HEADS).removeprefix(TAGS)


def _shown(row: RevisionRow) -> tuple[str, str, int]:
    """What PackageRevisionResources shows of a revision: when it changes, so does their resourceVersion."""
    return row.tree, row.lifecycle, row.revision


def dotted_name(row: RevisionRow) -> str:
    """The name by which user metadata of a revision is kept."""
    return RevisionKey(PackageKey(_repository_of(row), row.path), row.workspace).name


def _repository_of(row: RevisionRow) -> RepositoryKey:
    return RepositoryKey(row.namespace, row.repository)


def moved_refs(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str | None]:
    """The refs that differ; None for those that are gone."""
    moved: dict[str, str | None] = {ref: oid for ref, oid in after.items() if before.get(ref) != oid}
    return moved | dict.fromkeys(before.keys() - after.keys())
