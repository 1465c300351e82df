"""Comments, found while the scanner goes on to the next token, and whose they are: the rules of Go's yaml.v3.

A comment behind something is a line comment. One on lines of its own is the head of what follows, unless an empty line
comes after it and none before it: then it is the foot of what stood before. One that stands further left than the block
that it follows is a foot as well, and so is the last one in a flow collection.
"""

from __future__ import annotations

from porch.kyaml.source import BLANKS, BREAKS, BREAKS_OR_END, Comment, Mark, Source

_LOOK_AHEAD = 512
"""Go looks no further for a comment."""


class CommentScanner(Source):
    def scan_line_comment(self, token: int) -> None:
        """A comment behind the token at `token`."""
        if self.newlines > 0:
            return
        at, text = self.at, self.text
        while text[at] in BLANKS and at - self.at < _LOOK_AHEAD:
            at += 1
        if text[at] != "#" or at - self.at >= _LOOK_AHEAD:
            return
        self.at = at
        start = self.mark()
        self.comments.append(Comment(token, start, line=self.rest_of_line()))

    def head_under_dash(self) -> None:
        """In `- # comment` the dash has no text that a line comment could belong to: it is a head of what follows."""
        if not self.comments or len(self.tokens) < 2 or not self.comments[-1].line:
            return
        if self.tokens[-2].kind != "sequence-start" or self.tokens[-1].kind != "entry" or self.text[self.at] in BREAKS:
            return
        comment = self.comments[-1]
        comment.head, comment.line = comment.line, ""
        if comment.start.line == self.line - 1:
            comment.token = self.at

    def scan_comments(self, begin: Mark) -> None:
        """Comments from here to the next token. `begin`: where the way to it began."""
        _CommentLines(self, begin).scan()


class _CommentLines:
    """The lines of comments between two tokens, and the parts of the comment that is being put together."""

    def __init__(self, source: Source, begin: Mark) -> None:
        self.source = source
        self.scanned = begin.at
        before = source.tokens[-1]
        if before.kind == "," and len(source.tokens) > 1:
            before = source.tokens[-2]
        self.token = before.at
        self.after_value = before.kind == ":"
        self.first_gap = source.newlines <= 1  # no empty line was there yet
        self.gap = False
        # Where a comment must start to be a foot of what stands before it.
        self.foot_line = -1
        if begin.line > 0:
            self.foot_line = source.line - source.newlines + 1
            if source.newlines == 0 and source.column > 1:
                self.foot_line += 1
        self.line, self.column = source.line, source.column
        self.start = Mark(0, 0, 0)
        self.parts: list[str] = []

    def scan(self) -> None:
        source = self.source
        block = max(source.indent, 0)
        peek = 0
        while peek < _LOOK_AHEAD:
            self.column += 1
            character = source.text[source.at + peek]
            if character in BLANKS:
                peek += 1
                continue
            closes = source.flow_level > 0 and character in "]}"
            if closes or character in BREAKS_OR_END:
                if closes or not self.gap:
                    self.end_of_lines(peek, block, character, closes=closes)
                if character not in BREAKS:
                    break
                self.first_gap, self.gap = False, True
                self.column = 0
                self.line += 1
                peek += 1
                continue
            if self.parts and self.column - 1 < block and self.column != self.start.column:
                self.add_foot(peek)
            if character != "#":
                break
            self.take_line(peek)
            block = max(source.indent, 0)
            peek = 1
        if self.parts:
            end = source.at + peek - 1
            source.comments.append(Comment(self.start.at, self.start, self.scanned, end, head="".join(self.parts)))

    def end_of_lines(self, peek: int, block: int, character: str, *, closes: bool) -> None:
        """An empty line, or the end: what is put together so far belongs to what stood before, or goes on."""
        left = self.start.column - 1 < block
        if closes or (self.first_gap and ((self.start.line == self.foot_line and not self.after_value) or left)):
            if self.parts:
                if left:
                    self.token = self.start.at
                self.add_foot(peek)
        elif self.parts and character != "\0":
            self.parts.append("\n")

    def add_foot(self, peek: int) -> None:
        end = self.source.at + peek
        self.source.comments.append(Comment(self.token, self.start, self.scanned, end, foot="".join(self.parts)))
        self.scanned = self.token = end
        self.parts = []

    def take_line(self, peek: int) -> None:
        source = self.source
        if self.parts:
            self.parts.append("\n")
        else:
            self.start = Mark(source.at + peek, self.line, self.column)
        self.gap = False
        hash_at = source.at + peek
        while source.at < hash_at:
            source.skip_blanks()
            source.skip_break()
        self.parts.append(source.rest_of_line())
        self.column, self.line = 0, source.line
