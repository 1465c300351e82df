"""Cuts a script into tokens, lazily, so that the first mistake in the text is the one that is told.

Indentation becomes `indent` and `outdent` tokens, as the grammar wants. Columns count characters, from 1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from porch.function.builtin.starlark.errors import ScriptSyntaxError
from porch.function.builtin.starlark.literals import unquote

EOF, NEWLINE, INDENT, OUTDENT = "end of file", "newline", "indent", "outdent"
IDENT, INT, FLOAT, STRING, BYTES = "identifier", "int literal", "float literal", "string literal", "bytes literal"
ILLEGAL = "illegal token"
KEYWORDS = frozenset(
    [
        "and",
        "break",
        "continue",
        "def",
        "elif",
        "else",
        "for",
        "if",
        "in",
        "lambda",
        "load",
        "not",
        "or",
        "pass",
        "return",
        "while",
    ]
)
_RESERVED = frozenset(
    [
        "as",
        "async",
        "await",
        "class",
        "del",
        "except",
        "finally",
        "from",
        "global",
        "import",
        "is",
        "nonlocal",
        "raise",
        "try",
        "with",
        "yield",
    ]
)
_TAB = 8

_BLANKS = re.compile(r"[ \t]*")
_COMMENT = re.compile(r"#[^\r\n]*")
_NEWLINE = re.compile(r"\r\n|\r|\n")
_NAME = re.compile(r"[^\W\d]\w*")
_OPERATOR = re.compile(r"\*\*|//=|<<=|>>=|//|<<|>>|==|!=|<=|>=|\+=|-=|\*=|/=|%=|&=|\|=|\^=|[-+*/%&|^~.,=;:()\[\]{}<>]")
_NUMBER = re.compile(r"0[xX][0-9a-fA-F]*|0[oO][0-7]*|0[bB][01]*|(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d*)?", re.ASCII)
_QUOTED = {
    '"': re.compile(r'"(?:[^"\\\r\n]|\\(?:\r\n|(?s:.)))*"'),
    "'": re.compile(r"'(?:[^'\\\r\n]|\\(?:\r\n|(?s:.)))*'"),
    '"""': re.compile(r'"""(?:[^"\\]|\\(?s:.)|"(?!""))*"""'),
    "'''": re.compile(r"'''(?:[^'\\]|\\(?s:.)|'(?!''))*'''"),
}
_PREFIX = re.compile(r"(?:rb|r|b)?(\"\"\"|'''|\"|')")


@dataclass(slots=True)
class Token:
    """`kind` is as error messages call it; an operator or keyword is its own kind."""

    kind: str
    line: int
    column: int
    end_line: int
    end_column: int
    value: Any = None


def described(kind: str) -> str:
    """A token's kind in a message: punctuation is quoted, words are not."""
    return f"'{kind}'" if not kind[0].isalpha() else kind


class Scanner:
    """Where we are in the text, and how deep in brackets and indentation."""

    def __init__(self, program: str, text: str) -> None:
        self.program = program
        self.text = text
        self.at = 0
        self.line = 1
        self.line_start = 0
        self.depth = 0
        self.indents = [0]

    def tokens(self) -> Iterator[Token]:
        fresh = True
        while True:
            blanks = self._move(_BLANKS)
            if comment := _COMMENT.match(self.text, self.at):
                self.at = comment.end()
            newline = _NEWLINE.match(self.text, self.at)
            if fresh and not newline and self.at < len(self.text) and not self.depth:
                yield from self._dents(_width(blanks))
            if newline:
                token = self._newline(newline)
                if not fresh and not self.depth:
                    yield token
                fresh = fresh or not self.depth
                continue
            if self.at >= len(self.text):
                yield from self._end(fresh)
                return
            if self.text[self.at] == "\\":
                self._continuation()
                continue
            fresh = False
            yield self._token()

    def fail(self, message: str, line: int = 0, column: int = 0) -> ScriptSyntaxError:
        return ScriptSyntaxError(self.program, line or self.line, column or self._column(), message)

    def _column(self) -> int:
        return self.at - self.line_start + 1

    def _move(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.at)
        assert found
        self.at = found.end()
        return found[0]

    def _newline(self, found: re.Match[str]) -> Token:
        line, column = self.line, self._column()
        self.at = self.line_start = found.end()
        self.line += 1
        return Token(NEWLINE, line, column, self.line, 1)

    def _continuation(self) -> None:
        self.at += 1
        found = _NEWLINE.match(self.text, self.at)
        if not found:
            raise self.fail("stray backslash in program")
        self._newline(found)

    def _dents(self, width: int) -> Iterator[Token]:
        here = (self.line, self._column()) * 2
        if width > self.indents[-1]:
            self.indents.append(width)
            yield Token(INDENT, *here)
        elif width < self.indents[-1]:
            closed = [indent for indent in self.indents if indent > width]
            del self.indents[-len(closed) :]
            if self.indents[-1] != width:
                raise self.fail("unindent does not match any outer indentation level")
            yield from (Token(OUTDENT, *here) for _ in closed)

    def _end(self, fresh: bool) -> Iterator[Token]:
        here = (self.line, self._column()) * 2
        if len(self.indents) > 1:
            if not fresh:
                yield Token(NEWLINE, *here)
            yield from (Token(OUTDENT, *here) for _ in self.indents[1:])
        yield Token(EOF, *here)

    def _token(self) -> Token:
        char = self.text[self.at]
        if prefix := _PREFIX.match(self.text, self.at):
            return self._string(prefix)
        if name := _NAME.match(self.text, self.at):
            word = name[0]
            kind = word if word in KEYWORDS else ILLEGAL if word in _RESERVED else IDENT
            return self._made(kind, name.end(), word)
        if char.isdigit() or (char == "." and self.text[self.at + 1 : self.at + 2].isdigit()):
            return self._number()
        found = _OPERATOR.match(self.text, self.at)
        if not found:
            raise self.fail(f"unexpected input character {_shown(char)}")
        self._bracket(found[0])
        return self._made(found[0], found.end())

    def _bracket(self, operator: str) -> None:
        if operator in "([{":
            self.depth += 1
        elif operator in ")]}":
            if not self.depth:
                raise self.fail(f"unexpected '{operator}'")
            self.depth -= 1

    def _made(self, kind: str, end: int, value: Any = None) -> Token:
        line, column = self.line, self._column()
        if kind in {STRING, BYTES}:
            for newline in _NEWLINE.finditer(self.text, self.at, end):
                self.line += 1
                self.line_start = newline.end()
        self.at = end
        return Token(kind, line, column, self.line, self._column(), value)

    def _string(self, prefix: re.Match[str]) -> Token:
        opening = prefix.start(1)
        found = _QUOTED[prefix[1]].match(self.text, opening)
        if not found:
            rest = self.text[opening + 1 :]
            ends = len(prefix[1]) == 3 or not re.match(r"(?:[^\\\r\n]|\\(?s:.))*[\r\n]", rest)
            raise self.fail(f"unexpected {'EOF' if ends else 'newline'} in string")
        line, column = self.line, self._column() + opening - self.at
        try:
            value = unquote(self.text[self.at : found.end()])
        except ValueError as error:
            raise self.fail(str(error), line, column) from None
        return self._made(BYTES if isinstance(value, bytes) else STRING, found.end(), value)

    def _number(self) -> Token:
        found = _NUMBER.match(self.text, self.at)
        if not found:
            raise self.fail(f"unexpected input character {_shown(self.text[self.at])}")
        word = found[0]
        line, column = self.line, self._column()
        base = {"x": 16, "o": 8, "b": 2}.get(word[1:2].lower(), 10) if word[0] == "0" else 10
        if base != 10:
            if len(word) == 2:
                names = {16: "hex", 8: "octal", 2: "binary"}
                raise self.fail(f"invalid {names[base]} literal", line, column + (0 if base == 16 else 2))
            return self._made(INT, found.end(), int(word[2:], base))
        if word.isdigit():
            return self._decimal(word, found.end())
        try:
            value = float(word)
        except ValueError:
            raise self.fail("invalid float literal", line, column + len(word)) from None
        if value == float("inf"):
            raise self.fail("invalid float literal", line, column + len(word))
        return self._made(FLOAT, found.end(), value)

    def _decimal(self, word: str, end: int) -> Token:
        if word[0] == "0" and word.strip("0"):
            if word.strip("01234567"):
                raise self.fail("invalid int literal")
            raise self.fail(f"obsolete form of octal literal; use 0o{word[1:]}", self.line, self._column() + len(word))
        if len(word) > 4000:
            raise self.fail("invalid int literal")
        return self._made(INT, end, int(word))


def _width(blanks: str) -> int:
    column = 0
    for char in blanks:
        column += 1 if char == " " else _TAB - column % _TAB
    return column


def _shown(char: str) -> str:
    return f"'{char}'" if char == "!" else f"`{char}`" if char.isprintable() and char != "`" else repr(char)
