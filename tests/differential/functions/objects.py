"""Seeded objects of many kinds, as JSON values: what functions look at, mostly right, at times missing or wrong.

A value that is a `Raw` is written as it stands.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

NAMES = ("web", "db", "web-1", "packagename", "packagename-api", "kptfile.kpt.dev")
NAMESPACES = ("default", "old", "other", "new")
IMAGES = (
    "nginx",
    "nginx:1.25",
    "nginx:1.25@sha256:aaaa",
    "nginx@sha256:bbbb",
    "registry.local:5000/nginx:2",
    "postgres:16",
    "",
)
WORDS = (
    "shop",
    "front end",
    "yes",
    "1",
    "true",
    "1.0",
    "null",
    "a: b",
    "#x",
    "- y",
    "é",
    "x\ny",
    "x\n",
    "",
    "~",
    "0x1f",
)


class Raw(str):
    """Text that stands in the document as it is."""

    __slots__ = ()


def package(random: Random) -> list[dict[str, Any]]:
    """Up to 12 objects: so many are sorted by Go without swapping equal ones."""
    return [_object(random) for _ in range(random.randint(1, 12))]


def _object(random: Random) -> dict[str, Any]:
    api_version, kind, make = random.choice(_KINDS)
    found: dict[str, Any] = {"apiVersion": api_version, "kind": kind, "metadata": _metadata(random, kind)}
    found |= _fields(**make(random))
    if random.random() < 0.02:
        del found[random.choice(list(found))]
    if random.random() < 0.03:
        found["apiVersion"] = random.choice(("a/b/c", "/", "v1", "apps/v1beta1", "/v1"))
    spoiled: dict[str, Any] = _spoiled(random, found)
    return spoiled


def _spoiled(random: Random, value: Any, depth: int = 0) -> Any:
    """Now and then something else than was expected."""
    if isinstance(value, dict):
        return {key: _spoiled(random, item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_spoiled(random, item, depth + 1) for item in value]
    if depth > 1 and random.random() < 0.003:
        return random.choice((None, 7, True, 1.5, Raw("0o17"), Raw("2020-01-01"), Raw("~"), Raw("!!str 5"), "", [1, 2]))
    return value


class _Nothing:
    pass


_NOTHING = _Nothing()


def _maybe(random: Random, value: Any, chance: float = 0.7) -> Any:
    return value if random.random() < chance else _NOTHING


def _fields(**fields: Any) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value is not _NOTHING}


def _metadata(random: Random, kind: str) -> Any:
    if random.random() < 0.01:
        return None
    return _fields(
        name=random.choice(NAMES),
        namespace=_maybe(random, random.choice((*NAMESPACES, "")), 0.6),
        labels=_maybe(random, labels(random), 0.6),
        annotations=_maybe(random, _annotations(random), 0.5),
        ownerReferences=_maybe(random, [{"apiVersion": "apps/v1", "kind": kind, "name": random.choice(NAMES)}], 0.05),
    )


def labels(random: Random) -> Any:
    keys = random.sample(("app", "tier", "a.b/c", "n", "env"), random.randint(0, 3))
    nothing: Any = {} if random.random() < 0.8 else None
    return {key: random.choice(("shop", "web", "1", "true", "y")) for key in keys} or nothing


def _annotations(random: Random) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if random.random() < 0.2:
        found["config.kubernetes.io/local-config"] = random.choice(("true", "false", "", "yes", True))
    if random.random() < 0.3:
        namespace, name = random.choice(NAMESPACES), random.choice(NAMES)
        target = random.choice(("apps/namespaces/{}/Deployment/{}", "/namespaces/{}/Service/{}", "a/{}/{}"))
        found["config.kubernetes.io/depends-on"] = target.format(namespace, name)
    if random.random() < 0.1:
        noted = random.choice(("|Service|old|web", "apps|Deployment|~C|web", "|Namespace|~C|old", "bad"))
        found["internal.kpt.dev/upstream-identifier"] = noted
    for key in random.sample(("note", "a", "b/c"), random.randint(0, 2)):
        found[key] = random.choice(WORDS)
    return found


def _selector(random: Random) -> dict[str, Any]:
    return _fields(matchLabels=_maybe(random, labels(random), 0.8))


def _term(random: Random) -> dict[str, Any]:
    return _fields(topologyKey="zone", labelSelector=_maybe(random, _selector(random)))


def _pod(random: Random) -> dict[str, Any]:
    preferred = [{"weight": 1, "podAffinityTerm": _term(random)}]
    terms = {
        "requiredDuringSchedulingIgnoredDuringExecution": [_term(random)],
        "preferredDuringSchedulingIgnoredDuringExecution": preferred,
    }
    return _fields(
        serviceAccountName=_maybe(random, "sa", 0.3),
        initContainers=_maybe(random, _containers(random), 0.3),
        containers=_maybe(random, _containers(random), 0.95),
        topologySpreadConstraints=_maybe(random, [_term(random)], 0.2),
        affinity=_maybe(random, {"podAffinity": terms, **(terms if random.random() < 0.3 else {})}, 0.2),
    )


def _containers(random: Random) -> list[Any]:
    return [
        _fields(
            name=name,
            image=_maybe(random, random.choice(IMAGES), 0.95),
            args=_maybe(random, [random.choice(WORDS) for _ in range(random.randint(0, 3))], 0.3),
            env=_maybe(random, [{"name": "MODE", "value": random.choice(WORDS)}], 0.4),
            ports=_maybe(random, [{"containerPort": 8080}, {"containerPort": 1234567}], 0.3),
        )
        for name in random.sample(("main", "side", "web"), random.randint(0, 3))
    ]


def _template(random: Random) -> dict[str, Any]:
    metadata = _maybe(random, _fields(labels=_maybe(random, labels(random))))
    return _fields(metadata=metadata, spec=_maybe(random, _pod(random), 0.95))


def _workload(random: Random) -> dict[str, Any]:
    claims = [{"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"]}}]
    spec = _fields(
        replicas=_maybe(random, random.choice((1, 3, 1000000))),
        selector=_maybe(random, _selector(random)),
        template=_maybe(random, _template(random), 0.95),
        volumeClaimTemplates=_maybe(random, claims, 0.3),
    )
    return {"spec": spec}


def _cron_job(random: Random) -> dict[str, Any]:
    job = _fields(selector=_maybe(random, _selector(random), 0.3), template=_template(random))
    template = _fields(metadata=_maybe(random, {"labels": labels(random)}, 0.4), spec=_maybe(random, job, 0.95))
    return {"spec": {"schedule": "0 3 * * *", "jobTemplate": template}}


def _service(random: Random) -> dict[str, Any]:
    ports = [{"name": "http", "port": 80, "targetPort": random.choice((8080, "http"))}, {"port": 443}]
    return {"spec": _fields(selector=_maybe(random, labels(random)), ports=ports)}


def _map(random: Random) -> dict[str, Any]:
    data = {key: random.choice(WORDS) for key in random.sample(("name", "mode", "url", "x.y"), random.randint(0, 4))}
    return {"data": _maybe(random, data, 0.9)}


def _network(random: Random) -> dict[str, Any]:
    rule = {"from": [{"podSelector": _selector(random)}, {"ipBlock": {"cidr": "10.0.0.0/8"}}]}
    other = {"to": [{"podSelector": _selector(random)}], "from": [{"podSelector": _selector(random)}]}
    spec = {"podSelector": _maybe(random, _selector(random)), "ingress": [rule], "egress": [other]}
    return {"spec": _fields(**spec)}


def _definition(random: Random) -> dict[str, Any]:
    service = _fields(name="hook", namespace=_maybe(random, random.choice(NAMESPACES)))
    conversion = {"strategy": "Webhook", "webhook": {"clientConfig": {"service": service}}}
    return {"spec": _fields(group="example.test", conversion=_maybe(random, conversion, 0.4))}


def _api_service(random: Random) -> dict[str, Any]:
    service = _fields(name="api", namespace=_maybe(random, random.choice(NAMESPACES)))
    return {"spec": _fields(group="example.test", service=_maybe(random, service))}


def _binding(random: Random) -> dict[str, Any]:
    subjects = [
        _fields(kind="ServiceAccount", name="sa", namespace=_maybe(random, random.choice((*NAMESPACES, ""))))
        for _ in range(random.randint(0, 3))
    ]
    return {"roleRef": {"kind": "ClusterRole", "name": "r"}, "subjects": _maybe(random, subjects, 0.9)}


def _widget(random: Random) -> dict[str, Any]:
    parts = [{"name": name, "image": random.choice(IMAGES)} for name in ("a", "b")]
    return {"spec": {"size": random.choice((5, 1.50, 1e21, 123456789)), "parts": parts, "tags": ["x", "y", "z"]}}


def _kptfile(random: Random) -> dict[str, Any]:
    mutator = {"image": "set-labels:v0.2", "configMap": {"tier": "back"}}
    return {"info": {"description": random.choice(WORDS)}, "pipeline": {"mutators": [mutator]}}


_KINDS: tuple[tuple[str, str, Callable[[Random], dict[str, Any]]], ...] = (
    ("apps/v1", "Deployment", _workload),
    ("apps/v1", "StatefulSet", _workload),
    ("apps/v1", "DaemonSet", _workload),
    ("apps/v1", "ReplicaSet", _workload),
    ("v1", "ReplicationController", _workload),
    ("batch/v1", "Job", _workload),
    ("batch/v1", "CronJob", _cron_job),
    ("v1", "Pod", lambda random: {"spec": _pod(random)}),
    ("v1", "PodTemplate", lambda random: {"template": _template(random)}),
    ("v1", "Service", _service),
    ("v1", "ConfigMap", _map),
    ("v1", "Secret", _map),
    ("v1", "Namespace", lambda _: {}),
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition", _definition),
    ("apiregistration.k8s.io/v1", "APIService", _api_service),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", _binding),
    ("rbac.authorization.k8s.io/v1", "RoleBinding", _binding),
    ("rbac.authorization.k8s.io/v1alpha1", "RoleBinding", _binding),
    ("policy/v1", "PodDisruptionBudget", lambda random: {"spec": {"selector": _selector(random)}}),
    ("networking.k8s.io/v1", "NetworkPolicy", _network),
    ("autoscaling/v2", "HorizontalPodAutoscaler", lambda _: {"spec": {"scaleTargetRef": {"name": "web"}}}),
    ("example.test/v1", "Widget", _widget),
    ("kpt.dev/v1", "Kptfile", _kptfile),
)
