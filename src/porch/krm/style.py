"""How a scalar may be written: what its text allows, and which quotes it then gets.

A text that holds what plain style cannot show is put in single quotes, and in double quotes where those fail too; so
do the Go tools, and their order of these doubts is kept.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal, NamedTuple, TypeAlias

Style: TypeAlias = Literal["", "single", "double", "literal", "folded", "flow"]
"""Empty is plain, and block style for collections."""

BREAK = "\n\r\x85\u2028\u2029"
# Go prints these as they are; a character beyond the first plane is always escaped.
_UNPRINTABLE = re.compile("[^\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]")
_SPECIAL = re.compile("[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]")
_BREAKS = re.compile("[\n\r\x85\u2028\u2029]")
_BREAK_SPACE = re.compile("[\n\r\x85\u2028\u2029] ")
_SPACE_BREAK = re.compile(" [\n\r\x85\u2028\u2029]")
_BLOCK_START = re.compile(r"---|\.\.\.|[#,\[\]{}&*!|>'\"%@`]|[?:-](?:[ \t]|$)")
_BLOCK_INSIDE = re.compile(r".:(?:[ \t]|\Z)|[ \t\n\r\x85\u2028\u2029]#", re.DOTALL)
_FLOW_START = re.compile(r"[?:]")
_FLOW_INSIDE = re.compile(r".[,?\[\]{}:]", re.DOTALL)
_ORDINARY = re.compile(r"[A-Za-z0-9_/.$(]+(?:[-:=@+ ]?[A-Za-z0-9_/.$()])*")
_LONGEST_KEPT = 200
"""Longer texts are rarely seen again."""
_ESCAPES = {
    "\0": "0",
    "\a": "a",
    "\b": "b",
    "\t": "t",
    "\n": "n",
    "\v": "v",
    "\f": "f",
    "\r": "r",
    "\x1b": "e",
    '"': '"',
    "\\": "\\",
    "\x85": "N",
    "\xa0": "_",
    "\u2028": "L",
    "\u2029": "P",
}
_DOUBLE_QUOTED = re.compile('["\\\\\n\u2028\u2029]|[^\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]')


class Allowed(NamedTuple):
    """Which styles can show a text."""

    plain: bool
    plain_in_flow: bool
    single: bool
    block: bool
    multiline: bool


_EMPTY = Allowed(plain=True, plain_in_flow=False, single=True, block=False, multiline=False)


def allowed(text: str) -> Allowed:
    return _allowed(text) if len(text) <= _LONGEST_KEPT else _allowed.__wrapped__(text)


@lru_cache(maxsize=4096)
def _allowed(text: str) -> Allowed:
    if not text:
        return _EMPTY
    lines = bool(_BREAKS.search(text))
    special = bool(_SPECIAL.search(text))
    space_break = lines and bool(_SPACE_BREAK.search(text))
    single = not (special or space_break or "\t" in text or (lines and _BREAK_SPACE.search(text)))
    edges = text[0] == " " or text[-1] == " "
    plain = single and not lines and not edges and not _BLOCK_START.match(text) and not _BLOCK_INSIDE.search(text)
    in_flow = plain and not _FLOW_START.match(text) and not _FLOW_INSIDE.search(text)
    block = not (special or space_break or text[-1] == " ")
    return Allowed(plain, in_flow, single, block, lines)


def choose(text: str, style: Style, *, flow: bool, key: bool) -> Style:
    """The style that `text` is written in when `style` is wished. `key` is the key of a mapping on one line."""
    may = allowed(text)
    if key and may.multiline:
        style = "double"
    if style == "" and (not (may.plain_in_flow if flow else may.plain) or (not text and (flow or key))):
        style = "single"
    if style == "single" and not may.single:
        return "double"
    if style in {"literal", "folded"} and (not may.block or flow or key):
        return "double"
    return style


def double_quoted(text: str) -> str:
    if text.startswith("\ufeff"):  # Go then takes every character for the byte order mark
        return '"' + "".join(_escape(character) for character in text) + '"'
    return '"' + _DOUBLE_QUOTED.sub(lambda match: _escape(match[0]), text) + '"'


def _escape(character: str) -> str:
    if character in _ESCAPES:
        return "\\" + _ESCAPES[character]
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02X}"
    return f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"
