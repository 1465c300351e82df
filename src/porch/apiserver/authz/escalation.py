"""Nobody grants more than they hold: checks that the storages of roles and bindings run before they write.

A role may be written by who holds all its rules or may `escalate` it; a binding by who holds all rules of its role or
may `bind` that role. The checks read roles in the same transaction that writes, never an older picture.
"""

from __future__ import annotations

from collections.abc import Sequence

from porch.apiserver.authz.rules import EVERYTHING, Rule, compacted, quoted_list
from porch.apiserver.authz.source import read_policy
from porch.apiserver.interface import Attributes
from porch.errors import Forbidden, NotFound
from porch.keys import GroupResource
from porch.objects import MASTERS, Call, Caller
from porch.store import Reads
from porch.types.rbac import (
    CLUSTER_ROLE,
    CLUSTER_ROLE_BINDING,
    GROUP,
    ROLE,
    ROLE_BINDING,
    ClusterRole,
    ClusterRoleBinding,
    Role,
    RoleBinding,
)

MAX_COMBINATIONS = 10_000
"""A role of a few kilobytes can stand for billions of single permissions; more than this are not compared."""


def check_role(call: Call, reads: Reads, obj: Role | ClusterRole, old: Role | ClusterRole | None) -> None:
    """Raises Forbidden when the caller may not give the role these rules."""
    if MASTERS in call.caller.groups or (old is not None and _same_role(obj, old)):
        return
    policy, target = read_policy(reads), _role_resource(obj)
    name = obj.metadata.name if old is not None else ""  # as in requests: a create has no name yet
    if policy.decide(call.caller, _to("escalate", target, obj.metadata.namespace, name)).allowed:
        return
    held = policy.held(call.caller, obj.metadata.namespace)
    if (_aggregates(obj) or _aggregates(old)) and _missing(held, EVERYTHING):
        why = "must have cluster-admin privileges to use the aggregationRule"
        raise Forbidden.of(GROUP, target.resource, obj.metadata.name, why)
    _confirm(call.caller, held, list(map(Rule.of, obj.rules)), target, obj.metadata.name)


def check_binding(
    call: Call,
    reads: Reads,
    obj: RoleBinding | ClusterRoleBinding,
    old: RoleBinding | ClusterRoleBinding | None,
) -> None:
    """Raises Forbidden when the caller may not hand out the role; NotFound when there is no such role."""
    if MASTERS in call.caller.groups or (old is not None and _same_binding(obj, old)):
        return
    policy, role, namespace = read_policy(reads), obj.role_ref, obj.metadata.namespace
    bound = (ROLE if role.kind == "Role" else CLUSTER_ROLE).resource
    if policy.decide(call.caller, _to("bind", bound, namespace, role.name)).allowed:
        return
    rules = policy.rules_of(role, namespace)
    if rules is None:
        raise NotFound.of(bound.group, bound.resource, role.name)
    kind = CLUSTER_ROLE_BINDING if isinstance(obj, ClusterRoleBinding) else ROLE_BINDING
    _confirm(call.caller, policy.held(call.caller, namespace), rules, kind.resource, obj.metadata.name)


def _confirm(caller: Caller, held: Sequence[Rule], wanted: Sequence[Rule], target: GroupResource, name: str) -> None:
    open_rules = [rule for rule in wanted if not any(own.covers(rule) for own in held)]
    if (count := sum(rule.combinations for rule in open_rules)) > MAX_COMBINATIONS:
        why = f"{count} combinations in its rules are too many to check (at most {MAX_COMBINATIONS}); split the role"
        raise Forbidden.of(target.group, target.resource, name, why)
    if missing := _missing(held, open_rules):
        lines = "\n".join(sorted({str(rule) for rule in compacted(missing)}))
        user = f"user {quoted_list([caller.name])[1:-1]} (groups={quoted_list(caller.groups)})"
        why = f"{user} is attempting to grant RBAC permissions not currently held:\n{lines}"
        raise Forbidden.of(target.group, target.resource, name, why)


def _missing(held: Sequence[Rule], wanted: Sequence[Rule]) -> list[Rule]:
    """What of `wanted`, broken down, no held rule covers."""
    return [part for rule in wanted for part in rule.broken_down() if not any(own.covers(part) for own in held)]


def _to(verb: str, target: GroupResource, namespace: str, name: str) -> Attributes:
    return Attributes(verb, target.group, "v1", target.resource, namespace=namespace, name=name)


def _role_resource(role: Role | ClusterRole) -> GroupResource:
    return (CLUSTER_ROLE if isinstance(role, ClusterRole) else ROLE).resource


def _aggregates(role: Role | ClusterRole | None) -> bool:
    return isinstance(role, ClusterRole) and role.aggregation_rule is not None


def _same_role(role: Role | ClusterRole, old: Role | ClusterRole) -> bool:
    """Labels count: they decide which aggregated roles take the rules over."""
    same = role.rules == old.rules and role.metadata.labels == old.metadata.labels
    return same and getattr(role, "aggregation_rule", None) == getattr(old, "aggregation_rule", None)


def _same_binding(binding: RoleBinding | ClusterRoleBinding, old: RoleBinding | ClusterRoleBinding) -> bool:
    return binding.role_ref == old.role_ref and binding.subjects == old.subjects
