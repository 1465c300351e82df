"""Rules of the RBAC kinds: Role, ClusterRole, RoleBinding, ClusterRoleBinding. Texts are Kubernetes', to the letter.

Whether the writer may grant what the objects say is not decided here but in apiserver.authz.escalation.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from porch.errors import FieldError, forbidden, invalid, not_supported, required
from porch.keys import subdomain_problems
from porch.strategy.interface import Column, Strategy
from porch.types.rbac import (
    GROUP,
    AggregationRule,
    ClusterRole,
    ClusterRoleBinding,
    LabelSelectorRequirement,
    PolicyRule,
    Role,
    RoleBinding,
    Subject,
)

MAX_NAME = 253
"""Kubernetes sets no limit here; this is the one of all other names."""
_OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")


def path_segment_problems(name: str) -> list[str]:
    """Why `name` is no name of an RBAC object: any segment of a URL's path will do, like `system:discovery`."""
    if name in {".", ".."}:
        return [f"may not be '{name}'"]
    problems = [f"may not contain '{character}'" for character in "/%" if character in name]
    if len(name) > MAX_NAME:
        problems.append(f"must be no more than {MAX_NAME} characters")
    if not name.isprintable():
        problems.append("must consist of printable characters")
    return problems


class _Rbac(Strategy):
    def name_problems(self, name: str) -> list[str]:
        return path_segment_problems(name)


class RoleStrategy(_Rbac):
    """Of Role and ClusterRole."""

    columns = (
        Column("Name", format="name"),
        Column("Created At", "date"),
    )

    def validate(self, obj: Role | ClusterRole) -> list[FieldError]:
        rules = (_rule_problems(rule, f"rules[{i}]", self.kind.namespaced) for i, rule in enumerate(obj.rules))
        errors = [error for problems in rules for error in problems]
        if isinstance(obj, ClusterRole) and obj.aggregation_rule is not None:
            errors += _aggregation_problems(obj.aggregation_rule)
        return errors

    def cells(self, obj: Role | ClusterRole, age: str) -> list[Any]:  # noqa: ARG002 - kubectl shows the date itself
        return [obj.metadata.name, obj.metadata.creation_timestamp]


class BindingStrategy(_Rbac):
    """Of RoleBinding and ClusterRoleBinding."""

    columns = (
        Column("Name", format="name"),
        Column("Role"),
        Column("Age", "date"),
        Column("Users", priority=1),
        Column("Groups", priority=1),
        Column("ServiceAccounts", priority=1),
    )

    def prepare_for_create(self, obj: RoleBinding | ClusterRoleBinding) -> None:
        obj.role_ref.api_group = obj.role_ref.api_group or GROUP
        for subject in obj.subjects:
            if subject.kind in {"User", "Group"}:
                subject.api_group = subject.api_group or GROUP

    def prepare_for_update(
        self, obj: RoleBinding | ClusterRoleBinding, old: RoleBinding | ClusterRoleBinding, subresource: str
    ) -> None:
        super().prepare_for_update(obj, old, subresource)
        self.prepare_for_create(obj)

    def validate(self, obj: RoleBinding | ClusterRoleBinding) -> list[FieldError]:
        ref, roles = obj.role_ref, ("Role", "ClusterRole") if self.kind.namespaced else ("ClusterRole",)
        errors = []
        if ref.api_group != GROUP:
            errors.append(not_supported("roleRef.apiGroup", ref.api_group, [GROUP]))
        if ref.kind not in roles:
            errors.append(not_supported("roleRef.kind", ref.kind, roles))
        if not ref.name:
            errors.append(required("roleRef.name"))
        errors += [invalid("roleRef.name", ref.name, problem) for problem in path_segment_problems(ref.name)]
        for i, subject in enumerate(obj.subjects):
            errors += _subject_problems(subject, f"subjects[{i}]", self.kind.namespaced)
        return errors

    def validate_update(
        self, obj: RoleBinding | ClusterRoleBinding, old: RoleBinding | ClusterRoleBinding
    ) -> list[FieldError]:
        if obj.role_ref == old.role_ref:
            return []
        return [invalid("roleRef", msgspec.to_builtins(obj.role_ref), "cannot change roleRef")]

    def cells(self, obj: RoleBinding | ClusterRoleBinding, age: str) -> list[Any]:
        role = f"{obj.role_ref.kind}/{obj.role_ref.name}"
        return [obj.metadata.name, role, age, *(_subjects(obj, kind) for kind in ("User", "Group", "ServiceAccount"))]


def _subjects(binding: RoleBinding | ClusterRoleBinding, kind: str) -> str:
    named = (subject for subject in binding.subjects if subject.kind == kind)
    if kind == "ServiceAccount":
        return ", ".join(f"{subject.namespace}/{subject.name}" for subject in named)
    return ", ".join(subject.name for subject in named)


def _rule_problems(rule: PolicyRule, path: str, namespaced: bool) -> Iterator[FieldError]:
    if not rule.verbs:
        yield required(f"{path}.verbs", "verbs must contain at least one value")
    if rule.non_resource_urls:
        urls = f"{path}.nonResourceURLs"
        if namespaced:
            yield invalid(urls, rule.non_resource_urls, "namespaced rules cannot apply to non-resource URLs")
        if rule.api_groups or rule.resources or rule.resource_names:
            both = "rules cannot apply to both regular resources and non-resource URLs"
            yield invalid(urls, rule.non_resource_urls, both)
        return
    if not rule.api_groups:
        yield required(f"{path}.apiGroups", "resource rules must supply at least one api group")
    if not rule.resources:
        yield required(f"{path}.resources", "resource rules must supply at least one resource")


def _aggregation_problems(aggregation: AggregationRule) -> Iterator[FieldError]:
    path = "aggregationRule.clusterRoleSelectors"
    if not aggregation.cluster_role_selectors:
        yield required(path, "at least one clusterRoleSelector required if aggregationRule is non-nil")
    for i, selector in enumerate(aggregation.cluster_role_selectors):
        for j, expression in enumerate(selector.match_expressions):
            yield from _expression_problems(expression, f"{path}[{i}].matchExpressions[{j}]")


def _expression_problems(expression: LabelSelectorRequirement, path: str) -> Iterator[FieldError]:
    if not expression.key:
        yield required(f"{path}.key")
    if expression.operator not in _OPERATORS:
        yield not_supported(f"{path}.operator", expression.operator, _OPERATORS)
    elif expression.operator in {"In", "NotIn"} and not expression.values:
        yield required(f"{path}.values", "must be specified when `operator` is 'In' or 'NotIn'")
    elif expression.operator in {"Exists", "DoesNotExist"} and expression.values:
        problem = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
        yield forbidden(f"{path}.values", problem)


def _subject_problems(subject: Subject, path: str, namespaced: bool) -> Iterator[FieldError]:
    if not subject.name:
        yield required(f"{path}.name")
    match subject.kind:
        case "User" | "Group":
            if subject.api_group != GROUP:
                yield not_supported(f"{path}.apiGroup", subject.api_group, [GROUP])
        case "ServiceAccount":
            yield from _service_account_problems(subject, path, namespaced)
        case _:
            yield not_supported(f"{path}.kind", subject.kind, ["ServiceAccount", "User", "Group"])


def _service_account_problems(subject: Subject, path: str, namespaced: bool) -> Iterator[FieldError]:
    if subject.name:
        for problem in subdomain_problems(subject.name):
            yield invalid(f"{path}.name", subject.name, problem)
    if subject.api_group:
        yield not_supported(f"{path}.apiGroup", subject.api_group, [""])
    if not namespaced and not subject.namespace:
        yield required(f"{path}.namespace")
