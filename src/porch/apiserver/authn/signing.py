"""The claims of a service account's token, signed and read: a JWT as Kubernetes makes them, with our own key.

The library behind it is imported inside because start-up time matters. Whether a token that was signed here still
counts is not decided here.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

import msgspec

_ALGORITHM = "ES256"
_MAX_TOKEN = 16 * 1024


class Named(msgspec.Struct, frozen=True):
    """An object that a token hangs on."""

    name: str
    uid: str


class Bound(msgspec.Struct, frozen=True, omit_defaults=True):
    namespace: str
    serviceaccount: Named
    secret: Named | None = None


class Claims(msgspec.Struct, frozen=True):
    """Times are seconds since 1970."""

    iss: str
    sub: str
    aud: tuple[str, ...]
    exp: int
    iat: int
    nbf: int
    jti: str
    kubernetes: Bound = msgspec.field(name="kubernetes.io")


class TokenKey:
    """An EC private key in PEM."""

    def __init__(self, pem: bytes) -> None:
        self._pem = pem

    @cached_property
    def _key(self) -> Any:
        from joserfc.jwk import ECKey

        return ECKey.import_key(self._pem)

    def sign(self, claims: Claims) -> str:
        from joserfc import jwt

        header = {"alg": _ALGORITHM, "kid": self._key.thumbprint()}
        return jwt.encode(header, msgspec.to_builtins(claims), self._key, algorithms=[_ALGORITHM])

    def read(self, token: bytes) -> Claims | None:
        """The claims of a token that this key has signed; None for everything else."""
        if token.count(b".") != 2 or len(token) > _MAX_TOKEN:
            return None
        from joserfc import jwt
        from joserfc.errors import JoseError

        try:
            signed = jwt.decode(token.decode("ascii"), self._key, algorithms=[_ALGORITHM])
            return msgspec.convert(signed.claims, Claims)
        except (JoseError, ValueError, msgspec.ValidationError):
            return None
