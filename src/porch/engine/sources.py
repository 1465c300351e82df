"""What a task starts from: the package revisions that it names are looked up in the index and opened where they lie.

`find` checks the references and writes their canonical names into the task, so that it reads the same wherever it is
recorded; `opened` gives the packages. Revisions of registered Repositories are read from the local copies; only a clone
from a git address needs the network. Who may create in a namespace may read the revisions in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

from porch.engine.engine import Engine, Revision, load
from porch.engine.names import resolve
from porch.errors import (
    Conflict,
    FieldError,
    Invalid,
    NotFound,
    PorchError,
    ServiceUnavailable,
    TooManyRequests,
    invalid,
)
from porch.keys import PackageKey, RepositoryKey, RevisionKey
from porch.repository import Content, Entry
from porch.store import RevisionRow
from porch.task import Source, failed, is_read, refused
from porch.types.meta import NameReference
from porch.types.packagerevision import DELETION_PROPOSED, PUBLISHED, GitLock
from porch.types.task import GitPackage, Task

_FIELD = "spec.tasks[0]"
Rule = Callable[["Place", RevisionRow], str]
"""Why a task may not start from this revision; empty when it may."""


@dataclass(frozen=True, slots=True)
class Place:
    """The revision that is to be made."""

    key: RevisionKey
    name: str

    @property
    def namespace(self) -> str:
        return self.key.package.repository.namespace


@dataclass(frozen=True, slots=True)
class Opened:
    """A package where it lies, in a local copy or fetched, and as a task takes it."""

    content: Content
    entries: Mapping[str, Entry]
    source: Source

    @classmethod
    def of(cls, content: Content, tree: str, lock: GitLock) -> Opened:
        """What a task may read is read, the rest stays entries. Raises NotFound."""
        entries = content.entries(tree)
        read = [path for path, entry in entries.items() if is_read(path, entry)]
        blobs = content.read_blobs([entries[path].blob for path in read])
        return cls(content, entries, Source({**entries, **dict(zip(read, blobs, strict=True))}, lock))


def find(engine: Engine, place: Place, task: Task) -> list[Revision]:
    """The revisions that the task names, in its order. Raises Invalid that names the field of each wrong one."""
    found: list[Revision] = []
    errors: list[FieldError] = []
    for reference in _references(task):
        try:
            revision = _named(engine, place, reference)
        except _Unusable as error:
            errors.append(error.cause)
            continue
        found.append(revision)
        if why := reference.rule(place, revision.row):
            errors.append(invalid(reference.field, reference.ref.name, why))
        reference.ref.name = _key(revision.row).name
    if errors:
        raise failed(task, place.name, errors)
    return found


@contextmanager
def opened(engine: Engine, place: Place, task: Task, revisions: Sequence[Revision]) -> Iterator[list[Opened]]:
    """The packages, while the block lasts. Network for a clone from a git address. Raises Invalid with the task's
    sentence; ServiceUnavailable and TooManyRequests while a remote cannot be asked.
    """
    if task.clone is not None and not revisions:
        assert task.clone.upstream_ref.git is not None, "the strategy lets no other source pass"
        with _fetched(engine, place, task, task.clone.upstream_ref.git) as package:
            yield [package]
    else:
        yield [_local(engine, revision) for revision in revisions]


@contextmanager
def _fetched(engine: Engine, place: Place, task: Task, source: GitPackage) -> Iterator[Opened]:
    sentence = "cannot clone Git repository: "
    with ExitStack() as stack:
        try:
            package = stack.enter_context(engine.upstreams.package(place.namespace, source))
        except Invalid as error:
            raise refused(task, place.name, _in_git_field(error), sentence) from error
        except (ServiceUnavailable, TooManyRequests) as error:
            text = f"failed to apply {task.type} task: {sentence}{error.message}"
            raise type(error)(text, retry_after=error.retry_after) from error
        yield Opened.of(package, package.tree, package.lock)


def _in_git_field(error: Invalid) -> Invalid:
    assert error.details is not None, "it names its fields"
    fields = f"{_FIELD}.clone.upstreamRef.git."
    causes = tuple(replace(cause, field=fields + cause.field) for cause in error.details.causes)
    return Invalid(", ".join(map(str, causes)), details=replace(error.details, causes=causes))


def _local(engine: Engine, revision: Revision) -> Opened:
    repository = engine.cache.open_repository(revision.repository)
    lock = revision.object().status.self_lock.git or GitLock()
    try:
        return Opened.of(repository.content, revision.row.tree, lock)
    except NotFound as error:
        text = f'cannot read contents of package "{revision.row.name}": {error.message}; it is not here yet, try again'
        raise ServiceUnavailable(text, retry_after=1) from error


def _key(row: RevisionRow) -> RevisionKey:
    return RevisionKey(PackageKey(RepositoryKey(row.namespace, row.repository), row.path), row.workspace)


# --- the references of each task, and what is asked of them


@dataclass(frozen=True, slots=True)
class _Reference:
    field: str
    ref: NameReference
    wanted: str
    """What the client wanted to do with it, as errors begin."""
    rule: Rule


def _references(task: Task) -> list[_Reference]:
    if task.clone is not None and task.clone.upstream_ref.upstream_ref is not None:
        field = f"{_FIELD}.clone.upstreamRef.upstreamRef.name"
        ref = task.clone.upstream_ref.upstream_ref
        return [_Reference(field, ref, f'failed to fetch package revision "{ref.name}"', _to_clone)]
    if task.edit is not None and task.edit.source_ref is not None:
        ref = task.edit.source_ref
        return [_Reference(f"{_FIELD}.edit.sourceRef.name", ref, f'failed to fetch package "{ref.name}"', _to_copy)]
    if task.upgrade is None:
        return []
    old, new, local = (
        task.upgrade.old_upstream_ref,
        task.upgrade.new_upstream_ref,
        task.upgrade.local_package_revision_ref,
    )
    field = f"{_FIELD}.upgrade"
    return [
        _Reference(f"{field}.oldUpstreamRef.name", old, f'error fetching revision "{old.name}"', _published),
        _Reference(
            f"{field}.newUpstreamRef.name",
            new,
            f'error fetching revision for target upstream "{new.name}"',
            _to_upgrade("target upstream revision"),
        ),
        _Reference(
            f"{field}.localPackageRevisionRef.name",
            local,
            f'error fetching revision "{local.name}" to be upgraded',
            _to_upgrade("source revision"),
        ),
    ]


class _Unusable(Exception):
    def __init__(self, cause: FieldError) -> None:
        super().__init__(str(cause))
        self.cause = cause


def _named(engine: Engine, place: Place, reference: _Reference) -> Revision:
    asked = reference.ref.name
    try:
        return load(engine, place.namespace, resolve(engine, place.namespace, asked))
    except Conflict as error:
        raise _Unusable(invalid(reference.field, asked, f"{reference.wanted}: {error.message}")) from error
    except NotFound as error:
        _know_all(engine, place, asked)
        text = f'Not found: "{asked}": {reference.wanted}: cannot find package revision "{asked}"'
        raise _Unusable(FieldError(reference.field, "FieldValueNotFound", text)) from error


def _know_all(engine: Engine, place: Place, name: str) -> None:
    """Raises ServiceUnavailable when the revision may only not be known yet: its Repository was never read."""
    key = RepositoryKey(place.namespace, name.partition(".")[0])
    try:
        known = engine.cache.open_repository(key).is_known()
    except PorchError:  # whatever is wrong with that Repository: there is none to be waited for
        return
    if not known:
        text = f'cannot find package revision "{name}": Repository "{key.name}" was not synchronised yet'
        raise ServiceUnavailable(text, retry_after=1)


def _is_placeholder(row: RevisionRow) -> bool:
    """Whether it is what lies on the branch. A tag that is no number has no revision either, but is one."""
    return row.revision < 0 and row.ref.startswith("refs/heads/")


def _label(row: RevisionRow) -> str:
    return f"placeholder package revision {row.repository}/{_key(row).name}"


def _to_clone(_: Place, row: RevisionRow) -> str:
    return f"upstream revision may not be the {_label(row)}" if _is_placeholder(row) else ""


def _to_copy(place: Place, row: RevisionRow) -> str:
    package = place.key.package
    if (row.repository, row.path) != (package.repository.name, package.path):
        return f"source revision must be from same package {package.repository.name}/{package.path}"
    if _is_placeholder(row):
        return f"source revision may not be the {_label(row)}"
    return "" if _is_published(row) else "source revision must be published"


def _published(_: Place, row: RevisionRow) -> str:
    if _is_published(row):
        return ""
    return f'all source PackageRevisions of upgrade task must be published, "{_key(row).name}" is not'


def _to_upgrade(what: str) -> Rule:
    def rule(place: Place, row: RevisionRow) -> str:
        return f"{what} may not be the {_label(row)}" if _is_placeholder(row) else _published(place, row)

    return rule


def _is_published(row: RevisionRow) -> bool:
    return row.lifecycle in {PUBLISHED, DELETION_PROPOSED}
