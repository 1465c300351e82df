"""The roles and bindings that a server is useless without, made at every start where they are missing.

What somebody has changed stays as it is. The `porch:` roles are for users: bind them in a namespace or everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from porch.errors import NotFound
from porch.keys import PACKAGE_REVISION_RESOURCES, PACKAGE_REVISIONS, PACKAGES, REPOSITORIES
from porch.objects.interface import AUTHENTICATED, MASTERS, UNAUTHENTICATED, Call, Caller, ResourceStorage
from porch.types.meta import ObjectMeta
from porch.types.rbac import (
    CLUSTER_ROLE,
    CLUSTER_ROLE_BINDING,
    GROUP,
    ClusterRole,
    ClusterRoleBinding,
    PolicyRule,
    RoleRef,
    Subject,
)
from porch.types.reviews import AUTHENTICATION, AUTHORIZATION

_LABELS = {"kubernetes.io/bootstrapping": "rbac-defaults"}
_HEALTH = ("/healthz", "/livez", "/readyz", "/version", "/version/")
_DISCOVERY = ("/api", "/api/*", "/apis", "/apis/*", "/openapi", "/openapi/*", *_HEALTH)
_READ = ("get", "list", "watch")
_WRITE = ("create", "delete", "patch", "update")
_DELETE_ALL = ("deletecollection",)


@dataclass(frozen=True, slots=True)
class _Default:
    """A ClusterRole and the groups that it is bound to from the start."""

    name: str
    rules: tuple[PolicyRule, ...]
    groups: tuple[str, ...] = ()


def ensure_default_roles(storages: Mapping[str, ResourceStorage]) -> None:
    """`storages` by resource, as in `clusterroles.rbac.authorization.k8s.io`."""
    call = Call(Caller("system:apiserver", (MASTERS,)))
    roles = storages[str(CLUSTER_ROLE.resource)]
    bindings = storages[str(CLUSTER_ROLE_BINDING.resource)]
    for default in _DEFAULTS:
        _create_missing(call, roles, _role(default))
        if default.groups:
            _create_missing(call, bindings, _binding(default))


def _create_missing(call: Call, storage: ResourceStorage, obj: ClusterRole | ClusterRoleBinding) -> None:
    try:
        storage.get(call, "", obj.metadata.name)
    except NotFound:
        storage.create(call, "", obj)


def _role(default: _Default) -> ClusterRole:
    return ClusterRole(metadata=_metadata(default), rules=list(default.rules))


def _binding(default: _Default) -> ClusterRoleBinding:
    return ClusterRoleBinding(
        metadata=_metadata(default),
        subjects=[Subject(kind="Group", api_group=GROUP, name=group) for group in default.groups],
        role_ref=RoleRef(api_group=GROUP, kind="ClusterRole", name=default.name),
    )


def _metadata(default: _Default) -> ObjectMeta:
    return ObjectMeta(name=default.name, labels=dict(_LABELS))


def _resources(group: str, resources: tuple[str, ...], verbs: tuple[str, ...]) -> PolicyRule:
    return PolicyRule(api_groups=[group], resources=list(resources), verbs=list(verbs))


def _urls(urls: tuple[str, ...]) -> PolicyRule:
    return PolicyRule(non_resource_urls=list(urls), verbs=["get"])


def _viewing() -> Iterator[PolicyRule]:
    packages = (PACKAGE_REVISIONS.resource, PACKAGE_REVISION_RESOURCES.resource, PACKAGES.resource)
    yield _resources("", ("namespaces",), _READ)
    yield _resources(REPOSITORIES.group, (REPOSITORIES.resource,), _READ)
    yield _resources(PACKAGES.group, packages, _READ)


def _editing() -> Iterator[PolicyRule]:
    yield from _viewing()
    yield _resources(PACKAGES.group, (PACKAGE_REVISIONS.resource, PACKAGES.resource), _WRITE)
    yield _resources(PACKAGES.group, (PACKAGE_REVISIONS.resource,), _DELETE_ALL)
    yield _resources(PACKAGES.group, (PACKAGE_REVISION_RESOURCES.resource,), ("patch", "update"))


def _approving() -> Iterator[PolicyRule]:
    yield from _viewing()
    yield _resources(PACKAGES.group, (f"{PACKAGE_REVISIONS.resource}/approval",), ("patch", "update"))


_DEFAULTS = (
    _Default(
        "cluster-admin",
        (_resources("*", ("*",), ("*",)), PolicyRule(non_resource_urls=["*"], verbs=["*"])),
        (MASTERS,),
    ),
    _Default("system:discovery", (_urls(_DISCOVERY),), (AUTHENTICATED,)),
    _Default(
        "system:basic-user",
        (
            _resources(AUTHORIZATION, ("selfsubjectaccessreviews", "selfsubjectrulesreviews"), ("create",)),
            _resources(AUTHENTICATION, ("selfsubjectreviews",), ("create",)),
        ),
        (AUTHENTICATED,),
    ),
    _Default("system:public-info-viewer", (_urls(_HEALTH),), (AUTHENTICATED, UNAUTHENTICATED)),
    _Default("porch:viewer", tuple(_viewing())),
    _Default("porch:editor", tuple(_editing())),
    _Default("porch:approver", tuple(_approving())),
)
