"""Regular expressions of Go, whose syntax is RE2's, as expressions of Python.

Both find the same match: the leftmost, and there the one that prefers what stands first. What RE2 does not know
(lookaround, backreferences, possessive operators) is refused in Go's words; where the same letters mean something else
(`$`, `\\s`, `\\z`, flags inside, `{,5}`) they are spelled out. Python knows no tables of scripts, so `\\p{Greek}` is
refused although Go takes it; general categories like `\\p{Lu}` work. Python goes back and tries again where RE2 does
not: an expression made to be slow runs until its worker's time is over.
"""

from __future__ import annotations

import re
import string
import sys
import unicodedata
from functools import lru_cache
from typing import NamedTuple, NoReturn

_MOST_REPEATS = 1000
_PERL = {"d": "0-9", "s": "\\t\\n\\f\\r ", "w": "0-9A-Za-z_"}
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
_WORD = frozenset(string.ascii_letters + string.digits + "_")


class RegexError(ValueError):
    """The expression is none, or not one that we can take. The text is Go's."""

    def __init__(self, problem: str, part: str) -> None:
        super().__init__(f"error parsing regexp: {problem}: `{part}`")


@lru_cache(maxsize=64)
def compile_re2(pattern: str) -> re.Pattern[str]:
    """Raises RegexError."""
    translated = _Translator(pattern).translate()
    try:
        return re.compile(translated)
    except (re.error, OverflowError, RecursionError) as error:
        raise RegexError("expression nests too deeply", pattern) from error


class _Flags(NamedTuple):
    fold: bool = False
    lines: bool = False
    dot_all: bool = False
    ungreedy: bool = False


class _Repeats(NamedTuple):
    """How often a part is repeated, and the repeats inside it: Go limits their product."""

    most: int
    inside: tuple[_Repeats, ...]

    def fit(self, budget: int = _MOST_REPEATS) -> bool:
        if self.most > budget:
            return False
        left = budget // self.most if self.most else budget
        return self.most == 0 or all(repeats.fit(left) for repeats in self.inside)


class _Group:
    """A group that is open: where it began in the output, with which flags, and the repeats in it so far."""

    def __init__(self, opened_at: int, flags: _Flags) -> None:
        self.opened_at = opened_at
        self.flags = flags
        self.repeats: list[_Repeats] = []


class _Translator:
    def __init__(self, pattern: str) -> None:
        self.text = pattern
        self.at = 0
        self.out: list[str] = []
        self.flags = _Flags()
        self.groups = [_Group(0, self.flags)]
        self.atom = -1  # where the last atom is in `out`; -1 when there is nothing to repeat
        self.atom_repeats: tuple[_Repeats, ...] = ()

    def translate(self) -> str:
        repeated_at = -1
        while self.at < len(self.text):
            begin = self.at
            repeats = self.step(repeated_at)
            repeated_at = (repeated_at if repeated_at >= 0 else begin) if repeats else -1
        if len(self.groups) > 1:
            raise RegexError("missing closing )", self.text)
        return "".join(self.out)

    def step(self, repeated_at: int) -> bool:
        """Translate the next part. Whether it was a repetition."""
        match self.text[self.at]:
            case "(":
                self.open_group()
            case ")":
                self.close_group()
            case "|":
                self.at += 1
                self.out.append("|")
                self.atom = -1
            case "^":
                self.at += 1
                self.put("(?m:^)" if self.flags.lines else "(?:\\A)")
            case "$":
                self.at += 1
                self.put("(?m:$)" if self.flags.lines else "(?:\\Z)")
            case ".":
                self.at += 1
                self.put("(?s:.)" if self.flags.dot_all else "[^\\n]")
            case "[":
                self.put(self.folded(_Class(self).translate()))
            case "*" | "+" | "?":
                operator, begin = self.text[self.at], self.at
                self.at += 1
                self.repeat(operator, begin, repeated_at)
                return True
            case "{":
                return self.counted(repeated_at)
            case "\\":
                self.escape()
            case character:
                self.at += 1
                self.put(self.folded(re.escape(character)))
        return False

    def put(self, atom: str) -> None:
        self.atom, self.atom_repeats = len(self.out), ()
        self.out.append(atom)

    def folded(self, atom: str) -> str:
        return f"(?i:{atom})" if self.flags.fold else atom

    def fail(self, problem: str, begin: int) -> NoReturn:
        raise RegexError(problem, self.text[begin : self.at])

    # groups

    def open_group(self) -> None:
        if self.text.startswith("(?", self.at):
            self.open_special()
            return
        self.at += 1
        self.enter("(", self.flags)

    def enter(self, opening: str, flags: _Flags) -> None:
        self.groups.append(_Group(len(self.out), self.flags))
        if len(self.groups) > _MOST_REPEATS:
            raise RegexError("expression nests too deeply", self.text)
        self.out.append(opening)
        self.flags = flags
        self.atom = -1

    def close_group(self) -> None:
        if len(self.groups) == 1:
            raise RegexError("unexpected )", self.text)
        self.at += 1
        group = self.groups.pop()
        self.out[group.opened_at :] = ["".join([*self.out[group.opened_at :], ")"])]
        self.flags = group.flags
        self.atom, self.atom_repeats = group.opened_at, tuple(group.repeats)
        self.groups[-1].repeats += group.repeats

    def open_special(self) -> None:
        begin, text = self.at, self.text
        if text.startswith(("(?P<", "(?<"), begin):
            end = text.find(">", begin)
            if end < 0:
                raise RegexError("invalid named capture", text[begin:])
            self.at = end + 1
            name = text[text.index("<", begin) + 1 : end]
            if not name or not _WORD.issuperset(name):
                self.fail("invalid named capture", begin)
            self.enter("(", self.flags)  # Go allows a name twice and what Python takes for none
            return
        self.at += 2
        flags, closing = self.read_flags(begin)
        if closing == ":":
            self.enter("(?:", flags)
        else:
            self.flags, self.atom = flags, -1

    def read_flags(self, begin: int) -> tuple[_Flags, str]:
        flags, value, seen = self.flags, True, False
        while self.at < len(self.text):
            letter = self.text[self.at]
            self.at += 1
            match letter:
                case "i":
                    flags, seen = flags._replace(fold=value), True
                case "m":
                    flags, seen = flags._replace(lines=value), True
                case "s":
                    flags, seen = flags._replace(dot_all=value), True
                case "U":
                    flags, seen = flags._replace(ungreedy=value), True
                case "-" if value:
                    value, seen = False, False
                case ":" | ")" if value or seen:
                    return flags, letter
                case _:
                    break
        self.fail("invalid or unsupported Perl syntax", begin)

    # repetition

    def counted(self, repeated_at: int) -> bool:
        begin = self.at
        found = re.compile(r"\{(0|[1-9][0-9]*)(?:(,)(0|[1-9][0-9]*)?)?\}").match(self.text, begin)
        if found is None:
            self.at += 1
            self.put(self.folded("\\{"))
            return False
        self.at = found.end()
        least = int(found[1])
        most = int(found[3]) if found[3] else None if found[2] else least
        if least > _MOST_REPEATS or (most is not None and (most > _MOST_REPEATS or most < least)):
            self.fail("invalid repeat count", begin)
        self.repeat(found[0], begin, repeated_at)
        repeats = _Repeats(least if most is None else most, self.atom_repeats)
        if max(least, most or 0) > 1 and not repeats.fit():
            self.fail("invalid repeat count", begin)
        self.groups[-1].repeats.append(repeats)
        return True

    def repeat(self, operator: str, begin: int, repeated_at: int) -> None:
        lazy = self.flags.ungreedy
        if self.text.startswith("?", self.at):
            self.at += 1
            lazy = not lazy
        if repeated_at >= 0:
            self.fail("invalid nested repetition operator", repeated_at)
        if self.atom < 0:
            self.fail("missing argument to repetition operator", begin)
        self.out[self.atom] += operator + ("?" if lazy else "")

    # escapes

    def escape(self) -> None:
        following = self.text[self.at + 1 : self.at + 2]
        match following:
            case "A" | "z":
                self.at += 2
                self.put("(?:\\A)" if following == "A" else "(?:\\Z)")
            case "b" | "B":
                self.at += 2
                self.put("(?:(?a:\\b))" if following == "b" else "(?:(?!(?a:\\b)))")
            case "Q":
                self.literal()
            case "d" | "s" | "w" | "D" | "S" | "W":
                self.at += 2
                negation = "^" if following.isupper() else ""
                self.put(f"[{negation}{_PERL[following.lower()]}]")
            case "p" | "P":
                self.put(self.folded(f"[{self.unicode_class()}]"))
            case _:
                self.put(self.folded(re.escape(self.character())))

    def literal(self) -> None:
        end = self.text.find("\\E", self.at + 2)
        quoted = self.text[self.at + 2 : end if end >= 0 else None]
        self.at = end + 2 if end >= 0 else len(self.text)
        for character in quoted:
            self.put(self.folded(re.escape(character)))

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
        """The digits of `\\x41` or `\\x{41}`; -1 when they are none. Stands behind the last character looked at."""
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
        """The ranges of `\\pL` or `\\p{Lu}`, for use inside brackets."""
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


class _Class:
    """Characters in brackets."""

    def __init__(self, translator: _Translator) -> None:
        self.outer = translator
        self.begin = translator.at

    def translate(self) -> str:
        outer, text = self.outer, self.outer.text
        outer.at += 1
        negation = ""
        if text.startswith("^", outer.at):
            negation, outer.at = "^", outer.at + 1
        parts: list[str] = []
        while not parts or not text.startswith("]", outer.at):
            if outer.at >= len(text):
                raise RegexError("missing closing ]", text[self.begin :])
            parts.append(self.part())
        outer.at += 1
        return f"[{negation}{''.join(parts)}]"

    def part(self) -> str:
        outer, text, begin = self.outer, self.outer.text, self.outer.at
        if text.startswith("[:", begin) and (end := text.find(":]", begin + 2)) >= 0:
            return self.posix(begin, end)
        if text[begin] == "\\" and (letter := text[begin + 1 : begin + 2]):
            if letter in "pP":
                return outer.unicode_class()
            if letter.lower() in _PERL:
                outer.at += 2
                ranges = _PERL[letter.lower()]
                return _complement(ranges) if letter.isupper() else ranges
        low = high = self.character()
        if text.startswith("-", outer.at) and text[outer.at + 1 : outer.at + 2] not in {"", "]"}:
            outer.at += 1
            high = self.character()
            if high < low:
                outer.fail("invalid character class range", begin)
        return re.escape(low) if low == high else f"{re.escape(low)}-{re.escape(high)}"

    def posix(self, begin: int, end: int) -> str:
        name = self.outer.text[begin + 2 : end]
        self.outer.at = end + 2
        if name.removeprefix("^") not in _POSIX:
            self.outer.fail("invalid character class range", begin)
        ranges = _POSIX[name.removeprefix("^")]
        return _complement(ranges) if name.startswith("^") else ranges

    def character(self) -> str:
        outer = self.outer
        if outer.at >= len(outer.text):
            raise RegexError("missing closing ]", outer.text[self.begin :])
        if outer.text[outer.at] == "\\":
            return outer.character()
        outer.at += 1
        return outer.text[outer.at - 1]


@lru_cache(maxsize=32)
def _complement(ranges: str) -> str:
    """What is not in these ASCII ranges, as ranges."""
    inside = re.compile(f"[{ranges}]")
    outside = [code for code in range(0x80) if not inside.match(chr(code))]
    return _spelled([*outside, *()]) + f"\\x80-\\U{sys.maxunicode:08x}"


@lru_cache(maxsize=32)
def _category(name: str, *, negated: bool) -> str | None:
    """The characters of a general category, as ranges; None when there is no such category."""
    if name == "Any":
        codes = range(0) if negated else range(sys.maxunicode + 1)
    else:
        known = {unicodedata.category(chr(code)) for code in range(sys.maxunicode + 1)}
        if name not in known and name not in {category[0] for category in known}:
            return None
        codes = [
            code
            for code in range(sys.maxunicode + 1)
            if unicodedata.category(chr(code)).startswith(name) is not negated
        ]
    return _spelled(codes)


def _spelled(codes: list[int] | range) -> str:
    ranges: list[list[int]] = []
    for code in codes:
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ranges)
