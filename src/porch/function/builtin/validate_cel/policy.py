"""Reads policies: a ValidatingAdmissionPolicy, or the short form in a ConfigMap."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from porch.function.interface import ResourceList
from porch.function.results import ERROR, INFO, WARNING
from porch.kyaml import Node, YamlError, text_of, to_value

_GROUP = "admissionregistration.k8s.io"
POLICY, BINDING = "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"
_KINDS = "kinds"
"""The entry of a ConfigMap that is no rule: which kinds its rules are for."""


class PolicyError(Exception):
    """The configuration cannot be used."""


@dataclass(frozen=True, slots=True)
class Named:
    """A variable or a match condition. `place` is where messages say that it stands."""

    name: str
    expression: str
    place: str


@dataclass(frozen=True, slots=True)
class Validation:
    expression: str
    place: str
    message: str = ""
    message_expression: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Policy:
    name: str
    validations: tuple[Validation, ...]
    variables: tuple[Named, ...] = ()
    conditions: tuple[Named, ...] = ()
    constraints: dict[str, Any] = field(default_factory=dict)
    kinds: frozenset[str] = frozenset()
    param_kind: tuple[str, str] | None = None
    ignores_failures: bool = False
    severity: str = ERROR


def policies_of(resources: ResourceList) -> list[Policy]:
    """The configuration's policy; without a configuration those among the resources. Raises PolicyError."""
    config = resources.config
    if config is not None and config.content:
        if is_policy(config, POLICY):
            return [_policy(_value(config), ERROR)]
        if (text_of(config, "apiVersion"), text_of(config, "kind")) == ("v1", "ConfigMap"):
            return [_short(_value(config))]
        found = f"{text_of(config, 'apiVersion')}, Kind={text_of(config, 'kind')}"
        raise PolicyError(f"functionConfig must be a ConfigMap or a {POLICY}, but it is {found}")
    severities = _severities(resources.items)
    made = [_policy(_value(item), ERROR) for item in resources.items if is_policy(item, POLICY)]
    if not made:
        raise PolicyError(f"no rules: give a functionConfig, or put a {POLICY} into the package")
    return [_with_severity(policy, severities) for policy in made]


def is_policy(item: Node, kind: str) -> bool:
    return text_of(item, "apiVersion").startswith(f"{_GROUP}/") and text_of(item, "kind") == kind


def _with_severity(policy: Policy, severities: dict[str, str]) -> Policy:
    return replace(policy, severity=severities.get(policy.name, ERROR))


def _severities(items: list[Node]) -> dict[str, str]:
    """What the bindings among the resources say of their policies: Deny is an error, Warn a warning, Audit an info."""
    found: dict[str, str] = {}
    for item in items:
        if is_policy(item, BINDING):
            spec = _value(item).get("spec") or {}
            actions = spec.get("validationActions") or ["Deny"]
            severity = ERROR if "Deny" in actions else WARNING if "Warn" in actions else INFO
            found[str(spec.get("policyName"))] = severity
    return found


def _value(node: Node) -> dict[str, Any]:
    try:
        value = to_value(node)
    except YamlError as error:
        raise PolicyError(f"the policy cannot be read: {error}") from None
    return value if isinstance(value, dict) else {}


def _short(config: dict[str, Any]) -> Policy:
    """Each entry of the data is a rule: its name, and the expression that must hold."""
    data = config.get("data") or {}
    rules = {str(name): str(expression) for name, expression in data.items() if name != _KINDS}
    if not rules:
        raise PolicyError("the ConfigMap has no rules: each entry of its data is a name and a CEL expression")
    name = str((config.get("metadata") or {}).get("name") or "validate-cel")
    return Policy(
        name,
        tuple(Validation(text, f"data.{rule}", f"{rule}: failed expression: {text}") for rule, text in rules.items()),
        kinds=frozenset(kind.strip() for kind in str(data.get(_KINDS, "")).split(",") if kind.strip()),
    )


def _policy(value: dict[str, Any], severity: str) -> Policy:
    spec = value.get("spec")
    if not isinstance(spec, dict):
        raise PolicyError(f"{POLICY}: spec is missing")
    validations = tuple(_validation(each, f"spec.validations[{at}]") for at, each in _each(spec, "validations"))
    if not validations:
        raise PolicyError(f"{POLICY}: spec.validations is empty")
    params = spec.get("paramKind")
    return Policy(
        str((value.get("metadata") or {}).get("name") or ""),
        validations,
        tuple(_named(each, f"spec.variables[{at}]") for at, each in _each(spec, "variables")),
        tuple(_named(each, f"spec.matchConditions[{at}]") for at, each in _each(spec, "matchConditions")),
        spec.get("matchConstraints") or {},
        param_kind=(str(params.get("apiVersion")), str(params.get("kind"))) if isinstance(params, dict) else None,
        ignores_failures=spec.get("failurePolicy") == "Ignore",
        severity=severity,
    )


def _each(spec: dict[str, Any], name: str) -> list[tuple[int, dict[str, Any]]]:
    items = spec.get(name) or []
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise PolicyError(f"{POLICY}: spec.{name} must be a list of mappings")
    return list(enumerate(items))


def _text(value: dict[str, Any], name: str, place: str) -> str:
    text = value.get(name)
    if not isinstance(text, str) or not text.strip():
        raise PolicyError(f"{POLICY}: {place}.{name} is missing")
    return text


def _named(value: dict[str, Any], place: str) -> Named:
    return Named(_text(value, "name", place), _text(value, "expression", place), f"{place}.expression")


def _validation(value: dict[str, Any], place: str) -> Validation:
    return Validation(
        _text(value, "expression", place),
        f"{place}.expression",
        str(value.get("message") or "").strip(),
        str(value.get("messageExpression") or "").strip(),
        str(value.get("reason") or ""),
    )
