"""How a delivery proves that it is genuine, and what it tells of: all of it is in the headers. Pure.

GitHub, Gitea, Forgejo and Gogs send the HMAC-SHA256 of the body; GitLab sends the secret itself. Which one a delivery
uses, it says; all comparisons take the same time whatever is wrong.
"""

from __future__ import annotations

import enum
import hashlib
import hmac
from collections.abc import Mapping, Sequence

_SIGNATURES = (b"x-hub-signature-256", b"x-gitea-signature", b"x-forgejo-signature", b"x-gogs-signature")
_TOKEN = b"x-gitlab-token"
_EVENTS = (b"x-github-event", b"x-gitea-event", b"x-forgejo-event", b"x-gogs-event", b"x-gitlab-event")
_PUSHES = frozenset({b"push", b"create", b"delete", b"push hook", b"tag push hook", b"system hook"})
_PREFIX = b"sha256="


class Event(enum.Enum):
    PUSH = "refs have moved"
    PING = "somebody tries whether deliveries arrive"
    OTHER = "something else"


class Proof:
    """Fed with the body as it comes, then asked. `secret` empty proves nothing."""

    def __init__(self, headers: Mapping[bytes, bytes], secret: bytes) -> None:
        self._claims: Sequence[bytes] = [headers[name] for name in _SIGNATURES if name in headers]
        self._token = headers.get(_TOKEN, b"")
        self._secret = secret
        self._mac = hmac.new(secret, digestmod=hashlib.sha256)

    def feed(self, chunk: bytes) -> None:
        if self._claims:
            self._mac.update(chunk)

    def holds(self) -> bool:
        """Whether one of the claims is right."""
        wanted = self._mac.hexdigest().encode()
        signed = [hmac.compare_digest(claim.removeprefix(_PREFIX).lower(), wanted) for claim in self._claims]
        token = hmac.compare_digest(hashlib.sha256(self._token).digest(), hashlib.sha256(self._secret).digest())
        return bool(self._secret) and (any(signed) or token)


def is_signed(headers: Mapping[bytes, bytes]) -> bool:
    """Whether there is anything to check."""
    return any(headers.get(name) for name in (*_SIGNATURES, _TOKEN))


def event_of(headers: Mapping[bytes, bytes]) -> Event:
    """A delivery that does not say what it is comes from somebody's own script, and means a push."""
    told = next((headers[name].lower() for name in _EVENTS if name in headers), b"push")
    if told == b"ping":
        return Event.PING
    return Event.PUSH if told in _PUSHES else Event.OTHER
