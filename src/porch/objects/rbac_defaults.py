"""The default roles. `view`, `edit` and `admin` are Kubernetes': bind them in a namespace, and label roles of your own
to add to them. The `porch:` roles are about packages alone, and keep making apart from approving.

Least is granted: viewers see no Secrets, editors approve nothing, and only administrators of a namespace hand out
rights in it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from porch.keys import PACKAGE_REVISION_RESOURCES, PACKAGE_REVISIONS, PACKAGES, REPOSITORIES
from porch.objects.interface import AUTHENTICATED, MASTERS, UNAUTHENTICATED
from porch.types.coordination import GROUP as COORDINATION
from porch.types.events import GROUP as EVENTS
from porch.types.functionconfig import FUNCTION_CONFIG
from porch.types.rbac import GROUP, PolicyRule
from porch.types.reviews import AUTHENTICATION, AUTHORIZATION

_HEALTH = ("/healthz", "/livez", "/readyz", "/version", "/version/")
_DISCOVERY = ("/api", "/api/*", "/apis", "/apis/*", "/openapi", "/openapi/*", *_HEALTH)
_READ = ("get", "list", "watch")
_WRITE = ("create", "delete", "patch", "update")
_DELETE_ALL = ("deletecollection",)
_EDIT = (*_WRITE, *_DELETE_ALL)
_CHANGE = ("patch", "update")
_REVISIONS, _RESOURCES, _APPROVAL = (
    PACKAGE_REVISIONS.resource,
    PACKAGE_REVISION_RESOURCES.resource,
    f"{PACKAGE_REVISIONS.resource}/approval",
)
_TO = "rbac.authorization.k8s.io/aggregate-to-"


@dataclass(frozen=True, slots=True)
class Default:
    """A ClusterRole and the groups that it is bound to from the start. One that `aggregates` a label has the rules of
    all roles that carry it; `adds_to` are the labels that this one carries.
    """

    name: str
    rules: tuple[PolicyRule, ...] = ()
    groups: tuple[str, ...] = ()
    aggregates: str = ""
    adds_to: tuple[str, ...] = ()


def _resources(group: str, resources: tuple[str, ...], verbs: tuple[str, ...]) -> PolicyRule:
    return PolicyRule(api_groups=[group], resources=list(resources), verbs=list(verbs))


def _urls(urls: tuple[str, ...]) -> PolicyRule:
    return PolicyRule(non_resource_urls=list(urls), verbs=["get"])


# Packages


def _reading_packages() -> Iterator[PolicyRule]:
    yield _resources(REPOSITORIES.group, (REPOSITORIES.resource, FUNCTION_CONFIG.plural), _READ)
    yield _resources(PACKAGES.group, (_REVISIONS, _RESOURCES, PACKAGES.resource), _READ)
    yield _resources("", ("events",), _READ)
    yield _resources(EVENTS, ("events",), _READ)


def _making_packages() -> Iterator[PolicyRule]:
    yield _resources(PACKAGES.group, (_REVISIONS, PACKAGES.resource), _WRITE)
    yield _resources(PACKAGES.group, (_REVISIONS,), _DELETE_ALL)
    yield _resources(PACKAGES.group, (_RESOURCES,), _CHANGE)


def _approving_packages() -> Iterator[PolicyRule]:
    yield _resources(PACKAGES.group, (_APPROVAL,), ("get", *_CHANGE))


def _working_as_controller() -> Iterator[PolicyRule]:
    """What a controller needs beside its own kinds: to be the only one, and to tell what it does."""
    yield _resources(COORDINATION, ("leases",), (*_READ, *_WRITE))
    yield _resources("", ("events",), ("create", *_CHANGE))
    yield _resources(EVENTS, ("events",), ("create", *_CHANGE))


# Namespaces


def _viewing() -> Iterator[PolicyRule]:
    yield _resources("", ("configmaps", "events", "namespaces", "serviceaccounts"), _READ)
    yield _resources(EVENTS, ("events",), _READ)
    yield from _reading_packages()


def _editing() -> Iterator[PolicyRule]:
    yield _resources("", ("secrets",), _READ)
    yield _resources("", ("configmaps", "events", "secrets", "serviceaccounts"), _EDIT)
    yield _resources("", ("serviceaccounts",), ("impersonate",))
    yield _resources("", ("serviceaccounts/token",), ("create",))
    yield _resources(EVENTS, ("events",), _EDIT)
    yield _resources(COORDINATION, ("leases",), (*_READ, *_EDIT))
    yield from _making_packages()


def _administering() -> Iterator[PolicyRule]:
    yield _resources(REPOSITORIES.group, (REPOSITORIES.resource,), _EDIT)
    yield _resources(GROUP, ("roles", "rolebindings"), (*_READ, *_EDIT))
    yield _resources(AUTHORIZATION, ("localsubjectaccessreviews",), ("create",))
    yield from _approving_packages()


def _basic() -> Iterator[PolicyRule]:
    yield _resources(AUTHORIZATION, ("selfsubjectaccessreviews", "selfsubjectrulesreviews"), ("create",))
    yield _resources(AUTHENTICATION, ("selfsubjectreviews",), ("create",))


def _delegating() -> Iterator[PolicyRule]:
    yield _resources(AUTHENTICATION, ("tokenreviews",), ("create",))
    yield _resources(AUTHORIZATION, ("subjectaccessreviews",), ("create",))


_NAMESPACES = _resources("", ("namespaces",), _READ)
_VIEWER = (_NAMESPACES, *_reading_packages())
DEFAULTS = (
    Default(
        "cluster-admin",
        (_resources("*", ("*",), ("*",)), PolicyRule(non_resource_urls=["*"], verbs=["*"])),
        (MASTERS,),
    ),
    Default("system:discovery", (_urls(_DISCOVERY),), (AUTHENTICATED,)),
    Default("system:basic-user", tuple(_basic()), (AUTHENTICATED,)),
    Default("system:public-info-viewer", (_urls(_HEALTH),), (AUTHENTICATED, UNAUTHENTICATED)),
    Default("system:auth-delegator", tuple(_delegating())),
    Default("view", aggregates=f"{_TO}view", adds_to=(f"{_TO}edit",)),
    Default("edit", aggregates=f"{_TO}edit", adds_to=(f"{_TO}admin",)),
    Default("admin", aggregates=f"{_TO}admin"),
    Default("system:aggregate-to-view", tuple(_viewing()), adds_to=(f"{_TO}view",)),
    Default("system:aggregate-to-edit", tuple(_editing()), adds_to=(f"{_TO}edit",)),
    Default("system:aggregate-to-admin", tuple(_administering()), adds_to=(f"{_TO}admin",)),
    Default("porch:viewer", _VIEWER),
    Default("porch:editor", (*_VIEWER, *_making_packages(), *_working_as_controller())),
    Default("porch:approver", (*_VIEWER, *_approving_packages())),
)
