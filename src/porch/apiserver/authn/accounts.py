"""Tokens of service accounts: made for who may ask for them, believed as long as what they hang on is there.

A token names its ServiceAccount, and maybe a Secret, by uid: it is worth nothing once that object is gone, whatever
its own time. The signature is checked once and its claims are kept; the objects are looked up again only after some
ServiceAccount or Secret has changed. No token, only its digest, is kept.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256

from porch.apiserver.authn.signing import Bound, Claims, Named, TokenKey
from porch.errors import Conflict, NotFound
from porch.keys import ObjectKey
from porch.objects import Caller
from porch.store import Change, Reads, Store
from porch.types.accounts import SERVICE_ACCOUNT
from porch.types.core import SECRET
from porch.types.kind import Kind

GROUP = "system:serviceaccounts"
CREDENTIAL_ID = "authentication.kubernetes.io/credential-id"
_RESOURCES = frozenset(str(kind.resource) for kind in (SERVICE_ACCOUNT, SECRET))
_MOST_KNOWN = 4096
_LEEWAY = 10
"""Seconds that our clock may have been set back since a token was made."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A token to make. `secret` is the name of the Secret that it hangs on, with its uid where that was given."""

    namespace: str
    account: str
    audiences: tuple[str, ...]
    seconds: int
    secret: Named | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    """A token whose signature is ours. `there`: what it hangs on was there when `changes` changes had been heard of."""

    claims: Claims
    changes: int
    there: bool


class AccountTokens:
    """Safe to use from any thread. `issuer` is the URL of this server, `clock` tells seconds since 1970."""

    def __init__(self, store: Store, key: TokenKey, issuer: str, clock: Callable[[], float] = time.time) -> None:
        self._store, self._key, self._issuer, self._clock = store, key, issuer, clock
        self._changes = 1
        self._known: dict[bytes, _Known] = {}
        store.on_commit(self._heard)

    def issue(self, wish: Wish) -> tuple[str, int]:
        """A new token and when it ends. Raises NotFound, or Conflict for an object that is another one or leaves."""
        with self._store.read() as reads:
            account = _required(reads, SERVICE_ACCOUNT, wish.namespace, Named(wish.account, ""))
            secret = _required(reads, SECRET, wish.namespace, wish.secret) if wish.secret else None
        now = int(self._clock())
        claims = Claims(
            iss=self._issuer,
            sub=_user(wish.namespace, wish.account),
            aud=wish.audiences or (self._issuer,),
            exp=now + wish.seconds,
            iat=now,
            nbf=now,
            jti=str(uuid.uuid4()),
            kubernetes=Bound(wish.namespace, account, secret),
        )
        return self._key.sign(claims), claims.exp

    def caller(self, token: bytes) -> Caller | None:
        """Whose token this is, if it is for this server."""
        claims = self._claims(token)
        # A token without a wish of its own is for whoever made it, under whatever URL this server had then.
        return _caller(claims) if claims and {self._issuer, claims.iss} & set(claims.aud) else None

    def review(self, token: bytes, audiences: Sequence[str]) -> tuple[Caller, tuple[str, ...]] | None:
        """Whose token this is and for which of `audiences`, if it is for any."""
        claims = self._claims(token)
        meant = tuple(audience for audience in audiences if claims and audience in claims.aud)
        return (_caller(claims), meant) if claims and meant else None

    def _claims(self, token: bytes) -> Claims | None:
        """The claims of a token that counts now."""
        digest = sha256(token).digest()
        known = self._known.get(digest)
        if known is None or known.changes != self._changes:
            known = self._looked_up(known.claims if known else self._key.read(token))
            if known is None:
                return None
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[digest] = known
        claims, now = known.claims, self._clock()
        return claims if known.there and claims.nbf - _LEEWAY <= now < claims.exp else None

    def _looked_up(self, claims: Claims | None) -> _Known | None:
        if claims is None:
            return None
        # Counted before the read: a change that comes during it makes the next request look again.
        changes = self._changes
        with self._store.read() as reads:
            return _Known(claims, changes, _is_there(reads, claims.kubernetes))

    def _heard(self, changes: Sequence[Change]) -> None:
        if any(change.current.key.resource in _RESOURCES for change in changes):
            self._changes += 1


def _is_there(reads: Reads, bound: Bound) -> bool:
    objects = [(SERVICE_ACCOUNT, bound.serviceaccount), *([(SECRET, bound.secret)] if bound.secret else [])]
    return all(_present(reads, kind, bound.namespace, named.name) == named.uid for kind, named in objects)


def _present(reads: Reads, kind: Kind, namespace: str, name: str) -> str | None:
    """The uid of an object that is there to stay; empty when it is being deleted."""
    found = reads.versions.get(ObjectKey(str(kind.resource), namespace, name))
    if found is None:
        return None
    return "" if kind.decode(found.version, found.tail).metadata.deletion_timestamp else found.uid


def _required(reads: Reads, kind: Kind, namespace: str, wanted: Named) -> Named:
    uid = _present(reads, kind, namespace, wanted.name)
    if uid is None:
        raise NotFound.of(kind.group, kind.plural, wanted.name)
    if not uid:
        raise Conflict.of(kind.group, kind.plural, wanted.name, "the object is being deleted")
    if wanted.uid not in {"", uid}:
        why = (
            f"the UID in the bound object reference ({wanted.uid}) does not match the UID in record. "
            "The object might have been deleted and then recreated"
        )
        raise Conflict.of(kind.group, kind.plural, wanted.name, why)
    return Named(wanted.name, uid)


def _user(namespace: str, name: str) -> str:
    return f"system:serviceaccount:{namespace}:{name}"


def _caller(claims: Claims) -> Caller:
    bound = claims.kubernetes
    account = bound.serviceaccount
    groups = (GROUP, f"{GROUP}:{bound.namespace}")
    extra = ((CREDENTIAL_ID, (f"JTI={claims.jti}",)),)
    return Caller(_user(bound.namespace, account.name), groups, account.uid, extra)
