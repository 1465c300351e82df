"""Seeded packages whose objects name each other: right and wrong names, several namespaces, some names twice.

Values are written in different styles and with comments, because what replaces a value keeps its style.
"""

from __future__ import annotations

from random import Random
from typing import Any

from porch.kyaml import Node, from_value, walk

NAMES = ("web", "db", "x-web", "api", "1", "yes")
NAMESPACES = ("", "default", "one", "two")
_RBAC = "rbac.authorization.k8s.io"
_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")


def package(random: Random) -> list[Node]:
    found: dict[tuple[str, str, str], dict[str, Any]] = {}
    for _ in range(random.randint(1, 14)):
        value = _object(random)
        metadata = value["metadata"]
        found[value["kind"], metadata["name"], metadata.get("namespace", "") or "default"] = value
    twice = [random.choice(list(found.values()))] if random.random() < 0.02 else []
    return [_styled(random, from_value(value)) for value in [*found.values(), *twice]]


def _object(random: Random) -> dict[str, Any]:
    kind = random.choice((*_WORKLOADS, "Pod", "CronJob", "Job", *_OTHERS, *_PLAIN))
    if kind in _PLAIN:
        return _whole(random, _PLAIN[kind], kind, {})
    if kind in _OTHERS:
        return _whole(random, *_OTHERS[kind](random))
    if kind == "Pod":
        return _whole(random, "v1", kind, {"spec": _pod(random)})
    template = {"spec": {"template": _template(random)}}
    if kind == "CronJob":
        return _whole(random, "batch/v1", kind, {"spec": {"jobTemplate": template}})
    more: dict[str, Any] = {"serviceName": _name(random)} if kind == "StatefulSet" else {}
    return _whole(random, "batch/v1" if kind == "Job" else "apps/v1", kind, {"spec": template["spec"] | more})


def _whole(random: Random, version: str, kind: str, body: dict[str, Any]) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": _name(random)}
    if namespace := random.choice(NAMESPACES):
        metadata["namespace"] = namespace
    if random.random() < 0.6:
        metadata["annotations"] = {
            key: random.choice(("a", "1", "yes", "two words")) for key in random.sample("abk", 2)
        }
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **body}


def _name(random: Random) -> str:
    return random.choice(NAMES)


def _template(random: Random) -> dict[str, Any]:
    annotations = random.choice(({}, {"annotations": {"a": "old"}}, {"annotations": None}, {"labels": {"l": "m"}}))
    return {**({"metadata": annotations} if random.random() < 0.7 else {}), "spec": _pod(random)}


def _pod(random: Random) -> dict[str, Any]:
    def name() -> str:
        return _name(random)

    parts: dict[str, Any] = {
        "serviceAccountName": name(),
        "priorityClassName": name(),
        "imagePullSecrets": [{"name": name()}],
        "volumes": [
            {"name": "a", "configMap": {"name": name()}},
            {"name": "b", "secret": {"secretName": name()}},
            {"name": "c", "persistentVolumeClaim": {"claimName": name()}},
            {"name": "d", "projected": {"sources": [{"configMap": {"name": name()}}, {"secret": {"name": name()}}]}},
        ],
        "containers": [
            {
                "name": "c",
                "env": [
                    {"name": "E", "valueFrom": {"configMapKeyRef": {"name": name(), "key": "k"}}},
                    {"name": "F", "valueFrom": {"secretKeyRef": {"name": name()}}},
                    {"name": "G", "value": "v"},
                ],
                "envFrom": [{"configMapRef": {"name": name()}}, {"secretRef": {"name": name()}}],
            }
        ],
        "nodeSelector": None,
    }
    return {key: parts[key] for key in parts if random.random() < 0.6}


def _binding(random: Random) -> tuple[str, str, dict[str, Any]]:
    role = {"apiGroup": _RBAC, "kind": random.choice(("Role", "ClusterRole")), "name": _name(random)}
    if random.random() < 0.1:
        del role["apiGroup"]
    subjects: list[dict[str, Any]] = []
    for _ in range(random.randint(0, 3)):
        subject = {"kind": random.choice(("ServiceAccount", "User")), "name": _name(random)}
        if random.random() < 0.6:
            subject["namespace"] = random.choice(NAMESPACES[1:])
        subjects.append(subject)
    kind = random.choice(("RoleBinding", "ClusterRoleBinding"))
    return f"{_RBAC}/v1", kind, {"roleRef": role, "subjects": subjects}


def _role(random: Random) -> tuple[str, str, dict[str, Any]]:
    rules = [{"resourceNames": [_name(random), _name(random)], "verbs": ["get"]}, {"verbs": []}]
    return f"{_RBAC}/v1", random.choice(("Role", "ClusterRole")), {"rules": rules}


def _autoscaler(random: Random) -> tuple[str, str, dict[str, Any]]:
    target = {"kind": random.choice(_WORKLOADS), "name": _name(random)}
    return "autoscaling/v2", "HorizontalPodAutoscaler", {"spec": {"scaleTargetRef": target}}


def _ingress(random: Random) -> tuple[str, str, dict[str, Any]]:
    version = random.choice(("v1", "v1beta1"))
    backend: dict[str, Any] = {"service": {"name": _name(random), "port": {"number": 80}}}
    if version == "v1beta1":
        backend = {"serviceName": _name(random)}
    spec: dict[str, Any] = {
        "ingressClassName": _name(random),
        "tls": [{"secretName": _name(random)}],
        "rules": [{"http": {"paths": [{"path": "/", "backend": backend}]}}],
    }
    if version == "v1":
        spec["defaultBackend"] = {"service": {"name": _name(random)}}
    else:
        spec["backend"] = {"serviceName": _name(random)}
    return f"networking.k8s.io/{version}", "Ingress", {"spec": spec}


def _claim(random: Random) -> tuple[str, str, dict[str, Any]]:
    spec = {"storageClassName": _name(random), "volumeName": _name(random)}
    return "v1", "PersistentVolumeClaim", {"spec": spec}


def _account(random: Random) -> tuple[str, str, dict[str, Any]]:
    return "v1", "ServiceAccount", {"imagePullSecrets": [{"name": _name(random)}]}


def _webhook(random: Random) -> tuple[str, str, dict[str, Any]]:
    service = {"name": _name(random), "namespace": random.choice(NAMESPACES[1:])}
    webhooks = [{"name": "w", "clientConfig": {"service": service}}]
    return "admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", {"webhooks": webhooks}


_OTHERS = {
    "Binding": _binding,
    "Role": _role,
    "HorizontalPodAutoscaler": _autoscaler,
    "Ingress": _ingress,
    "PersistentVolumeClaim": _claim,
    "ServiceAccount": _account,
    "Webhook": _webhook,
}
_PLAIN = {
    "ConfigMap": "v1",
    "Secret": "v1",
    "Service": "v1",
    "Namespace": "v1",
    "PersistentVolume": "v1",
    "CustomResourceDefinition": "apiextensions.k8s.io/v1",
    "APIService": "apiregistration.k8s.io/v1",
    "StorageClass": "storage.k8s.io/v1",
    "PriorityClass": "scheduling.k8s.io/v1",
    "IngressClass": "networking.k8s.io/v1",
    "Widget": "example.test/v1",
}


def _styled(random: Random, item: Node) -> Node:
    for node in walk(item):
        if node.kind == "scalar" and node.tag == "!!str":
            if random.random() < 0.2:
                node.style = random.choice(("single", "double"))
        elif node.kind == "mapping" and node is not item and random.random() < 0.08:
            node.style = "flow"
    for at in range(5, len(item.content), 2):
        if item.content[at].kind == "mapping" and item.content[at].style != "flow":
            _comment(random, item.content[at])
    return item


def _comment(random: Random, node: Node) -> None:
    """Comments on the scalars of a block mapping, and above its keys."""
    for at in range(0, len(node.content), 2):
        value = node.content[at + 1]
        if random.random() < 0.1:
            node.content[at].head = "# above"
        if value.kind == "scalar" and random.random() < 0.2:
            value.line = "# behind"
