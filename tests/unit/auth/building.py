"""Short ways to write roles, bindings and callers."""

from __future__ import annotations

from collections.abc import Sequence

from porch.apiserver.authz import Policy, RbacAuthorizer
from porch.objects import Caller
from porch.types.meta import ObjectMeta
from porch.types.rbac import (
    GROUP,
    AggregationRule,
    ClusterRole,
    ClusterRoleBinding,
    LabelSelector,
    PolicyRule,
    Role,
    RoleBinding,
    RoleRef,
    Subject,
)

BOB = Caller("bob", ("dev", "system:authenticated"))
ADMIN = Caller("root", ("system:masters", "system:authenticated"))


def rule(verbs: str, resources: str, groups: str = "-", names: str = "") -> PolicyRule:
    """Space-separated lists; `-` is the core group."""
    return PolicyRule(
        verbs=verbs.split(),
        resources=resources.split(),
        api_groups=[group.strip("-") for group in groups.split()],
        resource_names=names.split(),
    )


def url_rule(verbs: str, urls: str) -> PolicyRule:
    return PolicyRule(verbs=verbs.split(), non_resource_urls=urls.split())


def role(name: str, *rules: PolicyRule, namespace: str = "team") -> Role:
    return Role(metadata=ObjectMeta(name=name, namespace=namespace), rules=list(rules))


def cluster_role(name: str, *rules: PolicyRule, labels: dict[str, str] | None = None) -> ClusterRole:
    return ClusterRole(metadata=ObjectMeta(name=name, labels=labels or {}), rules=list(rules))


def aggregated(name: str, *selectors: LabelSelector, labels: dict[str, str] | None = None) -> ClusterRole:
    made = cluster_role(name, labels=labels)
    made.aggregation_rule = AggregationRule(cluster_role_selectors=list(selectors))
    return made


def user(name: str = "bob") -> Subject:
    return Subject(kind="User", api_group=GROUP, name=name)


def group(name: str) -> Subject:
    return Subject(kind="Group", api_group=GROUP, name=name)


def account(name: str, namespace: str = "") -> Subject:
    return Subject(kind="ServiceAccount", name=name, namespace=namespace)


def binding(name: str, to: str, *subjects: Subject, kind: str = "ClusterRole", namespace: str = "team") -> RoleBinding:
    return RoleBinding(
        metadata=ObjectMeta(name=name, namespace=namespace),
        role_ref=RoleRef(api_group=GROUP, kind=kind, name=to),
        subjects=list(subjects),
    )


def cluster_binding(name: str, to: str, *subjects: Subject) -> ClusterRoleBinding:
    return ClusterRoleBinding(
        metadata=ObjectMeta(name=name),
        role_ref=RoleRef(api_group=GROUP, kind="ClusterRole", name=to),
        subjects=list(subjects),
    )


class FixedRoles:
    """A RoleSource that never changes."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy

    def policy(self) -> Policy:
        return self._policy


def authorizer(
    roles: Sequence[Role] = (),
    cluster_roles: Sequence[ClusterRole] = (),
    role_bindings: Sequence[RoleBinding] = (),
    cluster_role_bindings: Sequence[ClusterRoleBinding] = (),
) -> RbacAuthorizer:
    return RbacAuthorizer(FixedRoles(Policy(roles, cluster_roles, role_bindings, cluster_role_bindings)))


def everywhere(*rules: PolicyRule) -> RbacAuthorizer:
    """Bob holds these rules in every namespace."""
    return authorizer(
        cluster_roles=[cluster_role("r", *rules)], cluster_role_bindings=[cluster_binding("b", "r", user())]
    )
