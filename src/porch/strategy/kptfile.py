"""Rules for what a PackageRevision keeps in its Kptfile: metadata, readiness gates, conditions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from porch.errors import FieldError, duplicate, invalid, not_supported, required, too_long, too_many
from porch.keys import label_value_problems, qualified_name_problems
from porch.krm.kptfile import STATUSES
from porch.types.packagerevision import PackageCondition, PackageMetadata, ReadinessGate

MAX_ENTRIES = 1000
MAX_ITEMS = 100
MAX_ANNOTATION_BYTES = 256 * 1024
MAX_NAME = 317
MAX_REASON = 1024
MAX_MESSAGE = 32 * 1024
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f]")


def metadata_errors(metadata: PackageMetadata | None) -> list[FieldError]:
    if metadata is None:
        return []
    path = "spec.packageMetadata"
    return [
        *_label_errors(f"{path}.labels", metadata.labels or {}),
        *_annotation_errors(f"{path}.annotations", metadata.annotations or {}),
    ]


def _label_errors(path: str, labels: Mapping[str, str]) -> Iterator[FieldError]:
    if len(labels) > MAX_ENTRIES:
        yield too_many(path, len(labels), MAX_ENTRIES)
        return
    for key, value in labels.items():
        yield from (invalid(path, key, problem) for problem in qualified_name_problems(key))
        yield from (invalid(path, value, problem) for problem in label_value_problems(value))


def _annotation_errors(path: str, annotations: Mapping[str, str]) -> Iterator[FieldError]:
    if len(annotations) > MAX_ENTRIES:
        yield too_many(path, len(annotations), MAX_ENTRIES)
    elif sum(len(key.encode()) + len(value.encode()) for key, value in annotations.items()) > MAX_ANNOTATION_BYTES:
        yield too_long(path, MAX_ANNOTATION_BYTES)
    else:
        for key in annotations:
            yield from (invalid(path, key, problem) for problem in qualified_name_problems(key.lower()))


def readiness_gate_errors(gates: Sequence[ReadinessGate] | None) -> list[FieldError]:
    path = "spec.readinessGates"
    return _named_errors(path, "conditionType", [gate.condition_type for gate in gates or ()])


def condition_errors(conditions: Sequence[PackageCondition] | None) -> list[FieldError]:
    path = "status.conditions"
    conditions = conditions or ()
    errors = _named_errors(path, "type", [condition.type for condition in conditions])
    for index, condition in enumerate(conditions[:MAX_ITEMS]):
        if condition.status not in STATUSES:
            errors.append(not_supported(f"{path}[{index}].status", condition.status, STATUSES))
        for name, text, limit in (
            ("reason", condition.reason, MAX_REASON),
            ("message", condition.message, MAX_MESSAGE),
        ):
            if len(text.encode()) > limit:
                errors.append(too_long(f"{path}[{index}].{name}", limit))
    return errors


def _named_errors(path: str, field: str, names: Sequence[str]) -> list[FieldError]:
    """Items of a list that are told apart by one field."""
    if len(names) > MAX_ITEMS:
        return [too_many(path, len(names), MAX_ITEMS)]
    errors = []
    for index, name in enumerate(names):
        place = f"{path}[{index}].{field}"
        if not name:
            errors.append(required(place))
        elif len(name.encode()) > MAX_NAME:
            errors.append(too_long(place, MAX_NAME))
        elif _UNPRINTABLE.search(name):
            errors.append(invalid(place, name, "must not contain control characters"))
        elif name in names[:index]:
            errors.append(duplicate(place, name))
    return errors
