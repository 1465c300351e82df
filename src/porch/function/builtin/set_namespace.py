"""set-namespace: moves the objects of a package to one namespace, all of them or those of one namespace.

The functionConfig is a ConfigMap with `namespace`, the package context (its `name`), or a SetNamespace; each may have a
`namespaceMatcher`. Local config is left alone. Versions before v0.4.5 also look at where the objects come from. See
docs/functions-catalog.md.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field

from porch.function.builtin._config import ConfigError, Map, Struct, config_result, decode, is_empty, report
from porch.function.builtin._go import quote
from porch.function.builtin._scope import NOWHERE, identity, is_namespaced, origin
from porch.function.builtin._sdk import (
    UPSTREAM_IDENTIFIER,
    FieldError,
    Item,
    Part,
    annotations_of,
    failure,
    items_of,
    set_text,
)
from porch.function.interface import ResourceList
from porch.function.results import ERROR, INFO, WARNING, Result
from porch.kyaml import Node

NAME = "set-namespace"
SORTS = True

_OLDER = frozenset({"v0.4.0", "v0.4.1", "v0.4.2"})
_DEPENDS_ON = "config.kubernetes.io/depends-on"
_REFERENCE = re.compile(r"([-.\w]*)/namespaces/([-.\w]*)/([-.\w]*)/([-.\w]*)", re.ASCII)
_IN_DEFINITION = ("spec", "conversion", "webhook", "clientConfig", "service", "namespace")
_IN_SERVICE = ("spec", "service", "namespace")
_METADATA = Struct(
    "v1.ObjectMeta",
    {"name": "string", "generateName": "string", "namespace": "string", "labels": Map(), "annotations": Map()},
)
_CONFIG_MAP = Struct("v1.ConfigMap", {"metadata": _METADATA, "data": Map(), "binaryData": Map(), "immutable": "bool"})
_SET_NAMESPACE = Struct(
    "set_namespace.SetNamespace", {"metadata": _METADATA, "namespace": "string", "namespaceMatcher": "string"}
)


def run(resources: ResourceList) -> None:
    try:
        namespace, matcher = _configured(resources.config)
    except ConfigError as error:
        resources.results.append(config_result(str(error), resources.config or Node("mapping", content=[])))
        return
    items = [item for item in map(Item, resources.items) if not item.is_local_config()]
    try:
        older = resources.version in _OLDER
        if older and not _one_origin(resources, items, matcher):
            return
        _move(resources, items, _Move(namespace, matcher, compatible=resources.compatible, keep_style=not older))
    except FieldError as error:  # the Go version panics
        report(resources, str(error), ERROR)
        raise failure(error) from None


def _configured(config: Node | None) -> tuple[str, str]:
    """The new namespace, and the matcher."""
    if config is None or is_empty(config):
        raise ConfigError("FunctionConfig is missing. Expect `ConfigMap.v1` or `SetNamespace.v1alpha1.fn.kpt.dev`")
    item = Item(config)
    if item.is_a("", "v1", "ConfigMap"):
        values: dict[str, str] = _decoded(config, _CONFIG_MAP, "ConfigMap").get("data", {})
        namespace = values.get("namespace") or (values.get("name") if item.name == "kptfile.kpt.dev" else "")
        wanted = "data.namespace"
    elif item.is_a("fn.kpt.dev", "v1alpha1", "SetNamespace"):
        values = _decoded(config, _SET_NAMESPACE, "fn.kpt.dev.v1alpha1.SetNamespace")
        namespace, wanted = values.get("namespace"), "namespace"
    else:
        raise ConfigError(
            f"unknown functionConfig Kind={item.whole_kind} ApiVersion={item.api_version}, "
            "expect `ConfigMap.v1` or `SetNamespace.v1alpha1.fn.kpt.dev`"
        )
    if not namespace:
        raise ConfigError(f"`{wanted}` should not be empty")
    return namespace, values.get("namespaceMatcher", "")


def _decoded(config: Node, struct: Struct, kind: str) -> dict[str, str]:
    try:
        return decode(config, struct)
    except ConfigError:
        raise ConfigError(f"failed to parse FunctionConfig as {kind}") from None


def _one_origin(resources: ResourceList, items: list[Item], matcher: str) -> bool:
    """Whether all objects with a known origin come from one namespace, which older versions ask for."""
    origins, warnings = set(), []
    for item in items:
        if not item.annotation(UPSTREAM_IDENTIFIER):
            warnings.append(Result(f"{item} does not have upstream origin.", WARNING))
        elif is_namespaced(item):
            found = origin(item)
            if found.namespace == NOWHERE:
                why = f"{item} is namespace-scoped, but has cluster-scoped or unknown scoepd origin {found}"
                report(resources, why, ERROR)
                return False
            origins.add(found.namespace)
    if len(origins) > 1 and not matcher:
        report(
            resources,
            "unable to use origin `namespace` to match. expect a single upstream namespace, "
            f"found [{' '.join(sorted(origins))}]. please switch to use `namespaceMatcher`"
            "to specify the namespace value you want to change",
            ERROR,
        )
        return False
    resources.results += warnings
    return True


@dataclass(slots=True)
class _Move:
    """What happens to one namespace after the other."""

    to: str
    matcher: str
    compatible: bool
    keep_style: bool
    count: int = 0
    left: set[str] = field(default_factory=set)
    matches: list[str] = field(default_factory=list)

    def moved(self, current: str, origin: str = "", who: str = "") -> str:
        """The namespace that `current` becomes. The Go version writes `default` for none whether it moves it or not."""
        if origin == NOWHERE:
            return current
        named = current or "default"
        if named == self.to:
            return named
        if self.matcher and self.matcher == origin:
            self.matches.append(f"[{who}] has matching origin {origin}")
        if self.matcher and self.matcher not in {named, origin}:
            return named if self.compatible else current
        self.left.add(named)
        self.count += 1
        return self.to

    def set(self, node: Node, value: str, *path: str) -> None:
        """Set a field. Metadata that are no mapping stay as they are."""
        with suppress(FieldError):
            set_text(node, value, *path, keep_style=self.keep_style)


def _move(resources: ResourceList, items: list[Item], move: _Move) -> None:
    before = {_reference(item) for item in items}
    namespaced = [is_namespaced(item) for item in items]
    for item, has_namespace in zip(items, namespaced, strict=True):
        if not has_namespace:
            _move_in_cluster(item, move)
    for item, has_namespace in zip(items, namespaced, strict=True):
        if has_namespace:
            _move_object(item, move)
    resources.results += [Result(match, INFO) for match in move.matches]
    report(resources, _summary(move), INFO)
    report(resources, _move_dependencies(items, before, move), INFO)


def _summary(move: _Move) -> str:
    if not move.count:
        return f"all matching namespaces are already {quote(move.to)}. no value changed"
    return f"namespace [{' '.join(sorted(move.left))}] updated to {quote(move.to)}, {move.count} value(s) changed"


def _move_object(item: Item, move: _Move) -> None:
    current = item.namespace
    new = move.moved(current, origin(item).namespace, str(item))
    if move.compatible or new != current:
        move.set(item.node, new, "metadata", "namespace")
    if item.whole_kind == "RoleBinding" and not move.compatible:
        _move_subjects(item, move)


def _move_in_cluster(item: Item, move: _Move) -> None:
    """Objects outside of namespaces that name one."""
    if item.is_a("", "v1", "Namespace"):
        move.set(item.node, move.moved(item.name, origin(item).name, str(item)), "metadata", "name")
    elif item.is_a("apiextensions.k8s.io", "v1", "CustomResourceDefinition"):
        _move_field(item, move, *_IN_DEFINITION)
    elif item.is_a("apiregistration.k8s.io", "v1", "APIService"):
        _move_field(item, move, *_IN_SERVICE)
    elif item.whole_kind in {"ClusterRoleBinding", "RoleBinding"}:
        _move_subjects(item, move)


def _move_field(item: Item, move: _Move, *path: str) -> None:
    """The Go version makes the field where there is none."""
    current = Part.whole(item.node).text(*path)
    if current is not None or move.compatible:
        move.set(item.node, move.moved(current or ""), *path)


def _move_subjects(item: Item, move: _Move) -> None:
    for subject in items_of(item.node, "subjects"):
        try:
            current = Part(subject).text("namespace")
        except FieldError:
            current = ""
        if current is not None:
            move.set(subject, move.moved(current), "namespace")


def _reference(item: Item) -> str:
    """How depends-on names the object."""
    where = identity(item)
    return f"{where.group}/namespaces/{where.namespace}/{where.kind}/{where.name}"


def _move_dependencies(items: list[Item], before: set[str], move: _Move) -> str:
    """Follow with the depends-on annotations that name one object that was here. Returns what happened."""
    count, left = 0, set()
    for item in items:
        dependency = annotations_of(item.node).get(_DEPENDS_ON, "")
        found = _REFERENCE.fullmatch(dependency)
        if not found or dependency not in before:
            continue
        group, namespace, kind, name = found.groups()
        if namespace != move.to and move.matcher in {"", namespace}:
            left.add(namespace)
            count += 1
            move.set(item.node, f"{group}/namespaces/{move.to}/{kind}/{name}", "metadata", "annotations", _DEPENDS_ON)
    if not count:
        return "all `depends-on` annotations are up-to-date. no `namespace` changed"
    return f"`depends-on` annotation namespace [{' '.join(sorted(left))}] updated to {quote(move.to)}, {count} value(s) changed"
