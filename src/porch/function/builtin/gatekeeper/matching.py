"""Which resources a constraint is for: its `match`."""

from __future__ import annotations

from typing import Any

from porch.function.builtin._labelselectors import selects
from porch.function.builtin.gatekeeper.policies import Constraint


def matches(constraint: Constraint, value: dict[str, Any], namespaces: dict[str, dict[str, Any]]) -> bool:  # noqa: PLR0911 - one case for each kind
    """`namespaces` are the labels of the package's Namespaces, by name."""
    match = constraint.match
    metadata = _dict(value.get("metadata"))
    is_namespace = (value.get("apiVersion"), value.get("kind")) == ("v1", "Namespace")
    namespace = str(metadata.get("name" if is_namespace else "namespace") or "")
    if not _kind_fits(match.get("kinds"), value):
        return False
    if (name := match.get("name")) and not _fits(str(name), str(metadata.get("name") or "")):
        return False
    if match.get("scope") == "Cluster" and namespace and not is_namespace:
        return False
    if match.get("scope") == "Namespaced" and (not namespace or is_namespace):
        return False
    if not _namespace_fits(match, namespace):
        return False
    if not selects(match.get("labelSelector"), _dict(metadata.get("labels"))):
        return False
    labels = {"kubernetes.io/metadata.name": namespace, **namespaces.get(namespace, {})}
    return not (namespace and match.get("namespaceSelector")) or selects(match["namespaceSelector"], labels)


def _kind_fits(kinds: Any, value: dict[str, Any]) -> bool:
    if not kinds:
        return True
    group = str(value.get("apiVersion") or "").rpartition("/")[0]
    return any(
        _has(_dict(each).get("apiGroups"), group) and _has(_dict(each).get("kinds"), str(value.get("kind")))
        for each in kinds
    )


def _has(allowed: Any, name: str) -> bool:
    return not allowed or "*" in allowed or name in allowed


def _namespace_fits(match: dict[str, Any], namespace: str) -> bool:
    """What is in no namespace fits any."""
    if not namespace:
        return True
    wanted, excluded = match.get("namespaces") or (), match.get("excludedNamespaces") or ()
    if wanted and not any(_fits(str(pattern), namespace) for pattern in wanted):
        return False
    return not any(_fits(str(pattern), namespace) for pattern in excluded)


def _fits(pattern: str, name: str) -> bool:
    """A star at the beginning or the end stands for anything."""
    inner = pattern.strip("*")
    if pattern.startswith("*") and pattern.endswith("*"):
        return inner in name
    if pattern.startswith("*"):
        return name.endswith(inner)
    return name.startswith(inner) if pattern.endswith("*") else name == pattern


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
