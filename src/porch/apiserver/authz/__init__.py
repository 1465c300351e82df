"""Who may do what: stored roles and bindings, judged as Kubernetes judges them."""

from porch.apiserver.authz.escalation import check_binding, check_role
from porch.apiserver.authz.policy import Decision, Policy
from porch.apiserver.authz.rbac import RbacAuthorizer, RoleSource
from porch.apiserver.authz.rules import Rule
from porch.apiserver.authz.source import StoredRoles

__all__ = [
    "Decision",
    "Policy",
    "RbacAuthorizer",
    "RoleSource",
    "Rule",
    "StoredRoles",
    "check_binding",
    "check_role",
]
