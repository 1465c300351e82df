"""Which resources a policy is for: its matchConstraints, as an API server would read them for a CREATE."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from porch.function.builtin._labelselectors import selects
from porch.function.builtin.validate_cel.policy import Policy

_IRREGULAR = {"Endpoints": "endpoints"}


class Matcher:
    """`resources` are all of the package: its CRDs say the plural names of their kinds, its Namespaces their labels."""

    def __init__(self, resources: Iterable[Any]) -> None:
        self._plurals: dict[tuple[str, str], str] = {}
        self.namespaces: dict[str, dict[str, Any]] = {}
        for resource in filter(lambda each: isinstance(each, dict), resources):
            spec, names = _dict(resource.get("spec")), _dict(_dict(resource.get("spec")).get("names"))
            if resource.get("kind") == "CustomResourceDefinition" and names.get("plural"):
                self._plurals[str(spec.get("group")), str(names.get("kind"))] = str(names["plural"])
            elif (resource.get("apiVersion"), resource.get("kind")) == ("v1", "Namespace"):
                self.namespaces[str(_dict(resource.get("metadata")).get("name"))] = resource

    def matches(self, policy: Policy, resource: dict[str, Any]) -> bool:
        group, _, version = str(resource.get("apiVersion") or "").rpartition("/")
        kind = str(resource.get("kind") or "")
        if policy.kinds:
            return kind in policy.kinds
        constraints = policy.constraints
        rules = constraints.get("resourceRules")
        if rules and not any(self._fits(rule, group, version, kind, resource) for rule in rules):
            return False
        excluded = constraints.get("excludeResourceRules") or ()
        if any(self._fits(rule, group, version, kind, resource) for rule in excluded):
            return False
        metadata = _dict(resource.get("metadata"))
        if not selects(constraints.get("objectSelector"), _dict(metadata.get("labels"))):
            return False
        return self._namespace_fits(constraints.get("namespaceSelector"), resource)

    def _namespace_fits(self, selector: Any, resource: dict[str, Any]) -> bool:
        """A namespace that is not in the package is only known by its name."""
        name = self.namespace_name(resource)
        if not selector or not name:
            return True
        labels = _dict(_dict(_dict(self.namespaces.get(name)).get("metadata")).get("labels"))
        return selects(selector, {"kubernetes.io/metadata.name": name, **labels})

    @staticmethod
    def namespace_name(resource: dict[str, Any]) -> str:
        metadata = _dict(resource.get("metadata"))
        return str(metadata.get("name" if resource.get("kind") == "Namespace" else "namespace") or "")

    def plural(self, group: str, kind: str) -> str:
        if known := self._plurals.get((group, kind)) or _IRREGULAR.get(kind):
            return known
        word = kind.lower()
        if word.endswith(("s", "x", "ch", "sh")):
            return f"{word}es"
        return f"{word[:-1]}ies" if word.endswith("y") and word[-2:-1] not in "aeiou" else f"{word}s"

    def _fits(self, rule: Any, group: str, version: str, kind: str, resource: dict[str, Any]) -> bool:
        rule = _dict(rule)
        names = rule.get("resourceNames")
        if names and _dict(resource.get("metadata")).get("name") not in names:
            return False
        operations = rule.get("operations") or ["*"]
        if not {"*", "CREATE"} & set(map(str, operations)):
            return False
        return (
            _has(rule.get("apiGroups"), group)
            and _has(rule.get("apiVersions"), version)
            and _has(rule.get("resources"), self.plural(group, kind))
        )


def _has(allowed: Any, name: str) -> bool:
    """An absent list allows all. `*/*` is all resources with their subresources."""
    return not allowed or bool({"*", "*/*", name} & set(map(str, allowed)))


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
