"""Checks resources by a policy: what it is for, its conditions, its variables, and then each validation."""

from __future__ import annotations

import re
from typing import Any

from porch.function.builtin._checking import file_of, is_for_clusters, plain_value, ref_of
from porch.function.builtin.validate_cel.engine import CelError, activation, compiled, evaluate
from porch.function.builtin.validate_cel.matching import Matcher
from porch.function.builtin.validate_cel.policy import BINDING, POLICY, Named, Policy, Validation, is_policy
from porch.function.results import ERROR, Result
from porch.kyaml import Node, text_of

_VARIABLE = re.compile(r"\bvariables\s*\.\s*([A-Za-z_]\w*)")


class Checker:
    def __init__(self, items: list[Node]) -> None:
        self._items = [(item, plain_value(item)) for item in items]
        self._matcher = Matcher(value for _, value in self._items)

    def check(self, policy: Policy) -> list[Result]:
        """A mistake in the policy itself is one result, and no resource is checked by it."""
        expressions = [(each.place, each.expression) for each in (*policy.variables, *policy.conditions)]
        expressions += [(each.place, each.expression) for each in policy.validations]
        for place, expression in expressions:
            try:
                compiled(expression)
            except CelError as error:
                return [Result(f"{policy.name}: {place}: {error}", ERROR)]
        try:
            params = self._params(policy)
        except CelError as error:
            return [Result(f"{policy.name}: {error}", ERROR)]
        results: list[Result] = []
        for item, value in self._items:
            if (
                value is not None
                and is_for_clusters(item)
                and not _is_rule(item)
                and self._matcher.matches(policy, value)
            ):
                results += self._check_one(policy, item, value, params)
        return results

    def _params(self, policy: Policy) -> Any:
        """The package's one resource of the policy's paramKind."""
        if policy.param_kind is None:
            return None
        found = [
            value
            for item, value in self._items
            if (text_of(item, "apiVersion"), text_of(item, "kind")) == policy.param_kind
        ]
        if len(found) != 1:
            version, kind = policy.param_kind
            raise CelError(f"spec.paramKind: the package has {len(found)} resources {version} {kind}, not one")
        return found[0]

    def _check_one(self, policy: Policy, item: Node, value: dict[str, Any], params: Any) -> list[Result]:
        namespace = self._matcher.namespace_name(value)
        seen = {
            "object": value,
            "request": _request(value, namespace),
            "params": params,
            "namespaceObject": self._matcher.namespaces.get(namespace),
            "variables": {},
        }
        try:
            if not all(_truth(each.expression, activation(seen)) for each in policy.conditions):
                return []
        except CelError as error:
            return [] if policy.ignores_failures else [_result(policy, item, f"match conditions: {error}", "")]
        broken = _variables(policy.variables, seen)
        within = activation(seen)
        results: list[Result] = []
        for validation in policy.validations:
            try:
                _raise_broken(validation.expression, broken)
                if not _truth(validation.expression, within):
                    results.append(_result(policy, item, _message(validation, within), validation.reason))
            except CelError as error:
                if not policy.ignores_failures:
                    text = f"expression '{validation.expression}' resulted in error: {error}"
                    results.append(_result(policy, item, text, validation.reason))
        return results


def _variables(variables: tuple[Named, ...], seen: dict[str, Any]) -> dict[str, CelError]:
    """Puts each variable into `seen`, for those after it; gives the errors of those that have no value."""
    broken: dict[str, CelError] = {}
    for variable in variables:
        try:
            _raise_broken(variable.expression, broken)
            seen["variables"][variable.name] = evaluate(variable.expression, activation(seen))
        except CelError as error:
            broken[variable.name] = CelError(f'composited variable "{variable.name}" fails to evaluate: {error}')
    return broken


def _raise_broken(expression: str, broken: dict[str, CelError]) -> None:
    """A variable without a value matters only to those who use it."""
    for name in _VARIABLE.findall(expression) if broken else ():
        if name in broken:
            raise broken[name]


def _truth(expression: str, seen: Any) -> bool:
    value = evaluate(expression, seen)
    if not isinstance(value, bool):
        raise CelError("must evaluate to bool")
    return value


def _message(validation: Validation, seen: Any) -> str:
    """The messageExpression's text if it gives one, else the message, else the expression."""
    if validation.message_expression:
        try:
            text = evaluate(validation.message_expression, seen)
        except CelError:
            text = None
        if isinstance(text, str) and text.strip() and "\n" not in text.strip():
            return text.strip()
    return validation.message or f"failed expression: {validation.expression.strip()}"


def _result(policy: Policy, item: Node, message: str, reason: str) -> Result:
    tags = {"policy": policy.name} | ({"reason": reason} if reason else {})
    return Result(message, policy.severity, ref_of(item), None, file_of(item), tags)


def _request(value: dict[str, Any], namespace: str) -> dict[str, Any]:
    group, _, version = str(value.get("apiVersion") or "").rpartition("/")
    name = value["metadata"].get("name", "") if isinstance(value.get("metadata"), dict) else ""
    kind = {"group": group, "version": version, "kind": value.get("kind", "")}
    return {"operation": "CREATE", "kind": kind, "name": name, "namespace": namespace, "dryRun": True}


def _is_rule(item: Node) -> bool:
    return is_policy(item, POLICY) or is_policy(item, BINDING)
