"""All roles and bindings at one moment, compiled for the question "what does this caller hold, and through what".

Made by `authz.source` whenever an RBAC object changes, read by every request. A binding becomes a *grant* that is filed
under each of its subjects, so a request looks at the few grants of its own user and groups, never at all bindings.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from porch.apiserver.authz.rules import EVERYTHING, Rule
from porch.apiserver.interface import Attributes
from porch.objects import MASTERS, Caller
from porch.types.rbac import ClusterRole, ClusterRoleBinding, LabelSelector, Role, RoleBinding, RoleRef, Subject
from porch.types.selectors import Requirement, Selector

_OPERATORS = {"In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "!exists"}


@dataclass(frozen=True, slots=True)
class Grant:
    """What one binding gives to one of its subjects. `rules` is None when its role does not exist."""

    through: str
    role: str
    rules: tuple[Rule, ...] | None


@dataclass(frozen=True, slots=True)
class Decision:
    """`reason` says which binding allowed, or what may be the cause that none did."""

    allowed: bool
    reason: str = ""


class Policy:
    """Immutable once made."""

    def __init__(
        self,
        roles: Iterable[Role] = (),
        cluster_roles: Iterable[ClusterRole] = (),
        role_bindings: Iterable[RoleBinding] = (),
        cluster_role_bindings: Iterable[ClusterRoleBinding] = (),
    ) -> None:
        self._cluster_rules = _cluster_rules({role.metadata.name: role for role in cluster_roles})
        self._rules = {(role.metadata.namespace, role.metadata.name): tuple(map(Rule.of, role.rules)) for role in roles}
        self._grants: dict[tuple[str, str, str], list[Grant]] = {}
        for cluster_binding in cluster_role_bindings:
            self._file(cluster_binding)
        for binding in role_bindings:
            self._file(binding)

    def decide(self, caller: Caller, attributes: Attributes) -> Decision:
        if MASTERS in caller.groups:
            return Decision(allowed=True)
        for grant in self.grants(caller, attributes.namespace):
            for rule in grant.rules or ():
                if rule.allows(attributes):
                    return Decision(allowed=True, reason=f"RBAC: allowed by {grant.through}")
        missing = self.missing(caller, attributes.namespace)
        return Decision(allowed=False, reason=f"RBAC: {missing}" if missing else "")

    def missing(self, caller: Caller, namespace: str) -> str:
        """Which roles that `caller` is bound to do not exist; empty when all do."""
        roles = (grant.role for grant in self.grants(caller, namespace) if grant.rules is None)
        return _aggregate([f"{role} not found" for role in dict.fromkeys(roles)])

    def grants(self, caller: Caller, namespace: str) -> Iterator[Grant]:
        """What holds for `caller` everywhere and, unless `namespace` is empty, there."""
        subjects = [("User", caller.name), *(("Group", group) for group in caller.groups)]
        for place in ("", namespace) if namespace else ("",):
            for kind, name in subjects:
                yield from self._grants.get((place, kind, name), ())

    def held(self, caller: Caller, namespace: str) -> list[Rule]:
        """All rules of `caller`, each once."""
        if MASTERS in caller.groups:
            return list(EVERYTHING)
        granted = (rule for grant in self.grants(caller, namespace) for rule in grant.rules or ())
        return list(dict.fromkeys(granted))

    def rules_of(self, role: RoleRef, namespace: str) -> tuple[Rule, ...] | None:
        """The rules behind a binding's roleRef; None when there is no such role. `namespace` is the binding's."""
        if role.kind == "Role":
            return self._rules.get((namespace, role.name))
        return self._cluster_rules.get(role.name)

    def _file(self, binding: RoleBinding | ClusterRoleBinding) -> None:
        namespace, ref = binding.metadata.namespace, binding.role_ref
        if isinstance(binding, ClusterRoleBinding):
            namespace, through = "", f'ClusterRoleBinding "{binding.metadata.name}"'
        else:
            through = f'RoleBinding "{binding.metadata.name}/{namespace}"'
        role = f'{ref.kind.lower()}.rbac.authorization.k8s.io "{ref.name}"'
        rules = self.rules_of(ref, namespace)
        for subject in binding.subjects:
            if (name := _subject_name(subject, namespace)) is not None:
                described = f'{through} of {ref.kind} "{ref.name}" to {_describe(subject, namespace)}'
                kind = "Group" if subject.kind == "Group" else "User"
                self._grants.setdefault((namespace, kind, name), []).append(Grant(described, role, rules))


def _subject_name(subject: Subject, namespace: str) -> str | None:
    """The user or group name behind a subject; None when it can be nobody."""
    if subject.kind in {"User", "Group"}:
        return subject.name
    home = subject.namespace or namespace
    return f"system:serviceaccount:{home}:{subject.name}" if subject.kind == "ServiceAccount" and home else None


def _describe(subject: Subject, namespace: str) -> str:
    if subject.kind == "ServiceAccount":
        return f'ServiceAccount "{subject.name}/{subject.namespace or namespace}"'
    return f'{subject.kind} "{subject.name}"'


def _cluster_rules(roles: dict[str, ClusterRole]) -> dict[str, tuple[Rule, ...]]:
    return {name: tuple(dict.fromkeys(_collect(role, roles))) for name, role in roles.items()}


def _collect(role: ClusterRole, roles: dict[str, ClusterRole]) -> Iterator[Rule]:
    """A role's rules; an aggregated role has those of all that it reaches through its selectors, not its own."""
    seen, waiting = {role.metadata.name}, [role]
    while waiting:
        current = waiting.pop()
        if current.aggregation_rule is None:
            yield from map(Rule.of, current.rules)
            continue
        selectors = [_selector(labels) for labels in current.aggregation_rule.cluster_role_selectors]
        for name, other in roles.items():
            if name not in seen and any(selector.matches(other.metadata.labels) for selector in selectors):
                seen.add(name)
                waiting.append(other)


def _selector(labels: LabelSelector) -> Selector:
    equal = [Requirement(key, "in", (value,)) for key, value in labels.match_labels.items()]
    more = [Requirement(e.key, _OPERATORS[e.operator], tuple(e.values)) for e in labels.match_expressions]
    return Selector((*equal, *more))


def _aggregate(texts: Sequence[str]) -> str:
    return f"[{', '.join(texts)}]" if len(texts) > 1 else "".join(texts)
