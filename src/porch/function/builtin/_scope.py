"""Which kinds live in a namespace, and where an object belongs and comes from, as the Go function SDK knows it.

It has a table of the built-in types of Kubernetes 1.2x. Kinds that came later, like autoscaling/v2, are unknown to it,
and so are all others. An object of an unknown kind has a namespace when it says so.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from porch.function.builtin._sdk import UPSTREAM_IDENTIFIER, FieldError, Item, has

NOWHERE = "~C"
"""The namespace of what is in none."""

_NAMESPACED = {
    "apps/v1": "ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet",
    "autoscaling/v1": "HorizontalPodAutoscaler Scale",
    "autoscaling/v2beta1": "HorizontalPodAutoscaler",
    "autoscaling/v2beta2": "HorizontalPodAutoscaler",
    "batch/v1": "CronJob Job",
    "batch/v1beta1": "CronJob",
    "coordination.k8s.io/v1": "Lease",
    "coordination.k8s.io/v1beta1": "Lease",
    "discovery.k8s.io/v1": "EndpointSlice",
    "discovery.k8s.io/v1beta1": "EndpointSlice",
    "events.k8s.io/v1": "Event",
    "events.k8s.io/v1beta1": "Event",
    "extensions/v1beta1": "Ingress",
    "networking.k8s.io/v1": "Ingress NetworkPolicy",
    "networking.k8s.io/v1beta1": "Ingress",
    "policy/v1": "PodDisruptionBudget",
    "policy/v1beta1": "PodDisruptionBudget",
    "rbac.authorization.k8s.io/v1": "Role RoleBinding",
    "rbac.authorization.k8s.io/v1beta1": "Role RoleBinding",
    "storage.k8s.io/v1beta1": "CSIStorageCapacity",
    "v1": (
        "ConfigMap Endpoints Event LimitRange PersistentVolumeClaim Pod PodAttachOptions PodExecOptions "
        "PodPortForwardOptions PodProxyOptions PodTemplate ReplicationController ResourceQuota Secret Service "
        "ServiceAccount ServiceProxyOptions"
    ),
}
_CLUSTER = {
    "admissionregistration.k8s.io/v1": "MutatingWebhookConfiguration ValidatingWebhookConfiguration",
    "admissionregistration.k8s.io/v1beta1": "MutatingWebhookConfiguration ValidatingWebhookConfiguration",
    "apiextensions.k8s.io/v1": "CustomResourceDefinition",
    "apiextensions.k8s.io/v1beta1": "CustomResourceDefinition",
    "apiregistration.k8s.io/v1": "APIService",
    "apiregistration.k8s.io/v1beta1": "APIService",
    "certificates.k8s.io/v1": "CertificateSigningRequest",
    "certificates.k8s.io/v1beta1": "CertificateSigningRequest",
    "flowcontrol.apiserver.k8s.io/v1beta1": "FlowSchema PriorityLevelConfiguration",
    "networking.k8s.io/v1": "IngressClass",
    "networking.k8s.io/v1beta1": "IngressClass",
    "node.k8s.io/v1": "RuntimeClass",
    "node.k8s.io/v1beta1": "RuntimeClass",
    "policy/v1beta1": "PodSecurityPolicy",
    "rbac.authorization.k8s.io/v1": "ClusterRole ClusterRoleBinding",
    "rbac.authorization.k8s.io/v1beta1": "ClusterRole ClusterRoleBinding",
    "scheduling.k8s.io/v1": "PriorityClass",
    "scheduling.k8s.io/v1beta1": "PriorityClass",
    "storage.k8s.io/v1": "CSIDriver CSINode StorageClass VolumeAttachment",
    "storage.k8s.io/v1beta1": "CSIDriver CSINode StorageClass VolumeAttachment",
    "v1": "ComponentStatus Namespace Node NodeProxyOptions PersistentVolume",
}
_TABLES = ((_NAMESPACED, True), (_CLUSTER, False))
_SCOPE = {
    (version, kind): namespaced
    for table, namespaced in _TABLES
    for version, kinds in table.items()
    for kind in kinds.split()
}


def is_known_kind(api_version: str, kind: str) -> bool:
    return (api_version, kind) in _SCOPE


def is_cluster_kind(api_version: str, kind: str) -> bool:
    """Whether objects of this kind are certainly outside of all namespaces."""
    return _SCOPE.get((api_version, kind)) is False


def is_namespaced(item: Item) -> bool:
    known = _SCOPE.get((item.api_version, item.whole_kind))
    return has(item.node, "metadata", "namespace") if known is None else known


class Identity(NamedTuple):
    """What tells an object from others, whatever its version."""

    group: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return "|".join(self)


_IDENTIFIER = re.compile(r"([a-z0-9.-]*)\|([A-Z][a-zA-Z0-9]*)\|([a-z0-9-]{1,63}|~C)\|([a-z0-9-]{1,63})")


def identity(item: Item) -> Identity:
    """Where the object belongs: in `default` when it says nothing and its kind has a namespace."""
    if has(item.node, "metadata", "namespace"):
        namespace = item.namespace
    else:
        namespace = "default" if is_namespaced(item) else NOWHERE
    group, slash, _ = item.api_version.partition("/")
    return Identity(group if slash else "", item.whole_kind, namespace, item.name)


def origin(item: Item) -> Identity:
    """Where the object was upstream, when kpt has noted it, else where it is. Raises FieldError for a broken note."""
    noted = item.annotation(UPSTREAM_IDENTIFIER).strip()
    if not noted:
        return identity(item)
    if not (found := _IDENTIFIER.search(noted)):
        raise FieldError(
            f'annotation {UPSTREAM_IDENTIFIER}: {noted} is in bad format. expect "<GROUP>|<KIND>|<NAMESPACE>|<NAME>"'
        )
    return Identity(*found.groups())
