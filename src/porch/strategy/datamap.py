"""The rules that Secret and ConfigMap share: maps of small files, which may be sealed by `immutable: true`."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping

from porch.errors import FieldError, forbidden, invalid

MAX_BYTES = 1024 * 1024
_KEY = re.compile(r"[-._a-zA-Z0-9]+")
_KEY_RULE = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  "
    "or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
)


def key_errors(path: str, keys: Iterable[str]) -> list[FieldError]:
    return [invalid(f"{path}[{key[:253]}]", key, problem) for key in keys for problem in _key_problems(key)]


def _key_problems(key: str) -> list[str]:
    problems = ["must be no more than 253 characters"] if len(key) > 253 else []
    if not _KEY.fullmatch(key):
        problems.append(_KEY_RULE)
    elif key == ".":
        problems.append("must not be '.'")
    elif key.startswith(".."):
        problems.append("must not start with '..'")
    return problems


def decoded_size(text: str) -> int | None:
    """How many bytes a base64 text stands for; None when it is none. As in Go, line breaks do not matter."""
    try:
        return len(base64.b64decode(text.replace("\n", "").replace("\r", ""), validate=True))
    except (binascii.Error, ValueError):
        return None


def base64_errors(path: str, data: Mapping[str, str]) -> list[FieldError]:
    """The values are not printed: they may be secret."""
    return [
        FieldError(f"{path}[{key[:253]}]", "FieldValueInvalid", "Invalid value: must be base64 (RFC 4648, padded)")
        for key, value in data.items()
        if decoded_size(value) is None
    ]


def immutable_errors(sealed: bool | None, still_sealed: bool | None, *fields: tuple[str, bool]) -> list[FieldError]:
    """`fields` are (name, whether it changed). Nothing of a sealed object changes, and it stays sealed."""
    if not sealed:
        return []
    text = "field is immutable when `immutable` is set; delete the object and create it anew"
    changed = [name for name, is_changed in fields if is_changed]
    if not still_sealed:
        changed.insert(0, "immutable")
    return [forbidden(name, text) for name in changed]
