r"""Regular expressions of Go, whose syntax is RE2's, as expressions of Python.

Both find the same match: the leftmost, and there the one that prefers what stands first. What RE2 does not know
(lookaround, backreferences, possessive operators) is refused in Go's words; where the same letters mean something else
(`$`, `\s`, `\z`, flags inside, `{,5}`) they are spelled out. Python knows no tables of scripts, so `\p{Greek}` is
refused although Go takes it; general categories like `\p{Lu}` work. Python goes back and tries again where RE2 does
not: an expression made to be slow runs until its worker's time is over.
"""

from __future__ import annotations

import re
import string
from functools import lru_cache
from typing import NamedTuple

from porch.function.builtin._re2_characters import PERL, Reader, RegexError

_MOST_REPEATS = 1000
_FLAGS = {"i": "fold", "m": "lines", "s": "dot_all", "U": "ungreedy"}
_WORD = frozenset(string.ascii_letters + string.digits + "_")


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


class _Translator(Reader):
    def __init__(self, pattern: str) -> None:
        super().__init__(pattern)
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
            case "[":
                self.put(self.folded(self.bracket()))
            case "\\":
                self.escape()
            case "*" | "+" | "?":
                operator, begin = self.text[self.at], self.at
                self.at += 1
                self.repeat(operator, begin, repeated_at)
                return True
            case "{":
                return self.counted(repeated_at)
            case character:
                self.at += 1
                self.single(character)
        return False

    def single(self, character: str) -> None:
        match character:
            case "|":
                self.out.append("|")
                self.atom = -1
            case "^":
                self.put("(?m:^)" if self.flags.lines else "(?:\\A)")
            case "$":
                self.put("(?m:$)" if self.flags.lines else "(?:\\Z)")
            case ".":
                self.put("(?s:.)" if self.flags.dot_all else "[^\\n]")
            case _:
                self.put(self.folded(re.escape(character)))

    def put(self, atom: str) -> None:
        self.atom, self.atom_repeats = len(self.out), ()
        self.out.append(atom)

    def folded(self, atom: str) -> str:
        return f"(?i:{atom})" if self.flags.fold else atom

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
        """The flags of `(?i)` or `(?i:`, and what ended them."""
        flags, value, seen = self.flags, True, False
        while self.at < len(self.text):
            letter = self.text[self.at]
            self.at += 1
            if letter in _FLAGS:
                flags, seen = flags._replace(**{_FLAGS[letter]: value}), True
            elif letter == "-" and value:
                value = seen = False
            elif letter in {":", ")"} and (value or seen):
                return flags, letter
            else:
                break
        raise RegexError("invalid or unsupported Perl syntax", self.text[begin : self.at])

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
                self.put(f"[{negation}{PERL[following.lower()]}]")
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
