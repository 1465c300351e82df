"""Texts as Go prints them, for messages that name a value: `%q`, and JSON as `encoding/json` writes it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

_QUOTED = {
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
    "\\": "\\\\",
    '"': '\\"',
}
_ORDINARY = re.compile(r"[ !#-\[\]-~]*")
_HTML = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
_UNSAFE_IN_HTML = re.compile("[<>&\u2028\u2029]")


def quote(text: str) -> str:
    """As `%q` prints a string."""
    if _ORDINARY.fullmatch(text):
        return f'"{text}"'
    return '"' + "".join(_QUOTED.get(character) or _escaped(character) for character in text) + '"'


def quote_all(texts: Iterable[str]) -> str:
    """As `%q` prints a list of strings."""
    return "[" + " ".join(quote(text) for text in texts) + "]"


def json_map(values: Mapping[str, str]) -> str:
    """As `json.Marshal` writes a map of strings: keys sorted, no blanks, safe inside HTML."""
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return _UNSAFE_IN_HTML.sub(lambda match: _HTML[match[0]], text)


def _escaped(character: str) -> str:
    if character.isprintable():
        return character
    code = ord(character)
    if code < ord(" ") or code == 0x7F:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"
