"""Anchors, tags and directives in the text."""

from __future__ import annotations

import re

from porch.kyaml.comments import CommentScanner
from porch.kyaml.source import BLANKS, BLANKS_BREAKS_OR_END, BREAKS_OR_END, Token

HEX = frozenset("0123456789abcdefABCDEF")
_WORD = re.compile("[-_0-9A-Za-z]*")
_URI = re.compile(r"[-_0-9A-Za-z;/?:@&=+$,.!~*'()\[\]]+|%")


class NameScanner(CommentScanner):
    def scan_anchor(self, kind: str) -> Token:
        start = self.mark()
        self.skip()
        match = _WORD.match(self.text, self.at)
        assert match is not None
        name = match[0]
        if name:
            self.skip(len(name))
        after = self.text[self.at]
        if not name or not (after in BLANKS_BREAKS_OR_END or after in "?:,]}%@`"):
            raise self.fail("did not find expected alphabetic or numeric character")
        return Token(kind, start.at, start.line, start.column, name)

    def scan_tag(self) -> Token:
        start = self.mark()
        if self.text[self.at + 1] == "<":
            self.skip(2)
            handle, suffix = "", self.scan_uri("")
            if self.text[self.at] != ">":
                raise self.fail("did not find the expected '>'")
            self.skip()
        else:
            handle = self.scan_handle()
            if len(handle) > 1 and handle[-1] == "!":
                suffix = self.scan_uri("")
            else:
                handle, suffix = "!", self.scan_uri(handle)
                if not suffix:
                    handle, suffix = "", "!"
        if self.text[self.at] not in BLANKS_BREAKS_OR_END:
            raise self.fail("did not find expected whitespace or line break")
        return Token("tag", start.at, start.line, start.column, handle, suffix)

    def scan_handle(self, *, directive: bool = False) -> str:
        if self.text[self.at] != "!":
            raise self.fail("did not find expected '!'")
        match = _WORD.match(self.text, self.at + 1)
        assert match is not None
        handle = "!" + match[0]
        if self.text[self.at + len(handle)] == "!":
            handle += "!"
        elif directive and handle != "!":
            raise self.fail("did not find expected '!'")
        self.skip(len(handle))
        return handle

    def scan_uri(self, head: str) -> str:
        """A tag without its handle. `head` was taken for a handle first, and is its beginning."""
        result = head[1:].encode()
        found = bool(head)
        while match := _URI.match(self.text, self.at):
            found = True
            result += match[0].encode() if match[0] != "%" else self._uri_escape()
            if match[0] != "%":
                self.skip(len(match[0]))
        if not found:
            raise self.fail("did not find expected tag URI")
        try:
            return result.decode()
        except UnicodeDecodeError as error:
            raise self.fail("found an incorrect leading UTF-8 octet") from error

    def _uri_escape(self) -> bytes:
        digits = self.text[self.at + 1 : self.at + 3]
        if len(digits) < 2 or not HEX.issuperset(digits):
            raise self.fail("did not find URI escaped octet")
        self.skip(3)
        return bytes([int(digits, 16)])

    def scan_directive(self) -> Token:
        start = self.mark()
        self.skip()
        name = ""
        while self.text[self.at].isascii() and (self.text[self.at].isalnum() or self.text[self.at] in "-_"):
            name += self.text[self.at]
            self.skip()
        if not name:
            raise self.fail("could not find expected directive name")
        if self.text[self.at] not in BLANKS_BREAKS_OR_END:
            raise self.fail("found unexpected non-alphabetical character")
        self.skip_blanks()
        token = Token("version" if name == "YAML" else "tag-directive", start.at, start.line, start.column)
        if name == "YAML":
            token.value = self._version()
        elif name == "TAG":
            token.value, token.suffix = self._tag_directive()
        else:
            raise self.fail("found unknown directive name")
        self.skip_blanks()
        if self.text[self.at] == "#":
            self.rest_of_line()
        if self.text[self.at] not in BREAKS_OR_END:
            raise self.fail("did not find expected comment or line break")
        self.skip_break()
        return token

    def _version(self) -> str:
        parts = []
        for end in (".", ""):
            digits = ""
            while self.text[self.at] in "0123456789":
                digits += self.text[self.at]
                self.skip()
            if not digits:
                raise self.fail("did not find expected version number")
            if len(digits) > 2:
                raise self.fail("found extremely long version number")
            if end and self.text[self.at] != end:
                raise self.fail("did not find expected digit or '.' character")
            self.skip(len(end))
            parts.append(str(int(digits)))
        return ".".join(parts)

    def _tag_directive(self) -> tuple[str, str]:
        handle = self.scan_handle(directive=True)
        if self.text[self.at] not in BLANKS:
            raise self.fail("did not find expected whitespace")
        self.skip_blanks()
        prefix = self.scan_uri("")
        if self.text[self.at] not in BLANKS_BREAKS_OR_END:
            raise self.fail("did not find expected whitespace or line break")
        return handle, prefix
