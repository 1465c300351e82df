"""Fields of objects that name other objects: namespaces, owners, role bindings and Config Connector references.

These are the references that set-name-prefix follows. One that cannot be understood is none: the Go version gives up on
the package then.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from porch.function.builtin._sdk import Item, entry, items_of, text
from porch.kyaml import Node

_CNRM = ".cnrm.cloud.google.com"
_RBAC = "rbac.authorization.k8s.io"
_PORCH = "config.porch.kpt.dev"
_ACCOUNT = ("iam" + _CNRM, "IAMServiceAccount")
_FOLDER = ("resourcemanager" + _CNRM, "Folder")
_ANY: tuple[tuple[str, str], ...] = ()
# apiVersion, kind, the path to the reference, and what it may name.
_FIELDS = (
    (f"container{_CNRM}/v1beta1", "ContainerNodePool", "spec.clusterRef", (("container" + _CNRM, "ContainerCluster"),)),
    (f"container{_CNRM}/v1beta1", "ContainerNodePool", "spec.nodeConfig.serviceAccountRef", (_ACCOUNT,)),
    (f"iam{_CNRM}/v1beta1", "IAMPolicyMember", "spec.memberFrom.serviceAccountRef", (_ACCOUNT,)),
    (f"iam{_CNRM}/v1beta1", "IAMPolicyMember", "spec.resourceRef", _ANY),
    (f"iam{_CNRM}/v1beta1", "IAMPartialPolicy", "spec.resourceRef", _ANY),
    (f"iam{_CNRM}/v1beta1", "IAMPartialPolicy", "spec.bindings[].members[].memberFrom.serviceAccountRef", (_ACCOUNT,)),
    (f"resourcemanager{_CNRM}/v1beta1", "Folder", "spec.folderRef", (_FOLDER,)),
    (f"resourcemanager{_CNRM}/v1beta1", "Project", "spec.folderRef", (_FOLDER,)),
    (f"serviceusage{_CNRM}/v1beta1", "Service", "spec.projectRef", (("resourcemanager" + _CNRM, "Project"),)),
    (f"{_RBAC}/v1", "RoleBinding", "roleRef", ((_RBAC, "Role"), (_RBAC, "ClusterRole"))),
    (f"{_RBAC}/v1", "RoleBinding", "subjects[]", (("", "ServiceAccount"),)),
    (f"{_PORCH}/v1alpha1", "WorkloadIdentityBinding", "spec.resourceRef", (_ACCOUNT,)),
    (f"{_PORCH}/v1alpha1", "WorkloadIdentityBinding", "spec.serviceAccountRef", (("", "ServiceAccount"),)),
)
_CLUSTER_WIDE = frozenset({"ClusterRole"})


@dataclass(frozen=True, slots=True)
class Reference:
    """`path` leads from `node` to the name."""

    node: Node
    path: tuple[str, ...]
    group: str
    kind: str
    namespace: str
    name: str


def references(item: Item) -> Iterator[Reference]:
    namespace = item.namespace
    if namespace:
        yield Reference(item.node, ("metadata", "namespace"), "", "Namespace", "", namespace)
    for owner in items_of(entry(item.node, "metadata") or item.node, "ownerReferences"):
        group = text(owner, "apiVersion").rpartition("/")[0]
        yield Reference(owner, ("name",), group, text(owner, "kind"), namespace, text(owner, "name"))
    for api_version, kind, path, targets in _FIELDS:
        if (item.api_version, item.whole_kind) == (api_version, kind):
            for node in _at(item.node, path.split(".")):
                if not text(node, "external"):  # names something outside of the cluster
                    yield from _of(node, targets, namespace)


def _at(node: Node, path: list[str]) -> Iterator[Node]:
    if not path:
        yield node
        return
    key = path[0].removesuffix("[]")
    if key != path[0]:
        for child in items_of(node, key):
            yield from _at(child, path[1:])
    elif (found := entry(node, key)) is not None:
        yield from _at(found, path[1:])


def _of(node: Node, targets: tuple[tuple[str, str], ...], namespace: str) -> Iterator[Reference]:
    kind = text(node, "kind")
    group = text(node, "apiVersion").rpartition("/")[0] or text(node, "apiGroup")
    if targets:
        fitting = [target for target in targets if kind in {"", target[1]} and group in {"", target[0]}]
        if len(fitting) != 1:
            return
        group, kind = fitting[0]
    where = "" if kind in _CLUSTER_WIDE else text(node, "namespace") or namespace
    yield Reference(node, ("name",), group, kind, where, text(node, "name"))
    if named := text(node, "namespace"):
        yield Reference(node, ("namespace",), "", "Namespace", "", named)
