"""Rules for spec.tasks: at most one task, of a known type, with the payload that its type names and no other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from porch.errors import FieldError, forbidden, invalid, not_supported, required, too_long
from porch.keys import subdomain_problems
from porch.strategy import giturl
from porch.strategy.refname import ref_name_problem
from porch.types.task import GitPackage, InitTask, Task, UpgradeTask, UpstreamPackage

TYPES = ("init", "clone", "edit", "upgrade")
STRATEGIES = ("resource-merge", "fast-forward", "force-delete-replace", "copy-merge")
ON_MERGE_CONFLICT = "porch.kpt.dev/on-merge-conflict"
ON_CONFLICT = ("ours", "theirs", "fail")
_SHOWN = 253


def normalise(tasks: Sequence[Task]) -> None:
    """Task types in the right letter case; unknown ones stay as they are."""
    for task in tasks:
        if task.type.lower() in TYPES:
            task.type = task.type.lower()


def default(package_name: str) -> list[Task]:
    """What a revision is made with when the request names no task. `package_name` is as the client wrote it."""
    return [Task(type="init", init=InitTask(description=f"{package_name} description"))]


def errors(tasks: Sequence[Task]) -> list[FieldError]:
    if not tasks:
        return []
    if len(tasks) > 1:
        return [invalid("spec.tasks", len(tasks), "task list must not contain more than one task")]
    task, path = tasks[0], "spec.tasks[0]"
    if task.type not in TYPES:
        return [not_supported(f"{path}.type", task.type, TYPES)]
    found = [
        forbidden(f"{path}.{other}", f'not allowed for a task of type "{task.type}"')
        for other in TYPES
        if other != task.type and getattr(task, other) is not None
    ]
    if getattr(task, task.type) is None:
        return [*found, required(f"{path}.{task.type}", f'{task.type} not set for task of type "{task.type}"')]
    return found + _source_errors(task, path)


def upstream_of(tasks: Sequence[Task]) -> str:
    """The name of the package revision that the package follows since this task; empty when it follows none."""
    for task in tasks:
        if task.clone is not None and task.clone.upstream_ref.upstream_ref is not None:
            return task.clone.upstream_ref.upstream_ref.name
        if task.upgrade is not None:
            return task.upgrade.new_upstream_ref.name
    return ""


def _source_errors(task: Task, path: str) -> list[FieldError]:
    if task.type == "edit" and task.edit is not None:
        named = task.edit.source_ref is not None and task.edit.source_ref.name
        return [] if named else [required(f"{path}.edit.sourceRef", "name the package revision to copy")]
    if task.type == "clone" and task.clone is not None:
        return _upstream_errors(task.clone.upstream_ref, f"{path}.clone.upstreamRef")
    if task.type == "upgrade" and task.upgrade is not None:
        return _upgrade_errors(task.upgrade, f"{path}.upgrade")
    return []


def _upstream_errors(source: UpstreamPackage, path: str) -> list[FieldError]:
    """The first source that is given counts, as upstream has it; `type` says nothing."""
    if source.upstream_ref is not None:
        named = source.upstream_ref.name
        return [] if named else [required(f"{path}.upstreamRef.name", "upstreamRef.name is required")]
    if source.git is not None:
        return _git_errors(source.git, f"{path}.git")
    if source.oci is not None:
        return [forbidden(f"{path}.oci", "clone from OCI is not implemented; use git or upstreamRef")]
    return [required(path, "invalid clone source (neither of git, oci, nor upstream were specified)")]


def _git_errors(git: GitPackage, path: str) -> list[FieldError]:
    url = git.repo.removesuffix(".git") if git.repo.startswith("hosted:") else git.repo
    errors = giturl.url_errors(f"{path}.repo", url)
    if not git.ref:
        errors.append(required(f"{path}.ref", "a branch, a tag or a commit id of 40 digits"))
    elif problem := ref_name_problem(git.ref):
        errors.append(invalid(f"{path}.ref", git.ref[:_SHOWN], problem))
    segments = git.directory.strip("/").split("/")
    if len(git.directory.encode(errors="replace")) > giturl.MAX_LENGTH:
        errors.append(too_long(f"{path}.directory", giturl.MAX_LENGTH))
    elif giturl.has_controls(git.directory) or (segments != [""] and {"", ".", ".."} & set(segments)):
        text = "must be a path in the repository, without empty, '.' or '..' segments"
        errors.append(invalid(f"{path}.directory", git.directory[:_SHOWN], text))
    if git.secret_ref.name:
        field = f"{path}.secretRef.name"
        problem = "" if errors else giturl.credential_problem(url)
        problems = [*subdomain_problems(git.secret_ref.name), *([problem] if problem else [])]
        errors += [invalid(field, git.secret_ref.name[:_SHOWN], text) for text in problems]
    return errors


def _upgrade_errors(upgrade: UpgradeTask, path: str) -> list[FieldError]:
    """No strategy means resource-merge; upstream takes every unknown one for it, which would surprise."""
    names = {
        "oldUpstreamRef": upgrade.old_upstream_ref,
        "newUpstreamRef": upgrade.new_upstream_ref,
        "localPackageRevisionRef": upgrade.local_package_revision_ref,
    }
    errors = [
        required(f"{path}.{field}.name", "name a package revision") for field, ref in names.items() if not ref.name
    ]
    if upgrade.strategy and upgrade.strategy not in STRATEGIES:
        errors.append(not_supported(f"{path}.strategy", upgrade.strategy, STRATEGIES))
    return errors


def conflict_errors(annotations: Mapping[str, str]) -> list[FieldError]:
    """The annotation that says what becomes of conflicts when a package is upgraded."""
    wanted = annotations.get(ON_MERGE_CONFLICT, "")
    if not wanted or wanted in ON_CONFLICT:
        return []
    return [not_supported(f"metadata.annotations.{ON_MERGE_CONFLICT}", wanted, ON_CONFLICT)]
