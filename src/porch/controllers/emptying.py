"""How far the deletion of a namespace is, in the conditions and words of Kubernetes. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from porch.errors import PorchError
from porch.objects.metadata import now
from porch.types.core import Namespace, NamespaceCondition
from porch.types.kind import Kind


@dataclass
class Remains:
    """What is still in a namespace: objects by resource, and objects by finalizer that holds them."""

    counts: Counter[str] = field(default_factory=Counter)
    finalizers: Counter[str] = field(default_factory=Counter)

    def add(self, kind: Kind, finalizers: Sequence[Sequence[str]], more: int) -> None:
        """`finalizers` are those of each object that was read; `more` objects were not."""
        if finalizers:
            self.counts[f"{kind.plural}.{kind.group}"] = len(finalizers) + more
        for names in finalizers:
            self.finalizers.update(names)


def with_conditions(namespace: Namespace, remains: Remains, failures: Sequence[PorchError]) -> Namespace:
    """A condition that says the same as before keeps its transition time."""
    left = ", ".join(f"{name} has {count} resource instances" for name, count in sorted(remains.counts.items()))
    held = ", ".join(f"{name} in {count} resource instances" for name, count in sorted(remains.finalizers.items()))
    failed = ", ".join(dict.fromkeys(error.message for error in failures))
    found = [
        _condition("NamespaceDeletionDiscoveryFailure", "ResourcesDiscovered", "All resources successfully discovered"),
        _condition(
            "NamespaceDeletionGroupVersionParsingFailure",
            "ParsedGroupVersions",
            "All legacy kube types successfully parsed",
        ),
        _condition(
            "NamespaceDeletionContentFailure",
            "ContentDeletionFailed",
            f"Failed to delete all resource types, {len(failures)} remaining: {failed}",
        )
        if failures
        else _condition(
            "NamespaceDeletionContentFailure",
            "ContentDeleted",
            "All content successfully deleted, may be waiting on finalization",
        ),
        _condition("NamespaceContentRemaining", "SomeResourcesRemain", f"Some resources are remaining: {left}")
        if left
        else _condition("NamespaceContentRemaining", "ContentRemoved", "All content successfully removed"),
        _condition(
            "NamespaceFinalizersRemaining",
            "SomeFinalizersRemain",
            f"Some content in the namespace has finalizers remaining: {held}",
        )
        if held
        else _condition(
            "NamespaceFinalizersRemaining", "ContentHasNoFinalizers", "All content-preserving finalizers finished"
        ),
    ]
    before = {condition.type: condition for condition in namespace.status.conditions}
    for condition in found:
        old = before.get(condition.type)
        same = old is not None and old.status == condition.status
        condition.last_transition_time = old.last_transition_time if same and old is not None else now()
    namespace.status.conditions = found
    return namespace


_TROUBLE = {"ContentDeletionFailed", "SomeResourcesRemain", "SomeFinalizersRemain"}


def _condition(name: str, reason: str, message: str) -> NamespaceCondition:
    return NamespaceCondition(
        type=name, status="True" if reason in _TROUBLE else "False", reason=reason, message=message
    )
