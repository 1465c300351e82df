"""Resources as kustomize holds them: by identity, with the names that they had before."""

from __future__ import annotations

from porch.function.builtin._fieldspec import Gvk
from porch.function.builtin._framework import is_empty, value_of
from porch.function.builtin._scope import is_cluster_kind
from porch.kyaml import Node, get

CLUSTER = "_non_namespaceable_"
DEFAULT = "default"


class ResMapError(Exception):
    """The resources cannot be held together."""


class Resource:
    __slots__ = ("cluster", "gvk", "name", "namespace", "node", "old_name", "prefix", "suffix")

    def __init__(self, node: Node) -> None:
        version, kind = value_of(get(node, "apiVersion")), value_of(get(node, "kind"))
        metadata = get(node, "metadata")
        name, namespace = (get(metadata, key) if metadata is not None else None for key in ("name", "namespace"))
        group, slash, rest = version.partition("/")
        self.node = node
        self.gvk = Gvk(group if slash else "", rest if slash else version, kind)
        self.cluster = is_cluster_kind(version, kind)
        self.name, self.namespace = value_of(name), value_of(namespace)
        self.old_name = ""
        """The name before it was changed; empty while it was not."""
        self.prefix = self.suffix = ""

    @property
    def scope(self) -> str:
        """The namespace, `default` when none is given, or what stands for none at all."""
        return CLUSTER if self.cluster else self.namespace or DEFAULT

    def __str__(self) -> str:
        gvk = "_".join((self.gvk.group or "~G", self.gvk.version or "~V", self.gvk.kind or "~K"))
        return f"{gvk}|{self.namespace or '~X'}|{self.name or '~N'}"


def resmap(items: list[Node], *, unique: bool = True) -> list[Resource]:
    """Raises ResMapError when two resources have the same identity and each must be `unique`."""
    resources: list[Resource] = []
    seen: set[tuple[Gvk, str, str]] = set()
    for item in items:
        if is_empty(item):
            continue
        resource = Resource(item)
        _check(resource)
        identity = (resource.gvk, resource.name, resource.scope)
        if unique and identity in seen:
            raise ResMapError(f"may not add resource with an already registered id: {resource}")
        seen.add(identity)
        resources.append(resource)
    return resources


def _check(resource: Resource) -> None:
    if not resource.gvk.kind:
        raise ResMapError(f"missing kind in object {resource}")
    if not resource.name and not resource.gvk.kind.endswith("List"):
        raise ResMapError(f"missing metadata.name in object {resource}")
