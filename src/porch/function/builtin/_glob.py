"""Patterns of file paths as Go's doublestar reads them: `*`, `**` for any directories, `?`, `[a-z]`, `{a,b}`."""

from __future__ import annotations

import re
from functools import lru_cache


class GlobError(ValueError):
    """The pattern is none."""

    def __init__(self) -> None:
        super().__init__("syntax error in pattern")


def matches_path(pattern: str, path: str) -> bool:
    """Raises GlobError."""
    return _compiled(pattern).fullmatch(path) is not None


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(_Translator(pattern).translate(), re.DOTALL)


class _Translator:
    def __init__(self, pattern: str) -> None:
        self.text = pattern
        self.at = 0
        self.out: list[str] = []
        self.depth = 0  # braces that are open

    def translate(self) -> str:
        segment = True  # whether a segment of the path begins here
        while self.at < len(self.text):
            character = self.text[self.at]
            self.at += 1
            if character == "*":
                segment = self.star(begins=segment)
            elif character in "{,}":
                segment = self.brace(character)
            else:
                self.out.append(self.one(character))
                segment = character == "/"
        if self.depth:
            raise GlobError
        return "".join(self.out)

    def one(self, character: str) -> str:
        match character:
            case "?":
                return "[^/]"
            case "[":
                return self.one_of()
            case "\\":
                return re.escape(self.escaped())
        return re.escape(character)

    def brace(self, character: str) -> bool:
        """Whether a segment may begin behind it."""
        if character == "," and not self.depth:
            self.out.append(",")
            return False
        self.depth += {"{": 1, "}": -1}.get(character, 0)
        if self.depth < 0:
            raise GlobError
        self.out.append({"{": "(?:", ",": "|", "}": ")"}[character])
        return character != "}"

    def star(self, *, begins: bool) -> bool:
        """Whether a segment begins behind it. Two stars that are no whole segment are one."""
        double = self.text.startswith("*", self.at)
        self.at += double
        if double and begins and not self.text[self.at :].strip("}"):
            below = bool(self.out) and self.out[-1] == "/"
            self.out[-1:] = ["(?:/.*)?"] if below else [*self.out[-1:], ".*"]
        elif double and begins and self.text.startswith("/", self.at):
            self.at += 1
            self.out.append("(?:.*/)?")
            return True
        else:
            self.out.append("[^/]*")
        return False

    def one_of(self) -> str:
        negation = ""
        if self.text[self.at : self.at + 1] in {"!", "^"}:
            negation, self.at = "^", self.at + 1
        parts: list[str] = []
        while not self.text.startswith("]", self.at):
            first = last = self.escaped_or_plain()
            if self.text.startswith("-", self.at) and not self.text.startswith("]", self.at + 1):
                self.at += 1
                last = self.escaped_or_plain()
            if first <= last:
                parts.append(f"{re.escape(first)}-{re.escape(last)}")
        self.at += 1
        if not parts:
            raise GlobError
        return f"[{negation}{''.join(parts)}]"

    def escaped_or_plain(self) -> str:
        if self.at >= len(self.text):
            raise GlobError
        character = self.text[self.at]
        self.at += 1
        return self.escaped() if character == "\\" else character

    def escaped(self) -> str:
        if self.at >= len(self.text):
            raise GlobError
        self.at += 1
        return self.text[self.at - 1]
