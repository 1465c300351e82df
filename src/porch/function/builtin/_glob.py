"""Patterns of file paths as Go's doublestar reads them: `*`, `**` for any number of directories, `?`, `[a-z]`, `{a,b}`."""

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

    def translate(self) -> str:
        out: list[str] = []
        depth = 0
        segment = True  # whether a segment of the path begins here
        while self.at < len(self.text):
            character = self.text[self.at]
            self.at += 1
            begins, segment = segment, character == "/"
            match character:
                case "*":
                    part, segment = self.star(begins=begins, out=out)
                    out.append(part)
                case "?":
                    out.append("[^/]")
                case "[":
                    out.append(self.one_of())
                case "{":
                    out.append("(?:")
                    depth, segment = depth + 1, True
                case "," if depth:
                    out.append("|")
                    segment = True
                case "}" if depth:
                    out.append(")")
                    depth -= 1
                case "\\":
                    out.append(re.escape(self.escaped()))
                case _:
                    out.append(re.escape(character))
        if depth:
            raise GlobError
        return "".join(out)

    def star(self, *, begins: bool, out: list[str]) -> tuple[str, bool]:
        """What a star stands for, and whether a segment begins behind it. Two are one when they are no whole segment."""
        if not self.text.startswith("*", self.at):
            return "[^/]*", False
        self.at += 1
        if begins and self.at == len(self.text):
            if out and out[-1] == "/":
                out.pop()
                return "(?:/.*)?", False
            return ".*", False
        if begins and self.text.startswith("/", self.at):
            self.at += 1
            return "(?:.*/)?", True
        return "[^/]*", False

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
