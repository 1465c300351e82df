"""The kinds as structs, one file a family. ALL_KINDS is what a standalone server serves."""

from porch.types import (
    accounts,
    authentication,
    coordination,
    core,
    events,
    functionconfig,
    package,
    packagerevision,
    rbac,
    repository,
    resources,
    reviews,
)
from porch.types.kind import Kind

ALL_KINDS: tuple[Kind, ...] = (
    core.NAMESPACE,
    core.SECRET,
    core.CONFIG_MAP,
    accounts.SERVICE_ACCOUNT,
    core.EVENT,
    coordination.LEASE,
    events.EVENT,
    rbac.ROLE,
    rbac.CLUSTER_ROLE,
    rbac.ROLE_BINDING,
    rbac.CLUSTER_ROLE_BINDING,
    reviews.SELF_SUBJECT_ACCESS_REVIEW,
    reviews.SUBJECT_ACCESS_REVIEW,
    reviews.LOCAL_SUBJECT_ACCESS_REVIEW,
    reviews.SELF_SUBJECT_RULES_REVIEW,
    reviews.SELF_SUBJECT_REVIEW,
    authentication.TOKEN_REVIEW,
    repository.REPOSITORY,
    functionconfig.FUNCTION_CONFIG,
    packagerevision.PACKAGE_REVISION,
    resources.PACKAGE_REVISION_RESOURCES,
    package.PORCH_PACKAGE,
)

__all__ = ["ALL_KINDS", "Kind"]
