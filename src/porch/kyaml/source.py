"""Where the scanner is in the text, and what it has found so far: the base of the parts of the scanner.

`newlines` counts the line breaks since the last character that is no blank; with it a comment behind something is told
from one on a line of its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from porch.krm.errors import YamlError

BREAKS = frozenset("\n\r\x85\u2028\u2029")
BREAKS_OR_END = BREAKS | {"\0"}
BLANKS = frozenset(" \t")
BLANKS_BREAKS = BLANKS | BREAKS
BLANKS_BREAKS_OR_END = BLANKS | BREAKS_OR_END
_NOT_ALLOWED = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LINE = re.compile("[^\0\n\r\x85\u2028\u2029]*")
_END = "\0" * 520  # how far the comment scanner looks ahead


@dataclass(slots=True)
class Mark:
    at: int
    line: int
    """Counts from 0."""
    column: int


@dataclass(slots=True)
class Token:
    kind: str
    at: int
    line: int
    column: int
    value: str = ""
    suffix: str = ""
    style: str = ""


@dataclass(slots=True)
class Comment:
    """`token` is the place in the text from which on a token takes the comment along."""

    token: int
    start: Mark
    scanned: int = 0
    end: int = 0
    head: str = ""
    line: str = ""
    foot: str = ""


class Source:
    def __init__(self, text: str, offset: int = 0) -> None:
        if bad := _NOT_ALLOWED.search(text):
            problem = "control characters are not allowed"
            raise YamlError(problem, text.count("\n", 0, bad.start()) + 1 + offset)
        self.offset = offset
        """Lines that stand before this text in its file."""
        self.text = text.removeprefix("\ufeff") + _END
        self.at = 0
        self.line = 0
        self.line_start = 0
        self.newlines = 0
        self.indent = -1
        self.flow_level = 0
        self.key_allowed = False  # a simple key may start here
        self.tokens: list[Token] = []
        self.comments: list[Comment] = []

    @property
    def column(self) -> int:
        return self.at - self.line_start

    def mark(self) -> Mark:
        return Mark(self.at, self.line, self.column)

    def skip(self, count: int = 1) -> None:
        """Go past characters that are no blanks."""
        self.at += count
        self.newlines = 0

    def skip_blanks(self, blanks: str = " \t") -> None:
        text, at = self.text, self.at
        while text[at] in blanks:
            at += 1
        self.at = at

    def skip_break(self) -> str:
        """Go past a line break. Returns what it means in a text."""
        character = self.text[self.at]
        if character not in BREAKS:
            return ""
        self.at += 2 if self.text.startswith("\r\n", self.at) else 1
        self.line += 1
        self.line_start = self.at
        self.newlines += 1
        return character if character in "\u2028\u2029" else "\n"

    def rest_of_line(self) -> str:
        match = _LINE.match(self.text, self.at)
        assert match is not None
        rest = match[0]
        self.at += len(rest)
        if rest.strip(" \t"):
            self.newlines = 0
        return rest

    def is_document_mark(self, which: tuple[str, ...] = ("---", "...")) -> bool:
        return (
            self.at == self.line_start
            and self.text.startswith(which, self.at)
            and self.text[self.at + 3] in BLANKS_BREAKS_OR_END
        )

    def fail(self, problem: str, line: int | None = None) -> YamlError:
        return YamlError(problem, (self.line if line is None else line) + 1 + self.offset)
