"""HTTP Basic for git, which knows nothing else: the password is a token, the user name may be anything."""

from __future__ import annotations

import base64
import binascii

from porch.errors import Unauthorized


def password(credentials: bytes) -> bytes:
    """The password in the part behind `Basic `. Raises Unauthorized when it cannot be understood."""
    try:
        _, separator, found = base64.b64decode(credentials, validate=True).partition(b":")
    except binascii.Error:
        raise Unauthorized from None
    if not separator or not found:
        raise Unauthorized
    return found
