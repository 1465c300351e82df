"""The roles and bindings that a server is useless without, made at every start where they are missing.

What somebody has changed stays as it is. Which they are is in `objects.rbac_defaults`.
"""

from __future__ import annotations

from collections.abc import Mapping

from porch.errors import NotFound
from porch.objects.interface import MASTERS, Call, Caller, ResourceStorage
from porch.objects.rbac_defaults import DEFAULTS, Default
from porch.types.meta import ObjectMeta
from porch.types.rbac import (
    CLUSTER_ROLE,
    CLUSTER_ROLE_BINDING,
    GROUP,
    AggregationRule,
    ClusterRole,
    ClusterRoleBinding,
    LabelSelector,
    RoleRef,
    Subject,
)

_LABELS = {"kubernetes.io/bootstrapping": "rbac-defaults"}


def ensure_default_roles(storages: Mapping[str, ResourceStorage]) -> None:
    """`storages` by resource, as in `clusterroles.rbac.authorization.k8s.io`."""
    call = Call(Caller("system:apiserver", (MASTERS,)))
    roles = storages[str(CLUSTER_ROLE.resource)]
    bindings = storages[str(CLUSTER_ROLE_BINDING.resource)]
    for default in DEFAULTS:
        _create_missing(call, roles, _role(default))
        if default.groups:
            _create_missing(call, bindings, _binding(default))


def _create_missing(call: Call, storage: ResourceStorage, obj: ClusterRole | ClusterRoleBinding) -> None:
    try:
        storage.get(call, "", obj.metadata.name)
    except NotFound:
        storage.create(call, "", obj)


def _role(default: Default) -> ClusterRole:
    role = ClusterRole(metadata=_metadata(default), rules=list(default.rules))
    if default.aggregates:
        selectors = [LabelSelector(match_labels={default.aggregates: "true"})]
        role.aggregation_rule = AggregationRule(cluster_role_selectors=selectors)
    return role


def _binding(default: Default) -> ClusterRoleBinding:
    return ClusterRoleBinding(
        metadata=_metadata(default),
        subjects=[Subject(kind="Group", api_group=GROUP, name=group) for group in default.groups],
        role_ref=RoleRef(api_group=GROUP, kind="ClusterRole", name=default.name),
    )


def _metadata(default: Default) -> ObjectMeta:
    return ObjectMeta(name=default.name, labels={**_LABELS, **dict.fromkeys(default.adds_to, "true")})
