"""authentication.k8s.io/v1: tokens of service accounts, asked for and looked at. Answered, never stored."""

from __future__ import annotations

from typing import Annotated

import msgspec

from porch.types.base import Part, always, described
from porch.types.kind import Kind
from porch.types.meta import Object
from porch.types.reviews import AUTHENTICATION, UserInfo


class BoundObjectReference(Part):
    kind: Annotated[str, described("Secret: the token is worth nothing once that is gone.")] = ""
    api_version: str = ""
    name: str = ""
    uid: str = ""


class TokenRequestSpec(Part):
    audiences: Annotated[list[str], described("Whom the token is for; this server when empty.")] = []
    expiration_seconds: Annotated[int | None, described("How long it shall last, at least 600.")] = None
    bound_object_ref: BoundObjectReference | None = None


class TokenRequestStatus(Part):
    token: str = always(str)
    expiration_timestamp: Annotated[str | None, described(format="date-time")] = always(lambda: None)


class TokenRequest(Object):
    """Asks for a token of the service account that it is sent to."""

    spec: TokenRequestSpec = msgspec.field(default_factory=TokenRequestSpec)
    status: TokenRequestStatus = msgspec.field(default_factory=TokenRequestStatus)


class TokenReviewSpec(Part):
    token: str = ""
    audiences: Annotated[list[str], described("Whom the token should be for; this server when empty.")] = []


class TokenReviewStatus(Part):
    authenticated: bool = False
    user: UserInfo = always(UserInfo)
    audiences: Annotated[list[str], described("Those of the audiences that the token is for.")] = []
    error: str = ""


class TokenReview(Object):
    """Asks whose token this is."""

    spec: TokenReviewSpec = msgspec.field(default_factory=TokenReviewSpec)
    status: TokenReviewStatus = msgspec.field(default_factory=TokenReviewStatus)


TOKEN_REQUEST = Kind(AUTHENTICATION, "v1", "TokenRequest", "tokenrequests", TokenRequest, verbs=("create",))
TOKEN_REVIEW = Kind(
    AUTHENTICATION, "v1", "TokenReview", "tokenreviews", TokenReview, namespaced=False, verbs=("create",)
)
