"""Asks each constraint about each resource that it is for."""

from __future__ import annotations

from typing import Any

from porch.function.builtin._checking import file_of, is_for_clusters, plain_value, ref_of
from porch.function.builtin.gatekeeper.engine import Rego
from porch.function.builtin.gatekeeper.matching import matches
from porch.function.builtin.gatekeeper.policies import Constraint, constraints_of, is_policy, templates_of
from porch.function.results import ERROR, INFO, WARNING, FileRef, ResourceRef, Result
from porch.kyaml import Node

_SEVERITIES = {"dryrun": INFO, "warn": WARNING}
_ORDER = (ERROR, WARNING, INFO)
_NOWHERE = FileRef()
_NOTHING = ResourceRef()


def audit(items: list[Node]) -> list[Result]:
    """A result for each violation, by file and severity. Raises PolicyError."""
    both = [(item, value) for item in items if (value := plain_value(item)) is not None]
    values = [value for _, value in both]
    templates = templates_of(values)
    constraints = constraints_of(values, templates)
    checked = [(item, value) for item, value in both if is_for_clusters(item) and not is_policy(value)]
    inventory, namespaces = _inventory([value for _, value in checked]), _namespace_labels(values)
    engines = {kind: Rego(template, inventory) for kind, template in templates.items()}
    results: list[Result] = []
    for constraint in constraints:
        engine = engines[constraint.kind]
        for item, value in checked:
            if matches(constraint, value, namespaces):
                found = engine.violations(_review(value), constraint.parameters)
                results += [_result(item, constraint, message) for message in found]
    return sorted(results, key=_sort_key)


def _result(item: Node, constraint: Constraint, message: str) -> Result:
    text = f"{message}\nviolatedConstraint: {constraint.name}"
    return Result(text, _SEVERITIES.get(constraint.action, ERROR), ref_of(item), None, file_of(item))


def _sort_key(result: Result) -> tuple[Any, ...]:
    file, ref = result.file or _NOWHERE, result.resource_ref or _NOTHING
    severity = _ORDER.index(result.severity)
    return file.path, file.index, severity, ref.api_version, ref.kind, ref.name, ref.namespace, result.message


def _review(value: dict[str, Any]) -> dict[str, Any]:
    group, _, version = str(value.get("apiVersion") or "").rpartition("/")
    metadata = _metadata(value)
    return {
        "kind": {"group": group, "version": version, "kind": value.get("kind", "")},
        "name": metadata.get("name", ""),
        "namespace": metadata.get("namespace", ""),
        "operation": "CREATE",
        "object": value,
    }


def _inventory(values: list[dict[str, Any]]) -> dict[str, Any]:
    """What Rego sees of the other resources, as `data.inventory`."""
    cluster: dict[str, Any] = {}
    namespaced: dict[str, Any] = {}
    for value in values:
        metadata = _metadata(value)
        namespace = str(metadata.get("namespace") or "")
        place = namespaced.setdefault(namespace, {}) if namespace else cluster
        kinds = place.setdefault(str(value.get("apiVersion")), {})
        kinds.setdefault(str(value.get("kind")), {})[str(metadata.get("name"))] = value
    return {"cluster": cluster, "namespace": namespaced}


def _namespace_labels(values: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {
        str(_metadata(value).get("name")): _metadata(value).get("labels") or {}
        for value in values
        if (value.get("apiVersion"), value.get("kind")) == ("v1", "Namespace")
    }


def _metadata(value: dict[str, Any]) -> dict[str, Any]:
    metadata = value.get("metadata")
    return metadata if isinstance(metadata, dict) else {}
