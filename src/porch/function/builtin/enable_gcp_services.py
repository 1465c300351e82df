"""enable-gcp-services: makes Config Connector's `Service` objects from `ProjectServiceSet` objects.

Each set is marked as for tools only. What it made before is replaced, and what it no longer names goes.
"""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import dirname, join

from porch.function.builtin._framework import (
    OLD_PATH,
    PATH,
    annotations_of,
    path_of,
    set_field,
    twice,
    value_of,
)
from porch.function.interface import ResourceList
from porch.function.results import ERROR, INFO, FileRef, ResourceRef, Result
from porch.kyaml import Node, find, from_value, get, require, text

NAME = "enable-gcp-services"
SORTS = False
_GROUP, _KIND = "blueprints.cloud.google.com", "ProjectServiceSet"
_SERVICE_VERSION = "serviceusage.cnrm.cloud.google.com/v1beta1"
_OWNER = f"{_GROUP}/ownerReference"
_LOCAL = "config.kubernetes.io/local-config"
_OURS = (
    "internal.config.kubernetes.io/",
    "config.kubernetes.io/path",
    "config.kubernetes.io/index",
    "config.k8s.io/id",
)


def run(resources: ResourceList) -> None:
    made: list[Node] = []
    try:
        for services in [_Set(item) for item in resources.items if _is_set(item)]:
            resources.items = list(services.prune(resources.items))
            made += services.make()
            resources.results += services.results()
    except _Refused as refusal:
        resources.results[:] = [Result(f"failed to add services: {refusal}", ERROR)]
        raise twice(str(refusal)) from refusal
    resources.items += made


class _Refused(Exception):
    """A set cannot be used."""


def _is_set(item: Node) -> bool:
    return value_of(get(item, "apiVersion")) == f"{_GROUP}/v1alpha1" and value_of(get(item, "kind")) == _KIND


class _Set:
    def __init__(self, item: Node) -> None:
        set_field(require(item, "metadata", "annotations"), _LOCAL, text("true", "single"))
        self.name = value_of(find(item, "metadata", "name"))
        self.namespace = value_of(find(item, "metadata", "namespace"))
        self.project = value_of(find(item, "spec", "projectID"))
        self.directory = dirname(path_of(item))
        self.owner = f"{_GROUP}/{_KIND}/{self.name}"
        self.annotations = {
            key: value for key, value in annotations_of(item).items() if key != _LOCAL and not key.startswith(_OURS)
        }
        services = find(item, "spec", "services")
        self.services = [value_of(service) for service in services.content] if services is not None else []
        self.pruned: dict[ResourceRef, str] = {}
        self.made: dict[ResourceRef, str] = {}

    def prune(self, items: list[Node]) -> Iterator[Node]:
        if not self.services:
            raise _Refused("at least one service must be specified under `spec.services[]`")
        for item in items:
            if annotations_of(item).get(_OWNER) == self.owner:
                self.pruned[_reference(item)] = path_of(item)
            else:
                yield item

    def make(self) -> Iterator[Node]:
        for service in self.services:
            if service.count(".") < 2:
                raise _Refused(f"invalid service specified: {service}")
        for service in self.services:
            name = f"{self.name}-{service.partition('.')[0]}"
            path = join(self.directory, self.namespace, f"service_{name}.yaml")
            item = self.service(name, service, path)
            self.made[_reference(item)] = path
            yield item

    def service(self, name: str, service: str, path: str) -> Node:
        spec = {"resourceID": service, **({"projectRef": {"external": self.project}} if self.project else {})}
        item = from_value({"apiVersion": _SERVICE_VERSION, "kind": "Service", "metadata": {"name": name}, "spec": spec})
        annotations = require(item, "metadata", "annotations")
        for key, value in (self.annotations | {_OWNER: self.owner}).items():
            set_field(annotations, key, text(value, "single"))
        if self.namespace:
            set_field(require(item, "metadata"), "namespace", text(self.namespace))
        for key in (PATH, OLD_PATH):
            set_field(annotations, key, text(path, "single"))
        return item

    def results(self) -> Iterator[Result]:
        for reference, path in self.pruned.items():
            recreated = reference in self.made
            message = "recreated service" if recreated else "pruned service"
            yield _told(message, reference, self.made[reference] if recreated else path)
        for reference, path in self.made.items():
            if reference not in self.pruned:
                yield _told("generated service", reference, path)


def _told(message: str, reference: ResourceRef, path: str) -> Result:
    return Result(message, INFO, resource_ref=reference, file=FileRef(path))


def _reference(item: Node) -> ResourceRef:
    return ResourceRef(
        value_of(get(item, "apiVersion")),
        value_of(get(item, "kind")),
        value_of(find(item, "metadata", "name")),
        value_of(find(item, "metadata", "namespace")),
    )
