"""TokenRequest and TokenReview: a token of a service account, made; any token, looked at. Nothing is stored.

What is made or shown here is in the answer and nowhere else: no log, no error and no cache has it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from porch.apiserver.authn.accounts import AccountTokens, Wish
from porch.apiserver.authn.bearers import BearerTokens
from porch.apiserver.authn.chain import authenticated
from porch.apiserver.authn.signing import Named
from porch.apiserver.reviews import ReviewStorage, user_info
from porch.errors import BadRequest, Invalid
from porch.objects import Call, Caller
from porch.store import StoredVersion
from porch.strategy.times import seconds_text
from porch.strategy.token import DEFAULT_SECONDS, TokenRequestStrategy
from porch.types.authentication import TOKEN_REQUEST, TOKEN_REVIEW, TokenRequest, TokenReview


class TokenRequests(ReviewStorage):
    """ResourceStorage of the subresource `token`: the object's name is that of the service account."""

    def __init__(self, tokens: AccountTokens, most_seconds: int) -> None:
        """No token lasts longer than `most_seconds`."""
        super().__init__(TOKEN_REQUEST, self._fill)
        self._tokens, self._most = tokens, most_seconds
        self._rules = TokenRequestStrategy(TOKEN_REQUEST)

    def create(self, call: Call, namespace: str, obj: Any) -> StoredVersion:
        asked = obj.spec.expiration_seconds
        made = super().create(call, namespace, obj)
        if asked is not None and obj.spec.expiration_seconds < asked:
            call.warnings.append(
                f"requested expiration of {asked} seconds shortened to {obj.spec.expiration_seconds} seconds"
            )
        return made

    def _fill(self, _: Caller, request: TokenRequest) -> None:
        meta, spec = request.metadata, request.spec
        if errors := self._rules.validate(request):
            raise Invalid.of(self.kind.group, self.kind.name, meta.name, errors)
        bound = spec.bound_object_ref
        spec.expiration_seconds = min(spec.expiration_seconds or DEFAULT_SECONDS, self._most)
        wish = Wish(
            meta.namespace,
            meta.name,
            tuple(spec.audiences),
            spec.expiration_seconds,
            Named(bound.name, bound.uid) if bound else None,
        )
        token, ends = self._tokens.issue(wish)
        meta.creation_timestamp = seconds_text(datetime.now(UTC))
        request.status.token = token
        request.status.expiration_timestamp = seconds_text(datetime.fromtimestamp(ends, UTC))


def token_reviews(tokens: BearerTokens) -> ReviewStorage:
    """A token that is nobody's is no error: the review says so."""

    def answer(_: Caller, review: TokenReview) -> None:
        if not review.spec.token:
            raise BadRequest("token is required for TokenReview in authentication")
        found = tokens.review(review.spec.token.encode(), review.spec.audiences)
        if found is None:
            review.status.error = "invalid bearer token"
            return
        caller, review.status.audiences = found[0], list(found[1])
        review.status.authenticated = True
        review.status.user = user_info(authenticated(caller))

    return ReviewStorage(TOKEN_REVIEW, answer)
