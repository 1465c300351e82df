"""Repositories: what may be registered, and what never changes afterwards.

The rules that upstream's CRD has as CEL expressions are reported as there: on the field `<nil>` of an "object".
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, ClassVar

from porch.errors import FieldError, forbidden, invalid, not_supported, required, too_long
from porch.keys import label_problems, subdomain_problems
from porch.strategy import giturl
from porch.strategy.interface import Column, Strategy
from porch.strategy.refname import ref_name_problem
from porch.strategy.schedule import schedule_problem
from porch.types.meta import NameReference
from porch.types.repository import FINALIZER, GitRepository, OciRepository, Repository, RepositorySpec, RepositoryStatus

GIT, OCI = "git", "oci"
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})")
_MAX_TEXT = 4096
_MAX_PERSON = 256
# Porch's own branches; a branch `drafts` would leave no room for `drafts/...`.
_RESERVED_BRANCHES = frozenset({"drafts", "proposed", "deletionProposed", "HEAD"})


class RepositoryStrategy(Strategy):
    columns: ClassVar[tuple[Column, ...]] = (
        Column("Name", format="name"),
        Column("Type"),
        Column("Content"),
        Column("Sync schedule"),
        Column("Deployment", "boolean"),
        Column("Ready"),
        Column("Address"),
        Column("Branch"),
        Column("Age", "date"),
    )
    must_name_version: ClassVar[bool] = True

    def prepare_for_create(self, obj: Repository) -> None:
        obj.metadata.generation = 1
        if FINALIZER not in obj.metadata.finalizers:  # from the start: what it shows must leave before it does
            obj.metadata.finalizers = [*obj.metadata.finalizers, FINALIZER]
        obj.status = RepositoryStatus()
        _set_defaults(obj.spec)

    def prepare_for_update(self, obj: Repository, old: Repository, subresource: str) -> None:
        if subresource == "status":
            obj.spec = old.spec
            return
        obj.status = old.status
        _set_defaults(obj.spec)

    def name_problems(self, name: str) -> list[str]:  # noqa: ARG002 - see validate
        return []

    def validate(self, obj: Repository) -> list[FieldError]:
        spec = obj.spec
        errors = [*_name_errors(obj.metadata.name), *_type_errors(spec), *_sync_errors(spec)]
        if spec.content != "Package":
            text = "The 'content' field is deprecated, its only valid value is 'Package'"
            errors.append(invalid("spec.content", "string", text))
        if len(spec.description.encode()) > _MAX_TEXT:
            errors.append(too_long("spec.description", _MAX_TEXT))
        if spec.git is not None:
            errors += _git_errors(spec.git)
        if spec.oci is not None:
            errors += _oci_errors(spec.oci)
        return errors

    def validate_update(self, obj: Repository, old: Repository) -> list[FieldError]:
        now, before = _fixed(obj.spec), _fixed(old.spec)
        return [_object(f"{path} is immutable") for path, value in now.items() if value != before[path]]

    def desired_state_changed(self, obj: Repository, old: Repository) -> bool:
        return bool(obj.spec != old.spec)

    def cells(self, obj: Repository, age: str) -> list[Any]:
        spec, sync, git, oci = obj.spec, obj.spec.sync, obj.spec.git, obj.spec.oci
        return [
            obj.metadata.name,
            spec.type,
            spec.content,
            (sync.schedule if sync else "") or None,
            spec.deployment,
            next((item.status for item in obj.status.conditions if item.type == "Ready"), None),
            git.repo if git else oci.registry if oci else None,
            git.branch if git else None,
            age,
        ]


def _set_defaults(spec: RepositorySpec) -> None:
    spec.content = spec.content or "Package"
    if not spec.type and (spec.git is None) != (spec.oci is None):
        spec.type = GIT if spec.git is not None else OCI
    if spec.git is not None:
        spec.git.branch = spec.git.branch or "main"


def _object(text: str) -> FieldError:
    return invalid("<nil>", "object", text)


def _name_errors(name: str) -> list[FieldError]:
    problems = label_problems(name)
    errors = []
    if len(name) > 63:
        errors.append(_object("metadata.name must be no more than 63 characters"))
    if len(problems) > len(errors):
        errors.append(_object("metadata.name must conform to the RFC1123 DNS label standard"))
    return errors


def _type_errors(spec: RepositorySpec) -> list[FieldError]:
    if not spec.type:
        return [required("spec.type", "git or oci")]
    if spec.type not in {GIT, OCI}:
        return [not_supported("spec.type", spec.type, (GIT, OCI))]
    wanted, other = (spec.git, spec.oci) if spec.type == GIT else (spec.oci, spec.git)
    errors = []
    if wanted is None:
        errors.append(required(f"spec.{spec.type}", f"a repository of type {spec.type} needs it"))
    if other is not None:
        unwanted = OCI if spec.type == GIT else GIT
        errors.append(forbidden(f"spec.{unwanted}", f"the repository is of type {spec.type}; leave it out"))
    return errors


def _sync_errors(spec: RepositorySpec) -> list[FieldError]:
    if spec.sync is None:
        return []
    errors = []
    if spec.sync.schedule and (problem := schedule_problem(spec.sync.schedule)):
        errors.append(invalid("spec.sync.schedule", spec.sync.schedule[:64], problem))
    at = spec.sync.run_once_at
    if at and not _is_time(at):
        errors.append(invalid("spec.sync.runOnceAt", at[:64], "must be a time in RFC 3339, like 2025-01-02T03:04:05Z"))
    return errors


def _is_time(text: str) -> bool:
    if not _TIME.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _git_errors(git: GitRepository) -> list[FieldError]:
    errors = giturl.url_errors("spec.git.repo", git.repo)
    if problem := ref_name_problem(git.branch) or _reserved_problem(git.branch):
        errors.append(invalid("spec.git.branch", git.branch[:253], problem))
    directory = git.directory.strip("/")
    if directory and (problem := ref_name_problem(directory)):
        errors.append(
            invalid("spec.git.directory", git.directory[:253], f"{problem} (it becomes part of branch names)")
        )
    errors += _person_errors("spec.git.author", git.author) + _person_errors("spec.git.email", git.email)
    errors += _secret_errors("spec.git.secretRef.name", git.secret_ref)
    if not errors and git.secret_ref and git.secret_ref.name and (problem := giturl.credential_problem(git.repo)):
        errors.append(forbidden("spec.git.secretRef", problem))
    return errors


def _reserved_problem(branch: str) -> str:
    if branch.split("/", maxsplit=1)[0] in _RESERVED_BRANCHES:
        return f"{', '.join(sorted(_RESERVED_BRANCHES))} and branches below them are taken: choose another name"
    return ""


def _person_errors(path: str, text: str) -> list[FieldError]:
    if len(text.encode()) > _MAX_PERSON:
        return [too_long(path, _MAX_PERSON)]
    if giturl.has_controls(text) or "<" in text or ">" in text:
        return [invalid(path, text, "must not contain control characters, '<' or '>'")]
    return []


def _secret_errors(path: str, reference: NameReference | None) -> list[FieldError]:
    """Go clients always send the name, so an empty one means none."""
    if reference is None or not reference.name:
        return []
    return [invalid(path, reference.name[:253], problem) for problem in subdomain_problems(reference.name)]


def _oci_errors(oci: OciRepository) -> list[FieldError]:
    path = "spec.oci.registry"
    if not oci.registry:
        return [required(path, "the registry path, like registry.example.com/team/blueprints")]
    if len(oci.registry.encode()) > giturl.MAX_LENGTH:
        return [too_long(path, giturl.MAX_LENGTH)]
    problem = ""
    if giturl.has_controls(oci.registry) or any(character in oci.registry for character in " \\?#@"):
        problem = "must not contain spaces, control characters or any of \\ ? # @"
    elif "://" in oci.registry:
        problem = "must be without a scheme, like registry.example.com/team/blueprints"
    elif {"", ".", ".."} & set(oci.registry.split("/")):
        problem = "must not have empty, '.' or '..' segments"
    errors = [invalid(path, oci.registry[:253].rpartition("@")[2], problem)] if problem else []
    return errors + _secret_errors("spec.oci.secretRef.name", oci.secret_ref)


def _fixed(spec: RepositorySpec) -> dict[str, str]:
    """What never changes, by the path that the error names."""
    git, oci = spec.git or GitRepository(), spec.oci or OciRepository()
    return {
        "spec.type": spec.type,
        "spec.git.repo": git.repo,
        "spec.git.branch": git.branch,
        "spec.git.directory": git.directory,
        "spec.oci.registry": oci.registry,
    }
