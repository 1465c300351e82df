"""Who sends a request: certificates, tokens, impersonation."""

from porch.apiserver.authn.accounts import AccountTokens
from porch.apiserver.authn.bearers import BearerTokens
from porch.apiserver.authn.chain import AuthenticatorChain
from porch.apiserver.authn.impersonation import Impersonation
from porch.apiserver.authn.signing import TokenKey
from porch.apiserver.authn.tokens import Tokens, ensure_token_file

__all__ = [
    "AccountTokens",
    "AuthenticatorChain",
    "BearerTokens",
    "Impersonation",
    "TokenKey",
    "Tokens",
    "ensure_token_file",
]
