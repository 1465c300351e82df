"""porch.kpt.dev/v1alpha1 PackageRevision."""

from __future__ import annotations

from typing import Annotated

import msgspec

from porch.types.base import Part, always, described
from porch.types.kind import CRUD, Kind
from porch.types.meta import NameReference, Object
from porch.types.task import Task

APPROVAL = "approval"
"""The subresource at which proposals are published or sent back, by whoever may do that."""
LATEST_LABEL = "kpt.dev/latest-revision"
PUSH_ON_RENDER_FAILURE = "porch.kpt.dev/push-on-render-failure"
DRAFT, PROPOSED, PUBLISHED, DELETION_PROPOSED = "Draft", "Proposed", "Published", "DeletionProposed"
LIFECYCLES = (DRAFT, PROPOSED, PUBLISHED, DELETION_PROPOSED)


class ReadinessGate(Part):
    condition_type: str = ""


class PackageMetadata(Part):
    """Labels and annotations of the Kptfile; not those of the Kubernetes object."""

    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None


class PackageRevisionSpec(Part):
    package_name: Annotated[str, described("Path of the package in the repository, like `net/ran`.")] = ""
    repository: Annotated[str, described("Name of the Repository, in the same namespace.")] = ""
    repository_name: Annotated[str, described("Another spelling of repository.", deprecated=True)] = ""
    workspace_name: Annotated[str, described("Name of this revision among those of its package; fixed.")] = ""
    revision: Annotated[int, described("0 until published, then 1, 2, ...; -1 on a branch. Set by the server.")] = 0
    parent: Annotated[NameReference | None, described(deprecated=True)] = None
    lifecycle: Annotated[
        str,
        described(
            "Draft, Proposed, Published or DeletionProposed; Draft when empty. Letter case does not matter.",
            enum=["", *LIFECYCLES],
        ),
    ] = ""
    tasks: Annotated[list[Task], described("How the revision is made: at most one task; init when absent.")] = []
    readiness_gates: Annotated[list[ReadinessGate] | None, described("Kept in the Kptfile.")] = None
    package_metadata: Annotated[PackageMetadata | None, described("Kept in the Kptfile.")] = None


class GitLock(Part):
    repo: str = ""
    directory: str = ""
    ref: str = ""
    commit: str = ""


class Locator(Part):
    """Where a package's content is."""

    type: str = ""
    git: GitLock | None = None


class PackageCondition(Part):
    """A condition kept in the Kptfile; it has no times."""

    type: str = ""
    status: Annotated[str, described("True, False or Unknown.")] = ""
    reason: str = ""
    message: str = ""


class PackageRevisionStatus(Part):
    upstream_lock: Locator = always(Locator)
    self_lock: Locator = always(Locator)
    published_by: str = ""
    publish_timestamp: Annotated[str | None, described(format="date-time")] = always(lambda: None)
    deployment: bool = False
    conditions: list[PackageCondition] | None = None


class PackageRevision(Object):
    """One revision of a package: a draft, a proposal or a published version."""

    spec: PackageRevisionSpec = msgspec.field(default_factory=PackageRevisionSpec)
    status: PackageRevisionStatus = msgspec.field(default_factory=PackageRevisionStatus)


PACKAGE_REVISION = Kind(
    "porch.kpt.dev",
    "v1alpha1",
    "PackageRevision",
    "packagerevisions",
    PackageRevision,
    verbs=CRUD,
    subresources=((APPROVAL, ("get", "patch", "update")),),
    schema_name="com.github.nephio-project.porch.api.porch.v1alpha1.PackageRevision",
)
