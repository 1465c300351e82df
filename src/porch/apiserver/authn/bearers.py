"""All bearer tokens of a standalone server: those of its files first, then those of its service accounts."""

from __future__ import annotations

from collections.abc import Sequence

from porch.apiserver.authn.accounts import AccountTokens
from porch.apiserver.authn.tokens import Tokens
from porch.objects import Caller


class BearerTokens:
    def __init__(self, files: Tokens, accounts: AccountTokens, audience: str) -> None:
        """`audience` is the URL of this server: tokens of files are for nobody else."""
        self._files, self._accounts, self._audience = files, accounts, audience

    def caller(self, token: bytes) -> Caller | None:
        return self._files.caller(token) or self._accounts.caller(token)

    def review(self, token: bytes, audiences: Sequence[str]) -> tuple[Caller, tuple[str, ...]] | None:
        """Whose token this is and for which of `audiences` (this server, when there are none)."""
        caller = self._files.caller(token)
        if caller is not None:
            meant = (self._audience,) if not audiences or self._audience in audiences else ()
            return (caller, meant) if meant else None
        if audiences:
            return self._accounts.review(token, audiences)
        caller = self._accounts.caller(token)
        return (caller, (self._audience,)) if caller is not None else None
