"""Authorization by stored RBAC objects: the Authorizer that the wire asks once a request.

Everything is allowed to the group system:masters; to others what a rule of their bindings allows. The text of a
refusal is Kubernetes', so that scripts that look for it keep working.
"""

from __future__ import annotations

import json
from typing import Protocol

from porch.apiserver.authz.policy import Decision, Policy
from porch.apiserver.authz.rules import Rule
from porch.apiserver.interface import Attributes
from porch.errors import Forbidden
from porch.objects import Caller

_HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


class RoleSource(Protocol):
    """Where the current roles and bindings come from."""

    def policy(self) -> Policy:
        """What holds now, every acknowledged change included. Raises ServiceUnavailable."""
        ...


class RbacAuthorizer:
    """Safe to use from any thread."""

    def __init__(self, source: RoleSource) -> None:
        self._source = source

    def authorize(self, caller: Caller, attributes: Attributes) -> None:
        """Raises Forbidden with the full text."""
        decision = self.decide(caller, attributes)
        if not decision.allowed:
            raise refusal(caller, attributes, decision.reason)

    def decide(self, caller: Caller, attributes: Attributes) -> Decision:
        return self._source.policy().decide(caller, attributes)

    def rules_for(self, caller: Caller, namespace: str) -> list[Rule]:
        """All that the caller may do in `namespace`, what holds everywhere included."""
        return self._source.policy().held(caller, namespace)

    def missing_for(self, caller: Caller, namespace: str) -> str:
        """Which roles the caller is bound to there that do not exist; empty when all do."""
        return self._source.policy().missing(caller, namespace)


def refusal(caller: Caller, attributes: Attributes, reason: str = "") -> Forbidden:
    why = _sentence(caller, attributes).translate(_HTML) + (f": {reason}" if reason else "")
    if not attributes.resource:
        return Forbidden(f"forbidden: {why}")
    return Forbidden.of(attributes.group, attributes.resource, attributes.name, why)


def _sentence(caller: Caller, attributes: Attributes) -> str:
    start = f"User {_quoted(caller.name)} cannot {attributes.verb}"
    if not attributes.resource:
        return f"{start} path {_quoted(attributes.path)}"
    resource = attributes.resource + (f"/{attributes.subresource}" if attributes.subresource else "")
    scope = f"in the namespace {_quoted(attributes.namespace)}" if attributes.namespace else "at the cluster scope"
    return f"{start} resource {_quoted(resource)} in API group {_quoted(attributes.group)} {scope}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
