"""Who sends a request: client certificate, bearer token, basic password, nobody - the first that is there decides.

Credentials that are there but wrong are an error, even where nobody at all would be let in: a client with an expired
token wants to hear so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from porch.apiserver.authn.basic import password
from porch.apiserver.authn.certificates import certificate_caller
from porch.apiserver.interface import ClientCertificate
from porch.errors import Unauthorized
from porch.objects import AUTHENTICATED, UNAUTHENTICATED, Caller

ANONYMOUS = Caller("system:anonymous", (UNAUTHENTICATED,))


class TokenSource(Protocol):
    def caller(self, token: bytes) -> Caller | None:
        """Whose token this is, for requests to this server. Cheap."""
        ...


class AuthenticatorChain:
    """The Authenticator of a standalone server, before impersonation."""

    def __init__(self, tokens: TokenSource) -> None:
        self._tokens = tokens

    def authenticate(self, headers: Sequence[tuple[bytes, bytes]], certificate: ClientCertificate | None) -> Caller:
        if certificate is not None:
            return authenticated(certificate_caller(certificate))
        given = [value for name, value in headers if name == b"authorization"]
        if not given:
            return ANONYMOUS
        if len(given) > 1:
            raise Unauthorized
        caller = self._tokens.caller(_token(given[0]))
        if caller is None:
            raise Unauthorized
        return authenticated(caller)


def _token(header: bytes) -> bytes:
    scheme, _, credentials = header.strip().partition(b" ")
    match scheme.lower():
        case b"bearer":
            return credentials.strip()
        case b"basic":
            return password(credentials.strip())
        case _:
            raise Unauthorized


def authenticated(caller: Caller) -> Caller:
    """With the group of all who are known."""
    if AUTHENTICATED in caller.groups:
        return caller
    return replace(caller, groups=(*caller.groups, AUTHENTICATED))
