"""Label selectors of Kubernetes: matchLabels and matchExpressions."""

from __future__ import annotations

from typing import Any


def selects(selector: Any, labels: dict[str, Any]) -> bool:
    """An absent or empty selector selects all."""
    selector = _dict(selector)
    if any(labels.get(key) != value for key, value in _dict(selector.get("matchLabels")).items()):
        return False
    return all(_holds(_dict(each), labels) for each in selector.get("matchExpressions") or ())


def _holds(requirement: dict[str, Any], labels: dict[str, Any]) -> bool:
    key, values = requirement.get("key"), requirement.get("values") or ()
    match requirement.get("operator"):
        case "In":
            return key in labels and labels[key] in values
        case "NotIn":
            return key not in labels or labels[key] not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
    return False


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
