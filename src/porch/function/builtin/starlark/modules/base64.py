"""encoding/base64.star: strings to base64 and back, in the standard alphabet or that of URLs, padded or not."""

from __future__ import annotations

import base64
import binascii

from porch.function.builtin.starlark.arguments import named, text
from porch.function.builtin.starlark.errors import StarlarkError
from porch.function.builtin.starlark.values import (
    Anything,
    Arguments,
    Builtin,
    Keywords,
    Module,
    decoded,
    encoded,
    text_of,
)

_ENCODINGS = frozenset(("standard", "standard_raw", "url", "url_raw"))


def _given(name: str, arguments: Arguments, keywords: Keywords) -> tuple[bytes, bool, bool]:
    """The data, whether it is for URLs, and whether it is not padded."""
    given = named(name, arguments, keywords, data=text, encoding_=text)
    encoding = given.get("encoding") or "standard"
    if encoding not in _ENCODINGS:
        raise StarlarkError(f"unsupported encoding format: {text_of(encoding)}")
    return encoded(given["data"]), encoding.startswith("url"), encoding.endswith("_raw")


def _encode(arguments: Arguments, keywords: Keywords) -> Anything:
    data, for_urls, raw = _given("encode", arguments, keywords)
    made = base64.b64encode(data, b"-_" if for_urls else None).decode()
    return made.rstrip("=") if raw else made


def _decode(arguments: Arguments, keywords: Keywords) -> Anything:
    data, for_urls, raw = _given("decode", arguments, keywords)
    data = data.replace(b"\n", b"").replace(b"\r", b"")
    if raw and not data.endswith(b"="):
        data += b"=" * (-len(data) % 4)
    try:
        return decoded(base64.b64decode(data, b"-_" if for_urls else None, validate=True))
    except (binascii.Error, ValueError):
        alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" + (b"-_" if for_urls else b"+/")
        at = next((at for at, byte in enumerate(data) if byte not in alphabet), len(data))
        raise StarlarkError(f"illegal base64 data at input byte {at}") from None


MEMBERS = {"base64": Module("base64", {"encode": Builtin("encode", _encode), "decode": Builtin("decode", _decode)})}
