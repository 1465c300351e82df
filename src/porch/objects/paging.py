"""Versions and continue tokens as clients send them, turned into the store's terms, and the errors for wrong ones.

A continue token is what Kubernetes' generic server makes: unpadded base64url of `{"v", "rv", "start"}`, where `start`
is the key behind which the next page begins; `left` is ours, how many objects follow if that is known. All pages of a
list are read at the version of the first. When that was compacted away, the client is handed a token with version -1:
whoever goes on with it reads the rest as it is by then.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

import msgspec

from porch.errors import BadRequest, Details, Expired, FieldError, Timeout

_VERSION = "meta.k8s.io/v1"
_NEWEST = 2**63 - 1
ANY_VERSION = -1
_CONTINUE_EXPIRED = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
    "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. "
    "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or "
    "deleted between the time the first chunk was returned and now may show up in the list."
)


class _Token(msgspec.Struct, omit_defaults=True):
    v: str
    rv: int
    start: str
    left: int | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """Where a list goes on: behind (namespace, name), in the state at `version` or, with ANY_VERSION, whatever it is.
    `left` objects follow, if that is known.
    """

    version: int
    after: tuple[str, str]
    left: int | None = None


def write_token(position: Position) -> str:
    namespace, name = position.after
    start = f"{namespace}/{name}\0" if namespace else f"{name}\0"
    text = msgspec.json.encode(_Token(_VERSION, position.version, start, position.left))
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def read_token(token: str) -> Position:
    """Raises BadRequest."""
    try:
        text = base64.b64decode(token.encode() + b"=" * (-len(token) % 4), altchars=b"-_", validate=True)
        decoded = msgspec.json.decode(text, type=_Token)
    except (binascii.Error, ValueError, msgspec.MsgspecError) as error:
        raise BadRequest("continue key is not valid: start a new list without it") from error
    if decoded.v != _VERSION:
        raise BadRequest("continue key is not valid: its version is not known; start a new list without it")
    if not (decoded.rv == ANY_VERSION or 0 < decoded.rv <= _NEWEST) or not decoded.start.endswith("\0"):
        raise BadRequest("continue key is not valid: incorrect encoded start; start a new list without it")
    namespace, _, name = decoded.start.removesuffix("\0").rpartition("/")
    return Position(decoded.rv, (namespace, name), decoded.left)


def read_version(text: str) -> int:
    """A resourceVersion parameter or field; 0 when it is not given. Raises BadRequest."""
    if not text:
        return 0
    if not (text.isascii() and text.isdigit()):
        shown = msgspec.json.encode(text[:64]).decode()
        detail = f"resourceVersion: Invalid value: {shown}: must be a decimal number that the server sent"
        raise BadRequest(f"invalid resource version: {detail}")
    return _NEWEST if len(text) > len(str(_NEWEST)) else int(text)


def require_reached(version: int, current: int) -> None:
    """Raises Timeout for a version that does not exist yet. Nothing lags behind here, so waiting would not help."""
    if version > current:
        cause = FieldError("", "ResourceVersionTooLarge", "Too large resource version")
        text = f"Timeout: Too large resource version: {version}, current: {current}"
        raise Timeout(text, details=Details(causes=(cause,)), retry_after=1)


def token_expired(position: Position) -> Expired:
    """With a token that goes on from the same place."""
    return Expired(_CONTINUE_EXPIRED, continue_token=write_token(Position(ANY_VERSION, position.after)))


def version_expired() -> Expired:
    return Expired("The resourceVersion for the provided list is too old.")
