"""Use case: create a package revision. Steps 2 to 13 of the sample request flow, in its order.

Called by the API for POST; everything it may refuse is refused before the draft exists, everything later is rolled
back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from porch.cache import CachedRepository, UserMetadata
from porch.engine import checks, sources
from porch.engine.content import Outcome, RenderJob, rendering_into
from porch.engine.engine import Engine, Revision, author, dry_version
from porch.engine.rollback import rollback
from porch.engine.taskrun import run_task, taken_over, told
from porch.errors import BadRequest, Invalid
from porch.keys import PACKAGE_REVISIONS, PackageKey, RepositoryKey, RevisionKey
from porch.objects import Call, metadata, paging, require_namespace
from porch.observe import step
from porch.repository import Files, PackageRevisionDraft
from porch.store import Reads, StoredVersion, Transaction
from porch.strategy.packagerevision import PackageRevisionStrategy
from porch.strategy.tasks import ON_MERGE_CONFLICT
from porch.task import PackageConfig
from porch.types.packagerevision import PACKAGE_REVISION, PackageMetadata, PackageRevision
from porch.types.task import Task

_strategy = PackageRevisionStrategy(PACKAGE_REVISION)
_BUSY = (
    'another request is already in progress to create package revision with details namespace="{}", '
    'repository="{}", package="{}",workspace="{}"'
)


@dataclass(frozen=True, slots=True)
class _Creation:
    """One request on its way through the steps."""

    engine: Engine
    call: Call
    obj: PackageRevision
    key: RevisionKey
    repository: CachedRepository

    @property
    def name(self) -> str:
        return self.repository.facts.names(self.key)[0]

    @property
    def task(self) -> Task:
        return self.obj.spec.tasks[0]

    @property
    def place(self) -> sources.Place:
        return sources.Place(self.key, self.name)


def create_package_revision(engine: Engine, call: Call, namespace: str, obj: PackageRevision) -> StoredVersion:
    """Returns the stored object; in a dry run what it would be, with nothing left behind."""
    with step("engine.validate"):
        key = _validated(call, namespace, obj)
    busy = _BUSY.format(namespace, key.package.repository.name, key.package.path, key.workspace)
    with engine.store.read() as reads:
        require_namespace(reads, PACKAGE_REVISION, namespace, key.name)
    with engine.locks.hold(PACKAGE_REVISIONS, namespace, key.name, busy):
        with step("engine.open-repository"):
            repository = engine.cache.open_repository(key.package.repository)
            repository.ready()
        creation = _Creation(engine, call, obj, key, repository)
        _note_other_name(creation)
        return _draft(creation, _check_all(creation))


def _validated(call: Call, namespace: str, obj: PackageRevision) -> RevisionKey:
    meta = obj.metadata
    if paging.read_version(meta.resource_version):
        raise BadRequest("resourceVersion should not be set on objects to be created")
    metadata.begin(meta)
    call.warnings += metadata.drop_repeated_owners(meta)
    _strategy.prepare_for_create(obj)
    meta.namespace = namespace
    errors = [*metadata.metadata_errors(meta, lambda _: []), *_strategy.validate(obj)]
    if errors:
        raise Invalid.of(PACKAGE_REVISION.group, PACKAGE_REVISION.name, meta.name, errors)
    spec = obj.spec
    return RevisionKey(PackageKey(RepositoryKey(namespace, spec.repository), spec.package_name), spec.workspace_name)


def _note_other_name(creation: _Creation) -> None:
    """The server names package revisions; another name in the request is not an error, but should not surprise."""
    given = creation.obj.metadata.name
    if given and given not in creation.repository.facts.names(creation.key):
        creation.call.warnings.append(f'metadata.name "{given}" is ignored: the name is "{creation.name}"')


def _check_all(creation: _Creation) -> list[Revision]:
    """Steps 4 to 6: the workspace, the task and the path. Returns the revisions that the task starts from."""
    facts, key, engine = creation.repository.facts, creation.key, creation.engine
    with step("engine.validate-workspace"), engine.store.read() as reads:
        checks.unique_workspace(reads, facts, key)
    with step("engine.validate-task"):
        revisions = sources.find(engine, creation.place, creation.task)
    with step("engine.validate-path"), engine.store.read() as reads:
        _check_path(creation, reads)
    return revisions


def _check_path(creation: _Creation, reads: Reads | Transaction) -> None:
    facts, key = creation.repository.facts, creation.key
    checks.free_path(reads, facts, key, creation.task.type)
    checks.free_ref(reads, facts, key)


def _check_again(creation: _Creation, tx: Transaction) -> None:
    """What others may have changed meanwhile. What the task started from was as it had to be, and was taken then."""
    checks.unique_workspace(tx, creation.repository.facts, creation.key)
    _check_path(creation, tx)


def _draft(creation: _Creation, revisions: Sequence[Revision]) -> StoredVersion:
    """Steps 7 to 13: from the draft to the stored object."""
    repository, obj = creation.repository, creation.obj
    with step("repository.create-draft"):
        draft = repository.create_package_revision_draft(
            obj.spec.package_name, obj.spec.workspace_name, author(creation.call.caller)
        )
    with rollback(creation.name), _task_applied(creation, draft, revisions) as rendered:
        with step("engine.update-lifecycle"):
            draft.update_lifecycle(obj.spec.lifecycle)
        user = UserMetadata.of(obj.metadata)
        if creation.call.dry_run:
            return dry_version(repository, repository.planned(draft), user)

        def check(tx: Transaction) -> None:
            _check_again(creation, tx)
            creation.engine.verdicts.note(tx, rendered.verdict)

        with step("repository.close-draft"):
            return repository.close_package_revision_draft(draft, creation.name, user, check)


@contextmanager
def _task_applied(creation: _Creation, draft: PackageRevisionDraft, revisions: Sequence[Revision]) -> Iterator[Outcome]:
    """Step 9. A task that fails is the client's to mend: 422 with what went wrong."""
    task = creation.task
    with step("task.apply"):
        files = _content(creation, draft, revisions)
    dry_run = creation.call.dry_run
    job = RenderJob(creation.repository, draft, creation.place.namespace, creation.name, dry_run=dry_run)
    with ExitStack() as stack:
        try:
            rendered = stack.enter_context(rendering_into(creation.engine, job, files, task))
        except Invalid as error:
            raise Invalid(f"failed to apply {task.type} task: {error.message}", details=error.details) from error
        yield rendered


def _content(creation: _Creation, draft: PackageRevisionDraft, revisions: Sequence[Revision]) -> Files:
    """What the task makes of the packages that it starts from, taken over into the draft."""
    engine, task = creation.engine, creation.task
    with sources.opened(engine, creation.place, task, revisions) as packages:
        applied = run_task(engine, task, _config(creation), [package.source for package in packages])
        creation.call.warnings += told(applied.conflicts)
        return taken_over(draft, creation.repository, packages, applied.files)


def _config(creation: _Creation) -> PackageConfig:
    spec = creation.obj.spec
    kept = spec.package_metadata or PackageMetadata()
    gates = [gate.condition_type for gate in spec.readiness_gates] if spec.readiness_gates is not None else None
    return PackageConfig(
        name=creation.name,
        path=spec.package_name,
        labels=kept.labels,
        annotations=kept.annotations,
        readiness_gates=gates,
        deployment=creation.repository.facts.deployment,
        on_conflict=creation.obj.metadata.annotations.get(ON_MERGE_CONFLICT, ""),
    )
