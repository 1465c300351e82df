"""Reads ConstraintTemplates and constraints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_TARGET = "admission.k8s.gatekeeper.sh"
_TEMPLATES, _CONSTRAINTS = "templates.gatekeeper.sh/", "constraints.gatekeeper.sh/"


class PolicyError(Exception):
    """A template or constraint cannot be used."""


@dataclass(frozen=True, slots=True)
class Template:
    """`kind` is the kind of its constraints. `is_v1` says which syntax the Rego has."""

    name: str
    kind: str
    rego: str
    libs: tuple[str, ...] = ()
    is_v1: bool = False


@dataclass(frozen=True, slots=True)
class Constraint:
    name: str
    kind: str
    match: dict[str, Any]
    parameters: Any
    action: str


def is_policy(value: dict[str, Any]) -> bool:
    """Whether it is a template or a constraint, and so not checked itself."""
    return str(value.get("apiVersion") or "").startswith((_TEMPLATES, _CONSTRAINTS))


def templates_of(values: list[dict[str, Any]]) -> dict[str, Template]:
    """By the kind of their constraints. Raises PolicyError."""
    made = [_template(value) for value in values if str(value.get("apiVersion") or "").startswith(_TEMPLATES)]
    return {template.kind: template for template in made}


def constraints_of(values: list[dict[str, Any]], templates: dict[str, Template]) -> list[Constraint]:
    """Raises PolicyError for one whose kind no template defines."""
    made = [_constraint(value) for value in values if str(value.get("apiVersion") or "").startswith(_CONSTRAINTS)]
    for constraint in made:
        if constraint.kind not in templates:
            raise PolicyError(
                f'constraint "{constraint.name}": no ConstraintTemplate in the package defines kind {constraint.kind}'
            )
    return made


def _template(value: dict[str, Any]) -> Template:
    name = str(_dict(value.get("metadata")).get("name") or "")
    spec = _dict(value.get("spec"))
    kind = _dict(_dict(_dict(spec.get("crd")).get("spec")).get("names")).get("kind")
    if not isinstance(kind, str) or not kind:
        raise PolicyError(f'ConstraintTemplate "{name}": spec.crd.spec.names.kind is missing')
    targets = [_dict(target) for target in spec.get("targets") or ()]
    target = next((each for each in targets if each.get("target", _TARGET) == _TARGET), None)
    if target is None:
        raise PolicyError(f'ConstraintTemplate "{name}": spec.targets has no target {_TARGET}')
    return _source(name, kind, target)


def _source(name: str, kind: str, target: dict[str, Any]) -> Template:
    """The Rego of a target: its own, or that of the engine Rego among several."""
    source, is_v1 = target, False
    if codes := [_dict(code) for code in target.get("code") or ()]:
        code = next((each for each in codes if each.get("engine") == "Rego"), None)
        if code is None:
            engines = ", ".join(str(each.get("engine")) for each in codes)
            raise PolicyError(f'ConstraintTemplate "{name}": the engine {engines} is not supported, only Rego')
        source = _dict(code.get("source"))
        is_v1 = source.get("version") == "v1"
    rego, libs = source.get("rego"), source.get("libs") or ()
    if not isinstance(rego, str) or not rego.strip():
        raise PolicyError(f'ConstraintTemplate "{name}": its target has no rego')
    return Template(name, kind, rego, tuple(map(str, libs)), is_v1)


def _constraint(value: dict[str, Any]) -> Constraint:
    spec = _dict(value.get("spec"))
    return Constraint(
        str(_dict(value.get("metadata")).get("name") or ""),
        str(value.get("kind") or ""),
        _dict(spec.get("match")),
        spec.get("parameters") or {},
        str(spec.get("enforcementAction") or "deny"),
    )


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
