"""Reads characters and classes of characters of Go's regular expressions, as parts of Python's. See `_re2.py`."""

from __future__ import annotations

import re
import string
import sys
import unicodedata
from functools import cache, lru_cache
from typing import NamedTuple, NoReturn

PERL = {"d": "0-9", "s": "\\t\\n\\f\\r ", "w": "0-9A-Za-z_"}
_POSIX = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": "\\x00-\\x7F",
    "blank": "\\t ",
    "cntrl": "\\x00-\\x1F\\x7F",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": "!-/:-@\\[-`{-~",
    "space": "\\t\\n\\v\\f\\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}
_CONTROLS = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_OCTAL = frozenset(string.octdigits)
_HEX = frozenset(string.hexdigits)


class RegexError(ValueError):
    """The expression is none, or not one that we can take. The text is Go's."""

    def __init__(self, problem: str, part: str) -> None:
        super().__init__(f"error parsing regexp: {problem}: `{part}`")


class Reader:
    """A place in an expression. What it reads stands before the place afterwards, also when it is no good."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def fail(self, problem: str, begin: int) -> NoReturn:
        raise RegexError(problem, self.text[begin : self.at])

    def character(self) -> str:
        """An escaped character: what it stands for."""
        begin = self.at
        self.at += 2
        letter = self.text[begin + 1 : begin + 2]
        if not letter:
            raise RegexError("trailing backslash at end of expression", "")
        if letter in _CONTROLS:
            return _CONTROLS[letter]
        if letter.isascii() and not letter.isalnum():
            return letter
        code = -1
        if letter == "x":
            code = self.hexadecimal()
        elif letter == "0" or (letter in "1234567" and self.text[self.at : self.at + 1] in _OCTAL):
            code = int(letter)
            while self.at < begin + 4 and self.text[self.at : self.at + 1] in _OCTAL:
                code = code * 8 + int(self.text[self.at])
                self.at += 1
        if code < 0:
            self.fail("invalid escape sequence", begin)
        return chr(code)

    def hexadecimal(self) -> int:
        r"""The digits of `\x41` or `\x{41}`; -1 when they are none. Stands behind the last character looked at."""
        if not self.text.startswith("{", self.at):
            digits = self.text[self.at : self.at + 2]
            self.at += len(digits)
            return int(digits, 16) if len(digits) == 2 and _HEX.issuperset(digits) else -1
        self.at += 1
        code, digits = 0, ""
        while self.at < len(self.text):
            digit = self.text[self.at]
            self.at += 1
            if digit == "}":
                return code if digits else -1
            digits += digit
            if digit not in _HEX or (code := int(digits, 16)) > sys.maxunicode:
                break
        return -1

    def unicode_class(self) -> str:
        r"""The ranges of `\pL` or `\p{Lu}`, for use inside brackets."""
        begin = self.at
        negated = self.text[self.at + 1] == "P"
        if self.text.startswith("{", self.at + 2):
            end = self.text.find("}", self.at)
            if end < 0:
                raise RegexError("invalid character class range", self.text[begin:])
            name, self.at = self.text[self.at + 3 : end], end + 1
        else:
            name, self.at = self.text[self.at + 2 : self.at + 3], self.at + 3
        if name.startswith("^"):
            name, negated = name[1:], not negated
        if not name or (ranges := _category(name, negated=negated)) is None:
            self.fail("invalid character class range", begin)
        return ranges

    def bracket(self) -> str:
        """Characters in brackets."""
        text, begin = self.text, self.at
        self.at += 1
        negation = ""
        if text.startswith("^", self.at):
            negation, self.at = "^", self.at + 1
        parts: list[str] = []
        while not parts or not text.startswith("]", self.at):
            parts.append(self.part(begin))
        self.at += 1
        return f"[{negation}{''.join(parts)}]"

    def part(self, bracket: int) -> str:
        """A character, a range or a named class inside the brackets that were opened at `bracket`."""
        text, begin = self.text, self.at
        if text.startswith("[:", begin) and (end := text.find(":]", begin + 2)) >= 0:
            return self.posix(begin, end)
        if text.startswith("\\", begin) and (letter := text[begin + 1 : begin + 2]):
            if letter in "pP":
                return self.unicode_class()
            if letter.lower() in PERL:
                self.at += 2
                return _complement(PERL[letter.lower()]) if letter.isupper() else PERL[letter]
        low = high = self.member(bracket)
        if text.startswith("-", self.at) and text[self.at + 1 : self.at + 2] not in {"", "]"}:
            self.at += 1
            high = self.member(bracket)
            if high < low:
                self.fail("invalid character class range", begin)
        return re.escape(low) if low == high else f"{re.escape(low)}-{re.escape(high)}"

    def posix(self, begin: int, end: int) -> str:
        name = self.text[begin + 2 : end]
        self.at = end + 2
        if name.removeprefix("^") not in _POSIX:
            self.fail("invalid character class range", begin)
        ranges = _POSIX[name.removeprefix("^")]
        return _complement(ranges) if name.startswith("^") else ranges

    def member(self, bracket: int) -> str:
        if self.at >= len(self.text):
            raise RegexError("missing closing ]", self.text[bracket:])
        if self.text[self.at] == "\\":
            return self.character()
        self.at += 1
        return self.text[self.at - 1]


@lru_cache(maxsize=32)
def _complement(ranges: str) -> str:
    """What is not in these ASCII ranges, as ranges."""
    inside = re.compile(f"[{ranges}]")
    outside = (f"\\x{code:02x}" for code in range(0x80) if not inside.match(chr(code)))
    return "".join(outside) + f"\\x80-\\U{sys.maxunicode:08x}"


@lru_cache(maxsize=32)
def _category(name: str, *, negated: bool) -> str | None:
    """The characters of a general category, as ranges; None when there is no such category, or none in it."""
    known = name == "Any" or any(run.category.startswith(name) for run in _runs())
    chosen = [run for run in _runs() if (name == "Any" or run.category.startswith(name)) is not negated]
    return "".join(f"\\U{run.first:08x}-\\U{run.last:08x}" for run in chosen) or None if known else None


class _Run(NamedTuple):
    category: str
    first: int
    last: int


@cache
def _runs() -> list[_Run]:
    """All characters, as runs of the same general category."""
    starts: list[tuple[str, int]] = []
    for code in range(sys.maxunicode + 1):
        category = unicodedata.category(chr(code))
        if not starts or starts[-1][0] != category:
            starts.append((category, code))
    ends = [start - 1 for _, start in starts[1:]] + [sys.maxunicode]
    return [_Run(category, start, end) for (category, start), end in zip(starts, ends, strict=True)]
