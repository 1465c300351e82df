"""Lists of built-in types whose items have keys: an item is known by its key, not only by its place."""

from __future__ import annotations

from dataclasses import dataclass, field

from porch.kyaml import Node, text_of


@dataclass(frozen=True, slots=True)
class Shape:
    """What is known of a mapping: the shapes below its fields; the keys of its lists, with the shape of their items."""

    fields: dict[str, Shape] = field(default_factory=dict)
    lists: dict[str, tuple[tuple[str, ...], Shape]] = field(default_factory=dict)


_PLAIN = Shape()
_CONTAINER = Shape(
    lists={
        "env": (("name",), _PLAIN),
        "ports": (("containerPort", "protocol"), _PLAIN),
        "volumeMounts": (("mountPath",), _PLAIN),
        "volumeDevices": (("devicePath",), _PLAIN),
    }
)
_POD = Shape(
    lists={
        "containers": (("name",), _CONTAINER),
        "initContainers": (("name",), _CONTAINER),
        "ephemeralContainers": (("name",), _CONTAINER),
        "volumes": (("name",), _PLAIN),
        "imagePullSecrets": (("name",), _PLAIN),
        "hostAliases": (("ip",), _PLAIN),
        "topologySpreadConstraints": (("topologyKey", "whenUnsatisfiable"), _PLAIN),
    }
)


def _under(path: str, shape: Shape) -> Shape:
    for key in reversed(path.split(".")):
        shape = Shape({key: shape})
    return shape


_WORKLOAD = _under("spec.template.spec", _POD)
_SHAPES = {
    "v1 Pod": _under("spec", _POD),
    "v1 ReplicationController": _WORKLOAD,
    "v1 Service": _under("spec", Shape(lists={"ports": (("port", "protocol"), _PLAIN)})),
    "v1 ServiceAccount": Shape(lists={"secrets": (("name",), _PLAIN), "imagePullSecrets": (("name",), _PLAIN)}),
    "apps/v1 Deployment": _WORKLOAD,
    "apps/v1 ReplicaSet": _WORKLOAD,
    "apps/v1 StatefulSet": _WORKLOAD,
    "apps/v1 DaemonSet": _WORKLOAD,
    "batch/v1 Job": _WORKLOAD,
    "batch/v1 CronJob": _under("spec.jobTemplate.spec.template.spec", _POD),
}


def shape_of(resource: Node) -> Shape | None:
    """None for a type that has no such lists."""
    return _SHAPES.get(f"{text_of(resource, 'apiVersion')} {text_of(resource, 'kind')}")


def same_items(before: Node, after: Node, keys: tuple[str, ...]) -> list[tuple[Node, Node]]:
    """The items of two lists that have the same key; the first ones that have it."""
    old, new = _by_key(before, keys), _by_key(after, keys)
    return [(old[key], item) for key, item in new.items() if key in old]


def _by_key(list_: Node, keys: tuple[str, ...]) -> dict[tuple[str, ...], Node]:
    found: dict[tuple[str, ...], Node] = {}
    for item in list_.content:
        key = tuple(text_of(item, one) for one in keys)
        if any(key):
            found.setdefault(key, item)
    return found
