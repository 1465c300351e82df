"""What a schema finds wrong with a value, and how the two validators that people know word it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, TypeAlias

Step: TypeAlias = str | int
_GO_TYPES = {"bool": "boolean", "str": "string", "list": "array", "dict": "object", "NoneType": "null"}
_ORDER = ("null", "boolean", "number", "integer", "string", "array", "object")


@dataclass(frozen=True, slots=True)
class Problem:
    """`keyword` is the schema's, `wanted` its value, `found` what is wrong: the value, or the names of fields."""

    path: tuple[Step, ...]
    keyword: str
    wanted: Any = None
    found: Any = None


def type_of(value: Any) -> str:
    """As JSON Schema calls it; a float is a number also when it is whole."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return "integer" if isinstance(value, int) else "number"
    return _GO_TYPES[type(value).__name__]


def kubeconform_text(problem: Problem) -> str:  # noqa: C901, PLR0911 - one case for each kind
    """The words of the Go library of kubeconform."""
    wanted, found = problem.wanted, problem.found
    match problem.keyword:
        case "type":
            types = sorted(wanted, key=_ORDER.index)
            return f"got {'number' if found == 'integer' else found}, want {' or '.join(types)}"
        case "required":
            return f"missing propert{'ies' if len(found) > 1 else 'y'} {_quoted(found)}"
        case "additionalProperties":
            return f"additional properties {_quoted(found)} not allowed"
        case "enum":
            values = ", ".join(map(_shown, wanted))
            return f"value must be one of {values}" if len(wanted) > 1 else f"value must be {values}"
        case "format":
            return f"{_shown(found)} is not valid {wanted}"
        case "pattern":
            return f"{_shown(found)} does not match pattern {_shown(wanted)}"
        case "multipleOf":
            return f"{found} is not a multiple of {wanted}"
        case "oneOf":
            matched = ", ".join(map(str, found))
            return f"oneOf failed, subschemas {matched} matched" if found else "oneOf failed, none matched"
        case "anyOf" | "allOf" | "not":
            return f"{problem.keyword} failed"
        case "uniqueItems":
            return f"items at {found[0]} and {found[1]} are equal"
        case keyword:
            return f"{keyword}: got {found}, want {wanted}"


def kubeval_text(problem: Problem) -> list[str]:  # noqa: C901, PLR0911 - one case for each kind
    """The words of the Go library of kubeval: a message for each field."""
    wanted, found = problem.wanted, problem.found
    match problem.keyword:
        case "type":
            return [f"Invalid type. Expected: {_alternatives(wanted)}, given: {found}"]
        case "required":
            return [f"{name} is required" for name in found]
        case "additionalProperties":
            return [f"Additional property {name} is not allowed" for name in found]
        case "enum":
            return [f"{_last(problem)} must be one of the following: {', '.join(map(json.dumps, wanted))}"]
        case "format":
            return [f"Does not match format '{wanted}'"]
        case "pattern":
            return [f"Does not match pattern '{wanted}'"]
        case "oneOf":
            return ["Must validate one and only one schema (oneOf)"]
        case "anyOf":
            return ["Must validate at least one schema (anyOf)"]
        case "allOf":
            return ["Must validate all the schemas (allOf)"]
        case "not":
            return ["Must not validate the schema (not)"]
        case _:
            return [kubeconform_text(problem)]


def _alternatives(types: list[str]) -> str:
    return types[0] if len(types) == 1 else f"[{','.join(types)}]"


def _last(problem: Problem) -> str:
    return ".".join(map(str, problem.path)) or "(root)"


def _quoted(names: list[str]) -> str:
    return ", ".join(map(_shown, names))


def _shown(value: Any) -> str:
    return "'" + value.replace("'", "\\'") + "'" if isinstance(value, str) else json.dumps(value)
