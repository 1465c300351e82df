"""What a single YAML word means: Go's yaml.v3 rules, which are YAML 1.2's with some of 1.1's number spellings.

Used both ways: to read a plain scalar as a value, and to know which strings must be quoted when they are written.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from datetime import datetime
from functools import lru_cache
from typing import Any

_TAG = "tag:yaml.org,2002:"
_WORDS: dict[str, Any] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_OLD_BOOLEANS = {
    spelling for word in ("y", "n", "yes", "no", "on", "off") for spelling in (word, word.capitalize(), word.upper())
}
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SIGN_INSIDE = re.compile("0b([-+][01]{1,63})|0o([-+][0-7]{1,21})")
_BETWEEN_DIGITS = re.compile("(?<=[0-9])_(?=[0-9])")
_BASE_60 = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
_INTEGERS = (
    (re.compile(r"[-+]?0[xX][0-9a-fA-F]+"), 16),
    (re.compile(r"[-+]?0[bB][01]+"), 2),
    (re.compile(r"[-+]?0[oO]?[0-7]+"), 8),
    (re.compile(r"[-+]?(0|[1-9][0-9]*)"), 10),
)
_DATE = re.compile(r"\d{4}-(\d{1,2})-(\d{1,2})", re.ASCII)
_TIME = re.compile(
    r"(\d{4}-\d{1,2}-\d{1,2})(?:[Tt](\d{1,2}:\d{1,2}:\d{1,2})(?:[.,]\d+)?(?:Z|[-+](?:[01]\d|2[0-4]):(?:[0-5]\d|60))"
    r"| (\d{1,2}:\d{1,2}:\d{1,2})(?:[.,]\d+)?)",
    re.ASCII,
)
_MAY_BE_MORE = frozenset("+-.0123456789~nNtTfF")
_TAGS = {type(None): "!!null", bool: "!!bool", int: "!!int", float: "!!float"}
_LONGEST_NUMBER = 400
"""Longer digits are text: no JSON number needs more, and converting them takes quadratic time."""


def resolve(text: str, tag: str | None, *, plain: bool) -> Any:
    """The JSON value of a scalar. A timestamp stays the text that it is. Raises ValueError when there is none."""
    if tag == f"{_TAG}binary":
        return _binary(text)
    if tag == f"{_TAG}str" or (tag in {None, "!"} and not plain):
        return text
    value = _value(text)
    if tag == f"{_TAG}float" and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{text} has no place in JSON")
    return value


def means_text(text: str) -> bool:
    """Whether the plain scalar `text` would be read as this very string by Go, and by readers of YAML 1.1."""
    if text in _OLD_BOOLEANS or text == "<<" or _BASE_60.fullmatch(text):
        return False
    return isinstance(_value(text), str) and not _is_timestamp(text)


def implied_tag(text: str) -> str:
    """The short tag that Go infers from the text of a plain scalar."""
    if text and (text[0] not in _MAY_BE_MORE or len(text) > _LONGEST_NUMBER):
        return "!!str"
    return _implied_tag(text)


@lru_cache(maxsize=4096)
def _implied_tag(text: str) -> str:
    value = _value(text)
    if isinstance(value, str):
        return "!!timestamp" if _is_timestamp(text) else "!!str"
    return _TAGS[type(value)]


def _value(text: str) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "+-.0123456789" or len(text) > _LONGEST_NUMBER or _is_timestamp(text):
        return text
    digits = _BETWEEN_DIGITS.sub("", text) if text[0] == "." else text.replace("_", "")
    for pattern, base in _INTEGERS:
        if pattern.fullmatch(digits):
            number = int(digits.replace("o", "").replace("O", ""), 8) if base == 8 else int(digits, base)
            if -(2**63) <= number < 2**64 and not (number >= 2**63 and digits[0] == "+"):
                return number
            break  # too large: digits alone are a float, with a letter it is text
    if match := _SIGN_INSIDE.fullmatch(digits):
        return int(match[1] or match[2], 2 if match[1] else 8)
    if _FLOAT.fullmatch(digits) and math.isfinite(float(digits)):
        return float(digits)
    return text


def _is_timestamp(text: str) -> bool:
    date, time = text, "0:0:0"
    if match := _TIME.fullmatch(text):
        date, time = match[1], match[2] or match[3]
    elif not _DATE.fullmatch(text):
        return False
    try:
        datetime.strptime(f"{date} {time}", "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 - only whether it is one
    except ValueError:
        return False
    return True


def _binary(text: str) -> str:
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise ValueError("!!binary value is not base64 of UTF-8 text") from error
