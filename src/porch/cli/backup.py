"""`porch backup`: everything that the data directory alone has, as one file, while the server serves.

The database is copied first, git after it. So git has at least what the database knows of, and its redo records of
finished writes are left out: the files that they guard are in the backup, and replayed later they would bring back what
was deleted since. What was written while git was copied is caught up with at the end, from the live database.
"""

from __future__ import annotations

import os
import tarfile
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import click

from porch.cli.archive import ArchiveWriter
from porch.cli.datadir import locked
from porch.cli.options import settings_options
from porch.durable import sync_folder
from porch.errors import BadRequest, Conflict, Expired, ServiceUnavailable
from porch.keys import PACKAGE_REVISIONS, REPOSITORIES, ObjectKey, PackageKey, RepositoryKey, RevisionKey
from porch.observe.faults import reach
from porch.repository.git.refnames import HEADS, TAGS
from porch.settings import Settings
from porch.store import Change, Intent, Reads, Store, Transaction
from porch.types.packagerevision import PackageRevision

DATABASE = "porch.db"
_LEFT_OUT = {"lock", "spool", "git", "kubeconfig"}
"""Made again at the next start, or, like git, copied in a way of its own. Mirrors are fetched again."""
_HOSTED = "git/hosted"
_CHANGES = 1000


@click.command()
@settings_options("data_dir")
@click.argument("dest", type=click.Path(path_type=Path))
def command(settings: Settings, dest: Path) -> None:
    r"""Write a backup to the new file DEST, also while the server runs.

    It holds the database, hosted git repositories, certificates and tokens: keep it as safe as the data directory.
    Remote repositories are not in it; `porch restore` makes a data directory of it.

    \b
    Example:
      porch backup /backup/porch-monday.tar
    """
    dest = dest.expanduser().absolute()
    manifest_version = back_up(settings.data_dir, dest)
    click.echo(f"{dest} has {settings.data_dir} as it was at version {manifest_version}")


def back_up(data: Path, dest: Path) -> int:
    """Returns the resourceVersion of the database's copy. Raises BadRequest, ServiceUnavailable."""
    if not (data / DATABASE).is_file():
        raise BadRequest(f"there is no database in {data}; set --data-dir")
    if dest.exists():
        raise BadRequest(f"{dest} exists already; choose another file")
    if dest.is_relative_to(data):
        raise BadRequest(f"{dest} is in the data directory, and would be lost with it; choose another place")
    os.umask(0o077)
    try:
        with _held(data) as serving, tempfile.TemporaryDirectory(prefix=".porch-backup-", dir=dest.parent) as scratch:
            partial = Path(scratch, "backup.tar")
            newest = _write(data, Path(scratch), partial, serving=serving)
            _publish(partial, dest)
    except OSError as error:
        raise ServiceUnavailable(f"cannot write the backup {dest}: {error.strerror or error}") from error
    return newest


@contextmanager
def _held(data: Path) -> Iterator[bool]:
    """Whether a server has the directory; if none has, none starts meanwhile."""
    try:
        with locked(data):
            yield False
            return
    except Conflict:
        pass
    yield True


def _publish(partial: Path, dest: Path) -> None:
    """Whole and on the disk, or not there."""
    with partial.open("rb") as file:
        os.fsync(file.fileno())
    partial.rename(dest)
    sync_folder(dest.parent)


def _write(data: Path, scratch: Path, target: Path, *, serving: bool) -> int:
    from porch.store.sqlite import check_database, copy_database, open_store, snapshot

    copy = scratch / DATABASE
    copy_database(data / DATABASE, copy)
    reach("backup-copied")
    with tarfile.open(target, "x", format=tarfile.PAX_FORMAT) as tar:
        archive = ArchiveWriter(tar)
        for path in _plain_files(data):
            archive.add_bytes(path.name if path.parent == data else str(path.relative_to(data)), path.read_bytes())
        refs = dict(_add_repositories(data, scratch, archive))
        store = open_store(copy)
        try:
            with store.read() as reads:
                newest = reads.versions.version()
            if serving:
                with snapshot(data / DATABASE) as live:
                    _CatchUp(store, live, refs).run()
        finally:
            store.close()
        check_database(copy)
        archive.add(DATABASE, copy)
        archive.finish(porch=version("porch"), created=datetime.now(UTC).isoformat(timespec="seconds"), version=newest)
    return newest


def _plain_files(data: Path) -> Iterator[Path]:
    for top in sorted(data.iterdir()):
        if top.name in _LEFT_OUT or top.name.startswith(DATABASE) or top.suffix == ".log":
            continue
        yield from sorted(path for path in (top, *top.rglob("*")) if path.is_file() and not path.is_symlink())


def _add_repositories(data: Path, scratch: Path, archive: ArchiveWriter) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Each hosted repository's refs, by its place in the data directory."""
    from porch.repository.git import refs_at_rest, write_snapshot

    for repository in sorted((data / _HOSTED).glob("*/*.git")):
        name = str(repository.relative_to(data))
        refs = refs_at_rest(str(repository))
        with tempfile.TemporaryDirectory(dir=scratch) as folder:
            for file in write_snapshot(str(repository), refs, Path(folder)):
                archive.add(f"{name}/{file}", Path(folder, file))
        yield name, refs


@dataclass(frozen=True, slots=True)
class _CatchUp:
    """Brings a copy of the database in line with the git repositories that were copied after it."""

    store: Store
    live: Reads
    refs: Mapping[str, Mapping[str, str]]

    def run(self) -> None:
        with self.store.read() as reads:
            since = reads.versions.version()
            open_intents = reads.intents.open()
        ended = [intent.id for intent in open_intents if self._has_ended(intent)]
        known = {intent.id for intent in open_intents}
        # One that was begun after the copy may have moved its refs before they were read: its metadata are only here.
        begun = [intent for intent in self.live.intents.open() if intent.id not in known and self._may_be_done(intent)]
        changed = self._changed_since(since)

        def catch_up(tx: Transaction) -> None:
            tx.intents.remove([*tx.intents.applied(), *ended])
            for intent in begun:
                tx.intents.add(intent)
            for change in changed:
                namespace, name, metadata = self._metadata(change)
                tx.revisions.put_user_metadata(namespace, name, metadata)

        self.store.commit(catch_up)

    def _has_ended(self, intent: Intent) -> bool:
        """Done, and perhaps overtaken since: its refs are in the copy as they became. One whose refs were caught
        before or between its moves is settled after the restore.
        """
        if self.live.intents.is_open(intent.id):
            return False
        refs = self._refs_of(intent.repository)
        if refs is None:
            return False
        now = [(refs.get(move.ref, ""), move) for move in intent.moves]
        return all(found == move.new for found, move in now) or any(
            found not in {move.old, move.new} for found, move in now
        )

    def _may_be_done(self, intent: Intent) -> bool:
        """Of another one nothing is in the copy: its objects would come back without those that they stand on."""
        refs = self._refs_of(intent.repository)
        return refs is None or all(refs.get(move.ref, "") == move.new for move in intent.moves)

    def _refs_of(self, key: RepositoryKey) -> Mapping[str, str] | None:
        """Of a hosted Repository; None for a remote one."""
        from porch.cache.opener import HOSTED
        from porch.types.repository import REPOSITORY

        found = self.live.versions.get(ObjectKey(str(REPOSITORIES), key.namespace, key.name))
        git = REPOSITORY.decode(found.version, found.tail).spec.git if found is not None else None
        if git is None or not git.repo.startswith(HOSTED):
            return None
        return self.refs.get(f"{_HOSTED}/{key.namespace}/{git.repo.removeprefix(HOSTED)}.git", {})

    def _metadata(self, change: Change) -> tuple[str, str, bytes | None]:
        """Namespace, dotted name and what users put on a package revision, by its last change. One that was deleted
        after its ref was copied comes back with what it had.
        """
        from porch.cache import UserMetadata
        from porch.types.packagerevision import PACKAGE_REVISION

        obj: PackageRevision = PACKAGE_REVISION.decode(change.current.version, change.current.tail)
        namespace, repository = obj.metadata.namespace, RepositoryKey(obj.metadata.namespace, obj.spec.repository)
        name = RevisionKey(PackageKey(repository, obj.spec.package_name), obj.spec.workspace_name).name
        metadata = self.live.revisions.user_metadata(namespace, name)
        if metadata is None and change.current.deleted and self._is_copied(repository, obj):
            metadata = UserMetadata.of(obj.metadata).encode()
        return namespace, name, metadata

    def _is_copied(self, repository: RepositoryKey, obj: PackageRevision) -> bool:
        lock = obj.status.self_lock
        refs = self._refs_of(repository)
        if refs is None or lock is None or lock.git is None:
            return False
        return any(f"{family}{lock.git.ref}" in refs for family in (HEADS, TAGS))

    def _changed_since(self, since: int) -> Collection[Change]:
        """The last change of each package revision that was written or deleted after the copy of the database."""
        last: dict[ObjectKey, Change] = {}
        while True:
            try:
                changes = self.live.versions.changes(str(PACKAGE_REVISIONS), since, _CHANGES)
            except Expired as error:
                raise ServiceUnavailable("the log was compacted during the backup; take it again") from error
            for change in changes:
                last[change.current.key] = change
                since = change.current.version
            if len(changes) < _CHANGES:
                return last.values()
