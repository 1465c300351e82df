"""A function's results: what it tells people about what it did or found. Read and written as kpt does.

kpt also reads two older forms: results as a mapping with `items`, and some fields under other names. We always write
the newer one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as made
from typing import Any, Self

ERROR, WARNING, INFO = "error", "warning", "info"


@dataclass(frozen=True, slots=True)
class ResourceRef:
    """The object that a result is about."""

    api_version: str = ""
    kind: str = ""
    name: str = ""
    namespace: str = ""


@dataclass(frozen=True, slots=True)
class FieldRef:
    """The field of that object; `path` is like spec.containers[0].image."""

    path: str = ""
    current_value: Any = None
    proposed_value: Any = None


@dataclass(frozen=True, slots=True)
class FileRef:
    """The file that holds the object, and which of its documents that is."""

    path: str = ""
    index: int = 0


@dataclass(frozen=True, slots=True)
class Result:
    """`severity` is error, warning or info; a function that gives none leaves it empty."""

    message: str
    severity: str = ""
    resource_ref: ResourceRef | None = None
    field: FieldRef | None = None
    file: FileRef | None = None
    tags: Mapping[str, str] = made(default_factory=dict)

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Never fails: what has the wrong shape is left out."""
        value = _mapping(value)
        return cls(
            _text(value.get("message")),
            _text(value.get("severity")),
            _resource_ref(value.get("resourceRef")),
            _field_ref(value.get("field")),
            _file_ref(value.get("file")),
            {str(key): _text(item) for key, item in _mapping(value.get("tags")).items()},
        )

    def to_json(self) -> dict[str, Any]:
        """In the order of fields that Go writes; what is empty is left out."""
        named = {} if self.resource_ref is None else {"resourceRef": _resource_json(self.resource_ref)}
        return (
            _filled(message=self.message, severity=self.severity)
            | named
            | _filled(
                field=self.field and _field_json(self.field),
                file=self.file and _filled(path=self.file.path, index=self.file.index),
                tags=dict(self.tags),
            )
        )

    def __str__(self) -> str:
        """As Go prints it: `[severity] apiVersion/kind/namespace/name field: message`."""
        words = [f"[{self.severity or INFO}]"]
        if ref := self.resource_ref:
            words.append("/".join(filter(None, (ref.api_version, ref.kind, ref.namespace, ref.name))))
        if self.field and self.field.path:
            words.append(self.field.path)
        return " ".join(words) + f": {self.message}"


def results_from_json(value: Any) -> list[Result]:
    """`results` of a ResourceList: a list, or an older mapping with `items`."""
    items = value.get("items") if isinstance(value, Mapping) else value
    return [Result.from_json(item) for item in items] if isinstance(items, list) else []


def _resource_ref(value: Any) -> ResourceRef | None:
    ref = _mapping(value)
    older = _mapping(ref.get("metadata"))
    found = ResourceRef(
        _text(ref.get("apiVersion")),
        _text(ref.get("kind")),
        _text(ref.get("name")) or _text(older.get("name")),
        _text(ref.get("namespace")) or _text(older.get("namespace")),
    )
    return found if ref else None


def _resource_json(ref: ResourceRef) -> dict[str, Any]:
    return _filled(apiVersion=ref.api_version, kind=ref.kind, name=ref.name, namespace=ref.namespace)


def _field_ref(value: Any) -> FieldRef | None:
    ref = _mapping(value)
    proposed = ref.get("proposedValue", ref.get("suggestedValue"))
    return FieldRef(_text(ref.get("path")), ref.get("currentValue"), proposed) if ref else None


def _field_json(ref: FieldRef) -> dict[str, Any]:
    values = {"currentValue": ref.current_value, "proposedValue": ref.proposed_value}
    return _filled(path=ref.path) | {key: value for key, value in values.items() if value is not None}


def _file_ref(value: Any) -> FileRef | None:
    ref = _mapping(value)
    index = ref.get("index")
    return FileRef(_text(ref.get("path")), index if isinstance(index, int) else 0) if ref else None


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _filled(**values: Any) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value}
