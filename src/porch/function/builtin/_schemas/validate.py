"""Checks a value against a schema: the part of JSON Schema that Kubernetes uses, and its own extensions of it.

Our own, and not a library: the part is small, the words of the messages are those of the Go validators, and nothing
has to be compiled or imported before the first resource.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, TypeAlias

from porch.function.builtin._schemas.problems import Problem, Step, type_of

Schema: TypeAlias = Mapping[str, Any]

_DEEPEST = 200
_LONGEST = 20_000
"""Texts that are longer are not matched against patterns of strangers."""
_DATE_TIME = re.compile(r"\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-6]\d(\.\d+)?(Z|[-+]\d\d:\d\d)", re.IGNORECASE)
_OPEN = "x-kubernetes-preserve-unknown-fields"
_INT_OR_STRING = "x-kubernetes-int-or-string"
_EMBEDDED = "x-kubernetes-embedded-resource"
_RESOURCE_FIELDS = frozenset(("apiVersion", "kind", "metadata"))


class Validator:
    """`definitions` is what `$ref` names; `strict` forbids fields that a schema with fields does not name."""

    def __init__(self, definitions: Mapping[str, Schema], *, strict: bool) -> None:
        self._definitions = definitions
        self._strict = strict

    def problems(self, value: Any, schema: Schema) -> list[Problem]:
        return list(self._check(value, schema, ()))

    def _check(self, value: Any, schema: Schema, path: tuple[Step, ...]) -> Iterator[Problem]:
        if len(path) > _DEEPEST:
            yield Problem(path, "maxDepth", _DEEPEST, len(path))
            return
        while name := schema.get("$ref"):
            schema = self._definitions.get(name, {})
        if value is None and schema.get("nullable"):
            return
        if problem := _type_problem(value, schema, path):
            yield problem
            return
        if "enum" in schema and value is not None and value not in schema["enum"]:
            yield Problem(path, "enum", schema["enum"], value)
        if isinstance(value, dict):
            yield from self._object(value, schema, path)
        elif isinstance(value, list):
            yield from self._array(value, schema, path)
        elif isinstance(value, str):
            yield from _text_problems(value, schema, path)
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            yield from _number_problems(value, schema, path)
        yield from self._combined(value, schema, path)

    def _object(self, value: dict[str, Any], schema: Schema, path: tuple[Step, ...]) -> Iterator[Problem]:
        properties: Schema = schema.get("properties", {})
        if missing := [name for name in schema.get("required", ()) if name not in value]:
            yield Problem(path, "required", None, missing)
        yield from _count(len(value), schema, path, "minProperties", "maxProperties")
        others: Any = schema.get("additionalProperties")
        if others is None and self._strict and properties and not schema.get(_OPEN):
            others = False
        extra: list[str] = []
        for name, item in value.items():
            if name in properties:
                yield from self._check(item, properties[name], (*path, name))
            elif isinstance(others, Mapping):
                yield from self._check(item, others, (*path, name))
            elif others is False and not (schema.get(_EMBEDDED) and name in _RESOURCE_FIELDS):
                extra.append(name)
        if extra:
            yield Problem(path, "additionalProperties", None, extra)

    def _array(self, value: list[Any], schema: Schema, path: tuple[Step, ...]) -> Iterator[Problem]:
        yield from _count(len(value), schema, path, "minItems", "maxItems")
        if schema.get("uniqueItems") and (pair := _equal_pair(value)):
            yield Problem(path, "uniqueItems", None, pair)
        if isinstance(items := schema.get("items"), Mapping):
            for at, item in enumerate(value):
                yield from self._check(item, items, (*path, at))

    def _combined(self, value: Any, schema: Schema, path: tuple[Step, ...]) -> Iterator[Problem]:
        def fits(part: Schema) -> bool:
            return next(self._loose()._check(value, part, path), None) is None  # noqa: SLF001 - ourselves

        for part in schema.get("allOf", ()):
            yield from self._loose()._check(value, part, path)  # noqa: SLF001 - ourselves
        if (parts := schema.get("anyOf")) and not any(map(fits, parts)):
            yield Problem(path, "anyOf")
        if parts := schema.get("oneOf"):
            matched = [at for at, part in enumerate(parts) if fits(part)]
            if len(matched) != 1 and not (matched and value is None):
                yield Problem(path, "oneOf", None, matched)
        if "not" in schema and fits(schema["not"]):
            yield Problem(path, "not")

    def _loose(self) -> Validator:
        """For parts of a schema, which do not name all fields."""
        return Validator(self._definitions, strict=False) if self._strict else self


def _type_problem(value: Any, schema: Schema, path: tuple[Step, ...]) -> Problem | None:
    found = type_of(value)
    if schema.get(_INT_OR_STRING):
        allowed = ["integer", "string"]
    else:
        types = schema.get("type")
        if types is None:
            return None
        allowed = [types] if isinstance(types, str) else list(types)
    if found in allowed or (found == "integer" and "number" in allowed):
        return None
    if found == "number" and "integer" in allowed and float(value).is_integer():
        return None
    return Problem(path, "type", allowed, found)


def _text_problems(value: str, schema: Schema, path: tuple[Step, ...]) -> Iterator[Problem]:
    yield from _count(len(value), schema, path, "minLength", "maxLength")
    pattern = schema.get("pattern")
    if isinstance(pattern, str) and len(value) <= _LONGEST and (matches := _matcher(pattern)) and not matches(value):
        yield Problem(path, "pattern", pattern, value)
    if schema.get("format") == "date-time" and not _DATE_TIME.fullmatch(value):
        yield Problem(path, "format", "date-time", value)


@lru_cache(512)
def _matcher(pattern: str) -> Callable[[str], object] | None:
    """None for a pattern that Python does not understand: then nothing is said."""
    try:
        return re.compile(pattern).search
    except (re.error, RecursionError, OverflowError):
        return None


def _number_problems(value: float, schema: Schema, path: tuple[Step, ...]) -> Iterator[Problem]:
    for keyword, exclusive, sign in (("minimum", "exclusiveMinimum", 1), ("maximum", "exclusiveMaximum", -1)):
        bound = schema.get(keyword)
        if isinstance(bound, (int, float)):
            beyond = (value - bound) * sign
            if beyond < 0 or (beyond == 0 and schema.get(exclusive) is True):
                yield Problem(path, exclusive if beyond == 0 else keyword, bound, value)
    factor = schema.get("multipleOf")
    if isinstance(factor, (int, float)) and factor and value % factor:
        yield Problem(path, "multipleOf", factor, value)


def _count(found: int, schema: Schema, path: tuple[Step, ...], least: str, most: str) -> Iterator[Problem]:
    if isinstance(bound := schema.get(least), int) and found < bound:
        yield Problem(path, least, bound, found)
    if isinstance(bound := schema.get(most), int) and found > bound:
        yield Problem(path, most, bound, found)


def _equal_pair(value: list[Any]) -> tuple[int, int] | None:
    seen: dict[str, int] = {}
    for at, item in enumerate(value):
        key = repr(item)
        if key in seen:
            return seen[key], at
        seen[key] = at
    return None
