"""Who asks, and what they may do. Git asks its user for a password, which is a token of this server."""

from __future__ import annotations

from collections.abc import Sequence

from porch.apiserver.interface import Attributes, Authenticator, Authorizer, ClientCertificate
from porch.errors import Forbidden, Unauthorized
from porch.keys import PACKAGE_REVISION_RESOURCES, PACKAGE_REVISIONS
from porch.objects import UNAUTHENTICATED, Caller

Headers = Sequence[tuple[bytes, bytes]]


class Access:
    """One request's caller in one namespace."""

    def __init__(self, caller: Caller, authorizer: Authorizer, namespace: str) -> None:
        self.caller = caller
        self._authorizer = authorizer
        self._namespace = namespace

    def may_update(self, permission: str) -> bool:
        """`permission` is `packagerevisions` or a subresource of it, like `packagerevisions/approval`."""
        resource, _, subresource = permission.partition("/")
        wanted = Attributes(
            verb="update",
            group=PACKAGE_REVISIONS.group,
            version="v1alpha1",
            resource=resource,
            subresource=subresource,
            namespace=self._namespace,
        )
        try:
            self._authorizer.authorize(self.caller, wanted)
        except Forbidden:
            return False
        return True

    def check_read(self) -> None:
        """Raises Forbidden."""
        wanted = Attributes(
            verb="get",
            group=PACKAGE_REVISION_RESOURCES.group,
            version="v1alpha1",
            resource=PACKAGE_REVISION_RESOURCES.resource,
            namespace=self._namespace,
        )
        self._authorizer.authorize(self.caller, wanted)


def authenticate(authenticator: Authenticator, headers: Headers, certificate: ClientCertificate | None) -> Caller:
    """Raises Unauthorized, also for nobody: git sends a password only after it was asked for one."""
    caller = authenticator.authenticate(headers, certificate)
    if UNAUTHENTICATED in caller.groups:
        raise Unauthorized
    return caller
