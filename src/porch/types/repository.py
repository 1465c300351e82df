"""config.porch.kpt.dev/v1alpha1 Repository: a git or OCI repository that packages live in."""

from __future__ import annotations

from typing import Annotated

import msgspec

from porch.types.base import Part, described
from porch.types.kind import CRUD, Kind
from porch.types.meta import Condition, NameReference, Object

FINALIZER = "config.porch.kpt.dev/repository"
V1ALPHA2_ANNOTATION = "porch.kpt.dev/v1alpha2-migration"
READINESS_GATES_ANNOTATION = "porch.kpt.dev/enforce-readiness-gates"
"""`false` lets proposals be published whose readiness gates are not met."""
MAX_REFS_ANNOTATION = "porch.kpt.dev/max-refs-per-push"
"""Instead of the setting `max-refs-per-push`, for this Repository."""


class RepositorySync(Part):
    schedule: Annotated[str, described("Cron expression (or @hourly, @every 10m) of the full synchronisation.")] = ""
    run_once_at: Annotated[str | None, described("Synchronise once at this time.", format="date-time")] = None


class GitRepository(Part):
    repo: Annotated[str, described("http(s), file or hosted:///NAME URL; fixed once set.")] = ""
    branch: Annotated[str, described("Branch of published packages, `main` when empty; fixed once set.")] = ""
    create_branch: Annotated[bool, described("Create the branch when the remote lacks it.")] = False
    directory: Annotated[str, described("Only packages below this directory; fixed once set.")] = ""
    secret_ref: Annotated[NameReference | None, described("Secret with the credentials.")] = None
    author: Annotated[str, described("Author name of commits.")] = ""
    email: Annotated[str, described("Author e-mail of commits.")] = ""


class OciRepository(Part):
    registry: Annotated[str, described("Registry path without scheme; fixed once set.")] = ""
    secret_ref: Annotated[NameReference | None, described("Secret with the credentials.")] = None


class RepositorySpec(Part):
    description: str = ""
    deployment: Annotated[bool, described("Packages in it are deployment-ready instances.")] = False
    type: Annotated[str, described("git or oci; fixed once set.")] = ""
    content: Annotated[str, described("Only `Package`.", deprecated=True)] = ""
    sync: RepositorySync | None = None
    git: GitRepository | None = None
    oci: OciRepository | None = None


class RepositoryStatus(Part):
    conditions: list[Condition] = []
    last_full_sync_time: Annotated[str | None, described(format="date-time")] = None
    next_full_sync_time: Annotated[str | None, described(format="date-time")] = None
    observed_generation: int = 0
    observed_run_once_at: Annotated[str | None, described(format="date-time")] = None
    package_count: Annotated[int, described("Number of package revisions.")] = 0
    git_commit_hash: Annotated[str, described("Head of the branch at the last synchronisation.")] = ""
    clone_url: Annotated[str, described("Where git users clone a hosted repository.")] = msgspec.field(
        default="", name="cloneURL"
    )


class Repository(Object):
    spec: RepositorySpec = msgspec.field(default_factory=RepositorySpec)
    status: RepositoryStatus = msgspec.field(default_factory=RepositoryStatus)


REPOSITORY = Kind(
    "config.porch.kpt.dev",
    "v1alpha1",
    "Repository",
    "repositories",
    Repository,
    short_names=("repo",),
    verbs=CRUD,
    subresources=(("status", ("get", "patch", "update")),),
)
