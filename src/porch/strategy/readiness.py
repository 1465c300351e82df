"""Readiness gates: conditions of the Kptfile that have to be True before a package revision may be published."""

from __future__ import annotations

from porch.errors import FieldError, invalid
from porch.types.packagerevision import PackageRevision


def unmet(obj: PackageRevision) -> list[FieldError]:
    """Why the revision is not ready: one error for each gate that no True condition meets."""
    conditions = {condition.type: condition for condition in obj.status.conditions or []}
    errors = []
    for index, gate in enumerate(obj.spec.readiness_gates or []):
        found = conditions.get(gate.condition_type)
        if found is None or found.status != "True":
            state = f"is {found.status or 'empty'}" if found else "is not there"
            said = f": {found.message[:200]}" if found and found.message else ""
            text = (
                f'readiness gate is not met: the condition "{gate.condition_type}" {state}{said}; it has to be True '
                "before the package revision can be approved"
            )
            errors.append(invalid(f"spec.readinessGates[{index}].conditionType", gate.condition_type, text))
    return errors
