"""Scalars in the text: plain ones, quoted ones and blocks, with what their line breaks mean."""

from __future__ import annotations

import re

from porch.kyaml.names import HEX, NameScanner
from porch.kyaml.source import BLANKS, BLANKS_BREAKS, BLANKS_BREAKS_OR_END, BREAKS, BREAKS_OR_END, Mark, Token

_IN_SINGLE = re.compile("[^' \t\0\n\r\x85\u2028\u2029]+")
_IN_DOUBLE = re.compile('[^"\\\\ \t\0\n\r\x85\u2028\u2029]+')
_STOP = " \t\0\n\r\x85\u2028\u2029"
_PLAIN = re.compile(f"(?:[^:{_STOP}]|:(?![{_STOP}]))+")
_PLAIN_IN_FLOW = re.compile(f"(?:[^:,?\\[\\]{{}}{_STOP}]|:(?![{_STOP}]))+")
_ESCAPES = {
    "0": "\0",
    "a": "\a",
    "b": "\b",
    "t": "\t",
    "\t": "\t",
    "n": "\n",
    "v": "\v",
    "f": "\f",
    "r": "\r",
    "e": "\x1b",
    " ": " ",
    '"': '"',
    "'": "'",
    "\\": "\\",
    "N": "\x85",
    "_": "\xa0",
    "L": "\u2028",
    "P": "\u2029",
}
_HEX_ESCAPES = {"x": 2, "u": 4, "U": 8}


class _Folding:
    """Blanks and line breaks inside a scalar that goes over lines: one break is a blank, more are one less."""

    def __init__(self) -> None:
        self.blanks = ""
        self.first = ""
        self.more = ""
        self.broken = False  # a line break was there

    def add_blank(self, character: str) -> None:
        if not self.broken:
            self.blanks += character

    def add_break(self, character: str) -> None:
        if self.broken:
            self.more += character
        else:
            self.broken, self.blanks, self.first = True, "", character

    def take(self) -> str:
        if not self.broken:
            result = self.blanks
        elif self.first == "\n":
            result = self.more or " "
        else:
            result = self.first + self.more
        self.blanks = self.first = self.more = ""
        self.broken = False
        return result


class WordScanner(NameScanner):
    def scan_plain(self) -> Token:
        start = self.mark()
        value: list[str] = []
        folding = _Folding()
        while not self.is_document_mark() and self.text[self.at] != "#":
            if part := self._plain_part():
                value += [folding.take(), part]
            if self.text[self.at] not in BLANKS_BREAKS:
                break
            self._plain_gap(folding)
            if self.flow_level == 0 and self.column < self.indent + 1:
                break
        if folding.broken:
            self.key_allowed = True
        return Token("scalar", start.at, start.line, start.column, "".join(value))

    def _plain_part(self) -> str:
        match = (_PLAIN_IN_FLOW if self.flow_level else _PLAIN).match(self.text, self.at)
        if match is None:
            return ""
        self.skip(len(match[0]))
        return match[0]

    def _plain_gap(self, folding: _Folding) -> None:
        while (character := self.text[self.at]) in BLANKS_BREAKS:
            if character in BREAKS:
                folding.add_break(self.skip_break())
                continue
            if folding.broken and character == "\t" and self.column < self.indent + 1:
                raise self.fail("found a tab character that violates indentation")
            folding.add_blank(character)
            self.at += 1

    def scan_quoted(self, quote: str) -> Token:
        start = self.mark()
        self.skip()
        value: list[str] = []
        while True:
            if self.is_document_mark():
                raise self.fail("found unexpected document indicator")
            if self.text[self.at] == "\0":
                raise self.fail("found unexpected end of stream", start.line)
            folding = _Folding()
            self._quoted_part(quote, value, folding)
            if self.text[self.at] == quote:
                break
            while (character := self.text[self.at]) in BLANKS_BREAKS:
                if character in BREAKS:
                    folding.add_break(self.skip_break())
                else:
                    folding.add_blank(character)
                    self.at += 1
            value.append(folding.take())
        self.skip()
        style = "single" if quote == "'" else "double"
        return Token("scalar", start.at, start.line, start.column, "".join(value), style=style)

    def _quoted_part(self, quote: str, value: list[str], folding: _Folding) -> None:
        pattern = _IN_SINGLE if quote == "'" else _IN_DOUBLE
        while (character := self.text[self.at]) not in BLANKS_BREAKS_OR_END:
            if match := pattern.match(self.text, self.at):
                value.append(match[0])
                self.skip(len(match[0]))
            elif character == "'":
                if self.text[self.at + 1] != "'":
                    return
                value.append("'")
                self.skip(2)
            elif character == '"':
                return
            elif self.text[self.at + 1] in BREAKS:
                self.skip()
                self.skip_break()
                folding.broken = True  # an escaped line break: nothing is left of it, nor of the blanks behind it
                return
            else:
                value.append(self._escape())

    def _escape(self) -> str:
        sign = self.text[self.at + 1]
        if sign in _ESCAPES:
            self.skip(2)
            return _ESCAPES[sign]
        if sign not in _HEX_ESCAPES:
            raise self.fail("found unknown escape character")
        self.skip(2)
        length = _HEX_ESCAPES[sign]
        digits = self.text[self.at : self.at + length]
        if not HEX.issuperset(digits):
            raise self.fail("did not find expected hexdecimal number")
        code = int(digits, 16)
        if 0xD800 <= code <= 0xDFFF or code > 0x10FFFF:
            raise self.fail("found invalid Unicode character escape code")
        self.skip(length)
        return chr(code)

    def scan_block(self, style: str) -> Token:
        start = self.mark()
        self.skip()
        keep, hint = self._block_header(start)
        indent = max(self.indent, 0) + hint if hint else 0
        breaks, indent = self._block_breaks(indent)
        value: list[str] = []
        first = ""
        was_blank = False
        while self.column == indent and self.text[self.at] != "\0":
            blank = self.text[self.at] in BLANKS
            if style == "folded" and first == "\n" and not was_blank and not blank:
                if not breaks:
                    value.append(" ")
            else:
                value.append(first)
            value.append(breaks)
            was_blank = blank
            value.append(self.rest_of_line())
            first = self.skip_break()
            breaks, indent = self._block_breaks(indent)
        if keep != "-":
            value.append(first)
        if keep == "+":
            value.append(breaks)
        return Token("scalar", start.at, start.line, start.column, "".join(value), style=style)

    def _block_header(self, start: Mark) -> tuple[str, int]:
        keep, hint = "", 0
        for _ in range(2):
            sign = self.text[self.at]
            if sign in "+-" and not keep:
                keep = sign
            elif sign in "0123456789" and not hint:
                if sign == "0":
                    raise self.fail("found an indentation indicator equal to 0")
                hint = int(sign)
            else:
                break
            self.skip()
        self.skip_blanks()
        if self.text[self.at] == "#":
            self.scan_line_comment(start.at)
        if self.text[self.at] not in BREAKS_OR_END:
            raise self.fail("did not find expected comment or line break")
        self.skip_break()
        return keep, hint

    def _block_breaks(self, indent: int) -> tuple[str, int]:
        """Empty lines before the next line of a block scalar. Finds its indentation when `indent` is 0."""
        breaks = ""
        deepest = 0
        while True:
            while (indent == 0 or self.column < indent) and self.text[self.at] == " ":
                self.at += 1
            deepest = max(deepest, self.column)
            if (indent == 0 or self.column < indent) and self.text[self.at] == "\t":
                raise self.fail("found a tab character where an indentation space is expected")
            if self.text[self.at] not in BREAKS:
                break
            breaks += self.skip_break()
        return breaks, indent or max(deepest, self.indent + 1, 1)
