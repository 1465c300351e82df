"""Who sends a request: certificates, tokens, impersonation."""

from porch.apiserver.authn.chain import AuthenticatorChain
from porch.apiserver.authn.impersonation import Impersonation
from porch.apiserver.authn.tokens import Tokens, ensure_token_file

__all__ = ["AuthenticatorChain", "Impersonation", "Tokens", "ensure_token_file"]
