"""rbac.authorization.k8s.io/v1: who may do what."""

from __future__ import annotations

from typing import Annotated

import msgspec

from porch.types.base import Part, described
from porch.types.kind import Kind
from porch.types.meta import Object

GROUP = "rbac.authorization.k8s.io"


class PolicyRule(Part):
    api_groups: list[str] = []
    resources: Annotated[list[str], described("`*`, `resource`, `resource/subresource` or `*/subresource`.")] = []
    resource_names: list[str] = []
    non_resource_urls: Annotated[list[str], described("Paths; a trailing `*` matches any rest.")] = msgspec.field(
        default_factory=list, name="nonResourceURLs"
    )
    verbs: list[str] = []


class LabelSelectorRequirement(Part):
    key: str = ""
    operator: str = ""
    values: list[str] = []


class LabelSelector(Part):
    match_labels: dict[str, str] = {}
    match_expressions: list[LabelSelectorRequirement] = []


class AggregationRule(Part):
    cluster_role_selectors: list[LabelSelector] = []


class Subject(Part):
    kind: Annotated[str, described("User, Group or ServiceAccount.")] = ""
    api_group: str = ""
    name: str = ""
    namespace: str = ""


class RoleRef(Part):
    api_group: str = ""
    kind: Annotated[str, described("Role or ClusterRole.")] = ""
    name: str = ""


class Role(Object):
    rules: list[PolicyRule] = []


class ClusterRole(Object):
    rules: list[PolicyRule] = []
    aggregation_rule: AggregationRule | None = None


class RoleBinding(Object):
    subjects: list[Subject] = []
    role_ref: RoleRef = msgspec.field(default_factory=RoleRef)


class ClusterRoleBinding(Object):
    subjects: list[Subject] = []
    role_ref: RoleRef = msgspec.field(default_factory=RoleRef)


ROLE = Kind(GROUP, "v1", "Role", "roles", Role)
CLUSTER_ROLE = Kind(GROUP, "v1", "ClusterRole", "clusterroles", ClusterRole, namespaced=False)
ROLE_BINDING = Kind(GROUP, "v1", "RoleBinding", "rolebindings", RoleBinding)
CLUSTER_ROLE_BINDING = Kind(
    GROUP, "v1", "ClusterRoleBinding", "clusterrolebindings", ClusterRoleBinding, namespaced=False
)
