"""Use case: create a package revision. Steps 2 to 13 of the sample request flow, in its order.

Called by the API for POST; everything it may refuse is refused before the draft exists, everything later is rolled
back.
"""

from __future__ import annotations

from dataclasses import dataclass

from porch.cache import CachedRepository, UserMetadata
from porch.engine import checks
from porch.engine.content import rendered
from porch.engine.engine import Engine, author, dry_version
from porch.engine.rollback import rollback
from porch.errors import BadRequest, Invalid, invalid
from porch.keys import PACKAGE_REVISIONS, PackageKey, RepositoryKey, RevisionKey
from porch.objects import Call, metadata, paging, require_namespace
from porch.observe import step
from porch.repository import PackageRevisionDraft
from porch.store import Reads, StoredVersion, Transaction
from porch.strategy.packagerevision import PackageRevisionStrategy
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
        with engine.store.read() as reads:
            _check(creation, reads)
        return _draft(creation)


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


def _check(creation: _Creation, reads: Reads | Transaction) -> None:
    """Steps 4 to 6: the workspace, the task and the path."""
    facts, key = creation.repository.facts, creation.key
    with step("engine.validate-workspace"):
        checks.unique_workspace(reads, facts, key)
    with step("engine.validate-task"):
        _check_task(creation)
    with step("engine.validate-path"):
        checks.free_path(reads, facts, key)
        checks.free_ref(reads, facts, key)


def _check_task(creation: _Creation) -> None:
    """Step 5: an init task needs nothing besides its package; the other tasks are not built yet."""
    task = creation.obj.spec.tasks[0]
    if task.type != "init":
        problem = invalid("spec.tasks[0].type", task.type, f'task of type "{task.type}" not supported yet; use init')
        raise Invalid.of(PACKAGE_REVISION.group, PACKAGE_REVISION.name, creation.name, [problem])


def _draft(creation: _Creation) -> StoredVersion:
    """Steps 7 to 13: from the draft to the stored object."""
    repository, obj = creation.repository, creation.obj
    with step("repository.create-draft"):
        draft = repository.create_package_revision_draft(
            obj.spec.package_name, obj.spec.workspace_name, author(creation.call.caller)
        )
    with rollback(creation.name):
        _apply_task(creation, draft, obj.spec.tasks[0])
        with step("engine.update-lifecycle"):
            draft.update_lifecycle(obj.spec.lifecycle)
        user = UserMetadata.of(obj.metadata)
        if creation.call.dry_run:
            return dry_version(repository, repository.planned(draft), user)
        with step("repository.close-draft"):
            return repository.close_package_revision_draft(draft, creation.name, user, lambda tx: _check(creation, tx))


def _apply_task(creation: _Creation, draft: PackageRevisionDraft, task: Task) -> None:
    """Step 9. A task that fails is the client's to mend: 422 with what went wrong."""
    with step("task.apply"):
        files = creation.engine.tasks.apply_task(task, _config(creation), {})
    try:
        with step("render"):
            whole = rendered(creation.engine, creation.repository, creation.name, files)
        draft.update_resources(whole, task)
    except Invalid as error:
        raise Invalid(f"failed to apply {task.type} task: {error.message}", details=error.details) from error


def _config(creation: _Creation) -> PackageConfig:
    spec = creation.obj.spec
    kept = spec.package_metadata or PackageMetadata()
    gates = [gate.condition_type for gate in spec.readiness_gates] if spec.readiness_gates is not None else None
    return PackageConfig(creation.name, spec.package_name, kept.labels, kept.annotations, gates)
