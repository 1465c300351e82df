"""Where objects are named by others, as kustomize knows it, and the repair of these names after objects were renamed.

The table is kustomize's. IngressClass is not in it: there its group is spelled so that no object has it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cache

from porch.function.builtin._fieldspec import Gvk, steps_of
from porch.function.builtin._framework import is_null, set_field, set_scalar, settle, value_of, wrong_kind
from porch.function.builtin._resmap import CLUSTER, Resource
from porch.kyaml import Node, emit, followed, get

_TEMPLATE = "spec/template/spec"
_CRON = "spec/jobTemplate/spec/template/spec"
_RBAC = "rbac.authorization.k8s.io"
_MOUNTING = {
    "Pod": "spec",
    "PodTemplate": "template/spec",
    "Deployment": _TEMPLATE,
    "ReplicaSet": _TEMPLATE,
    "DaemonSet": _TEMPLATE,
    "StatefulSet": _TEMPLATE,
    "Job": _TEMPLATE,
    "CronJob": _CRON,
}
_RUNNING = {
    "Pod": "spec",
    "StatefulSet": _TEMPLATE,
    "Deployment": _TEMPLATE,
    "ReplicationController": _TEMPLATE,
    "CronJob": _CRON,
    "Job": _TEMPLATE,
    "DaemonSet": _TEMPLATE,
}
_CONFIG_MAPS = (
    "volumes/configMap/name",
    "containers/env/valueFrom/configMapKeyRef/name",
    "initContainers/env/valueFrom/configMapKeyRef/name",
    "containers/envFrom/configMapRef/name",
    "initContainers/envFrom/configMapRef/name",
    "volumes/projected/sources/configMap/name",
)
_SECRETS = (
    "volumes/secret/secretName",
    "containers/env/valueFrom/secretKeyRef/name",
    "initContainers/env/valueFrom/secretKeyRef/name",
    "containers/envFrom/secretRef/name",
    "initContainers/envFrom/secretRef/name",
    "imagePullSecrets/name",
    "volumes/projected/sources/secret/name",
)
_ANNOTATION = "metadata/annotations"
_SECRET_ANNOTATIONS = (
    f"{_ANNOTATION}/ingress.kubernetes.io\\/auth-secret",
    f"{_ANNOTATION}/nginx.ingress.kubernetes.io\\/auth-secret",
    f"{_ANNOTATION}/nginx.ingress.kubernetes.io\\/auth-tls-secret",
)
_ADMISSION = "admissionregistration.k8s.io"

# What is named, and the fields that name it: a selector of the objects that have them, and the way there.
_References = Iterator[tuple[Gvk, Gvk, str]]


class NameReferenceError(Exception):
    """A name could mean several of the objects, or does not stand where one belongs."""


def _references() -> _References:
    autoscaler = Gvk(kind="HorizontalPodAutoscaler")
    for kind in ("Deployment", "ReplicationController", "ReplicaSet", "StatefulSet"):
        yield Gvk(kind=kind), autoscaler, "spec/scaleTargetRef/name"
    yield from _to_config_maps(Gvk("", "v1", "ConfigMap"))
    yield from _to_secrets(Gvk("", "v1", "Secret"))
    yield from _to_services(Gvk("", "v1", "Service"))
    yield from _to_roles()
    yield from _in_pods(Gvk("", "v1", "PersistentVolumeClaim"), "volumes/persistentVolumeClaim/claimName")
    volume = Gvk("", "v1", "PersistentVolume")
    yield volume, Gvk(kind="PersistentVolumeClaim"), "spec/volumeName"
    yield volume, Gvk(kind="ClusterRole"), "rules/resourceNames"
    storage = Gvk("storage.k8s.io", "v1", "StorageClass")
    yield storage, Gvk(kind="PersistentVolume"), "spec/storageClassName"
    yield storage, Gvk(kind="PersistentVolumeClaim"), "spec/storageClassName"
    yield storage, Gvk(kind="StatefulSet"), "spec/volumeClaimTemplates/spec/storageClassName"
    yield from _in_pods(Gvk("scheduling.k8s.io", "v1", "PriorityClass"), "priorityClassName")
    policy = Gvk(_ADMISSION, "", "ValidatingAdmissionPolicy")
    yield policy, Gvk(_ADMISSION, "", "ValidatingAdmissionPolicyBinding"), "spec/policyName"


def _to_config_maps(target: Gvk) -> _References:
    yield from _mounted(target, _CONFIG_MAPS)
    yield target, Gvk(kind="Node"), "spec/configSource/configMap"
    yield target, Gvk(kind="Role"), "rules/resourceNames"
    yield target, Gvk(kind="ClusterRole"), "rules/resourceNames"
    yield target, Gvk(kind="Ingress"), f"{_ANNOTATION}/nginx.ingress.kubernetes.io\\/fastcgi-params-configmap"


def _to_secrets(target: Gvk) -> _References:
    yield from _mounted(target, _SECRETS)
    for path in ("spec/tls/secretName", *_SECRET_ANNOTATIONS):
        yield target, Gvk(kind="Ingress"), path
    yield target, Gvk(kind="ServiceAccount"), "imagePullSecrets/name"
    for name in ("secretName", "adminSecretName", "userSecretName", "secretRef"):
        yield target, Gvk(kind="StorageClass"), f"parameters/{name}"
    yield target, Gvk(kind="Role"), "rules/resourceNames"
    yield target, Gvk(kind="ClusterRole"), "rules/resourceNames"
    knative = Gvk("serving.knative.dev", "v1", "Service")
    yield target, knative, f"{_TEMPLATE}/containers/env/valueFrom/secretKeyRef/name"
    yield target, Gvk(kind="PersistentVolume"), "spec/azureFile/secretName"


def _to_services(target: Gvk) -> _References:
    yield target, Gvk("apps", "", "StatefulSet"), "spec/serviceName"
    for path in (
        "spec/rules/http/paths/backend/serviceName",
        "spec/backend/serviceName",
        "spec/rules/http/paths/backend/service/name",
        "spec/defaultBackend/service/name",
    ):
        yield target, Gvk(kind="Ingress"), path
    yield target, Gvk("apiregistration.k8s.io", "", "APIService"), "spec/service/name"
    for kind in ("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"):
        yield target, Gvk(_ADMISSION, "", kind), "webhooks/clientConfig/service"


def _to_roles() -> _References:
    binding, cluster_binding = Gvk(_RBAC, "", "RoleBinding"), Gvk(_RBAC, "", "ClusterRoleBinding")
    yield Gvk(_RBAC, "", "Role"), binding, "roleRef/name"
    yield Gvk(_RBAC, "", "ClusterRole"), binding, "roleRef/name"
    yield Gvk(_RBAC, "", "ClusterRole"), cluster_binding, "roleRef/name"
    account = Gvk("", "v1", "ServiceAccount")
    yield account, binding, "subjects"
    yield account, cluster_binding, "subjects"
    yield from _in_pods(account, "serviceAccountName")


def _mounted(target: Gvk, paths: tuple[str, ...]) -> _References:
    for kind, spec in _MOUNTING.items():
        for path in paths:
            yield target, Gvk("", "v1" if kind == "Pod" else "", kind), f"{spec}/{path}"


def _in_pods(target: Gvk, path: str) -> _References:
    for kind, spec in _RUNNING.items():
        yield target, Gvk(kind=kind), f"{spec}/{path}"


class _Step:
    """A step on the ways to fields that name objects: the steps behind it, and what the field here may name."""

    __slots__ = ("path", "steps", "targets")

    def __init__(self, path: str = "") -> None:
        self.path = path
        self.steps: dict[str, _Step] = {}
        self.targets: list[Gvk] = []


@cache
def _ways_from(gvk: Gvk) -> _Step:
    """All ways that begin at objects of this kind, in one tree: each part of an object is visited once."""
    root = _Step()
    for target, referrer, path in _references():
        if referrer.selects(gvk):
            step = root
            for name in steps_of(path):
                step = step.steps.setdefault(name, _Step(path))
            if target not in step.targets:
                step.targets.append(target)
    return root


def fix_references(resources: list[Resource]) -> None:
    """Give each field that names a renamed object the new name. Raises NameReferenceError."""
    renamed: dict[str, list[Resource]] = defaultdict(list)
    for resource in resources:
        if resource.old_name:
            renamed[resource.old_name].append(resource)
    for resource in resources if renamed else ():
        ways = _ways_from(resource.gvk)
        if ways.steps:
            _Repair(resource, renamed).follow(resource.node, ways)


class _Repair:
    """The names in one object."""

    def __init__(self, referrer: Resource, renamed: dict[str, list[Resource]]) -> None:
        self.referrer = referrer
        self.renamed = renamed
        self.path = ""

    def follow(self, node: Node, step: _Step) -> None:
        """A list on the way stands for all its items."""
        node = followed(node)
        for target in step.targets:
            self.path = step.path
            self.repair(node, target)
        if not step.steps:
            return
        if node.kind == "mapping":
            content = node.content
            for at in range(0, len(content), 2):
                if (behind := step.steps.get(content[at].value)) is not None:
                    self.follow(content[at + 1], behind)
        elif node.kind == "sequence":
            for item in node.content:
                self.follow(item, step)
        elif not is_null(node):
            raise self.error("expected sequence or mapping node", step.path)

    def error(self, problem: str, path: str = "") -> NameReferenceError:
        where = path or self.path
        return NameReferenceError(
            f"updating name reference in '{where}' field of '{self.referrer}': considering field '{where}' of object\n"
            f"{emit(self.referrer.node)}: {problem}"
        )

    def repair(self, node: Node, kind: Gvk) -> None:
        for item in map(followed, node.content if node.kind == "sequence" else [node]):
            if item.kind == "mapping":
                self.repair_object(item, kind)
            elif item.kind == "scalar":
                if not is_null(item):
                    self.repair_name(item, kind)
            else:
                raise self.error(wrong_kind(item, "scalar"))

    def repair_name(self, node: Node, kind: Gvk) -> None:
        target = self.target(kind, node.value, None)
        if target is not None and target.name != node.value:
            set_scalar(node, target.name)

    def repair_object(self, node: Node, kind: Gvk) -> None:
        name = get(node, "name")
        if name is None:
            raise self.error("path config error; no 'name' field in node")
        namespace = get(node, "namespace")
        target = self.target(kind, name.value, None if namespace is None else namespace.value)
        if target is None or (target.name == name.value and not target.namespace):
            return
        self.put(node, "name", target.name)
        if target.namespace:
            self.put(node, "namespace", target.namespace)

    @staticmethod
    def put(node: Node, key: str, value: str) -> None:
        made = Node("scalar", "", value)
        set_field(node, key, made)
        settle(made)

    def target(self, kind: Gvk, name: str, namespace: str | None) -> Resource | None:
        """The renamed object that `name` meant. Raises NameReferenceError when that could be several."""
        found = [candidate for candidate in self.renamed.get(name, ()) if self.may_mean(kind, candidate)]
        if namespace is not None:
            found = [candidate for candidate in found if candidate.scope == namespace != CLUSTER]
        if len(found) > 1:
            found = [candidate for candidate in found if self.changed_alike(candidate)]
        if not found:
            return None
        if any(other.name != found[0].name for other in found):
            ids = ", ".join(map(str, found))
            raise self.error(f" found multiple possible referrals: {ids}")
        return found[0]

    def may_mean(self, kind: Gvk, target: Resource) -> bool:
        referrer = self.referrer
        if not kind.selects(target.gvk):
            return False
        if self.path.endswith("roleRef/name") and not self.is_role(target):
            return False
        if referrer.cluster or target.cluster or referrer.scope == target.scope:
            return True
        return target.gvk.kind == "ServiceAccount" and target.namespace in _account_namespaces(referrer)

    def is_role(self, target: Resource) -> bool:
        """The group and the kind beside the name must be the role's."""
        role = get(self.referrer.node, "roleRef")
        group, kind = (get(role, key) if role is not None else None for key in ("apiGroup", "kind"))
        return group is None or kind is None or Gvk(group.value, "", kind.value).selects(target.gvk)

    def changed_alike(self, target: Resource) -> bool:
        return (target.prefix, target.suffix) == (self.referrer.prefix, self.referrer.suffix)


def _account_namespaces(referrer: Resource) -> set[str]:
    if referrer.gvk.kind != "RoleBinding":
        return set()
    subjects = get(referrer.node, "subjects")
    return {
        value_of(get(subject, "namespace"))
        for subject in (subjects.content if subjects is not None else ())
        if value_of(get(subject, "kind")) == "ServiceAccount" and get(subject, "namespace") is not None
    }
