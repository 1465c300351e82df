"""The line that is being written, and the comments that wait for a place: Go's writer keeps the same marks.

Where a comment lands, and whether an empty line stands before it, follows from them; so they are kept under the same
rules, and every method here is one of Go's.
"""

from __future__ import annotations

import re

from porch.krm.style import BREAK
from porch.kyaml.node import Node

BREAK_OR_TEXT = re.compile("[\n\u2028\u2029]|[^\n\u2028\u2029]+")


class Writer:
    def __init__(self, *, compact: bool) -> None:
        self.out: list[str] = []
        self.compact = compact
        self.indent = -1
        self.column = 0
        self.whitespace = True  # the last character written is a blank, or the line is new
        self.indention = True  # nothing but indentation and indicators stand on the line
        self.foot_indent = -1  # where the last foot comment stood: an empty line follows it there
        self.in_flow = 0
        self.head = self.line = self.foot = self.tail = self.key_line = ""  # comments that wait
        self.moved: set[int] = set()  # keys that are collections, whose foot waits elsewhere

    def take_comments(self, node: Node) -> None:
        """The comments that come with the beginning of a node begin to wait."""
        self.head = node.head or self.head
        if node.kind in {"scalar", "alias"}:
            self.line = node.line or self.line
            self.foot = node.foot or self.foot

    def take_key(self, key: Node, tail: str) -> str:
        """`tail` is the foot of the key before. Returns that of this one, which waits until its value is written."""
        self.head = key.head or self.head
        if key.kind in {"scalar", "alias"}:
            self.line = key.line or self.line
        if key.kind in {"scalar", "mapping"}:
            self.tail = tail or self.tail
        if key.foot and key.kind in {"mapping", "sequence"}:
            self.moved.add(id(key))
        return key.foot

    def take_end(self, node: Node, tail: str = "") -> None:
        self.tail = tail or self.tail
        self.line = node.line or self.line
        if id(node) not in self.moved:
            self.foot = node.foot or self.foot

    def put_head(self) -> None:
        if self.tail:
            self.new_line()
            self.comment(self.tail)
            self.tail = ""
            self.foot_indent = max(self.indent, 0)
        if self.head:
            self.new_line()
            self.comment(self.head)
            self.head = ""

    def put_line(self) -> None:
        if self.line:
            self.put_space()
            self.comment(self.line)
            self.line = ""

    def put_foot(self) -> None:
        if self.foot:
            self.new_line()
            self.comment(self.foot)
            self.foot = ""
            self.foot_indent = max(self.indent, 0)

    def comment(self, text: str) -> None:
        breaks = False
        for piece in BREAK_OR_TEXT.findall(text):
            if piece in BREAK:
                self.put_break(piece)
            else:
                if breaks:
                    self.new_line()
                self.put(piece if piece[0] == "#" else "# " + piece)
                self.indention = False
            breaks = piece in BREAK
        if not breaks:
            self.put_break()
        self.whitespace = True

    def deeper(self, *, flow: bool = False, item: bool = False, compact: bool = False) -> int:
        """Go one level in. Returns the indentation to come back to."""
        before = self.indent
        if before < 0:
            self.indent = 2 if flow else 0
        elif item:
            self.indent = before + 2
        else:
            self.indent = 2 * ((before + 2) // 2) - (2 if compact else 0)
        return before

    def put(self, text: str) -> None:
        self.out.append(text)
        self.column += len(text)

    def put_space(self) -> None:
        if not self.whitespace:
            self.put(" ")

    def put_break(self, character: str = "\n") -> None:
        self.out.append(character)
        self.column = 0
        self.indention = True

    def new_line(self) -> None:
        """Go to the indentation, on this line when nothing stands there yet."""
        indent = max(self.indent, 0)
        if not self.indention or self.column > indent or (self.column == indent and not self.whitespace):
            self.put_break()
        if self.foot_indent == indent:
            self.put_break()
        if self.column < indent:
            self.put(" " * (indent - self.column))
        self.whitespace = True
        self.foot_indent = -1

    def own_line(self, text: str) -> None:
        """A line whose text is known; what follows on it is separated by a blank."""
        if self.indention or self.foot_indent >= 0 or self.indent <= 0:
            self.new_line()
            self.out.append(text)
        else:
            self.out.append("\n" + " " * self.indent + text)
        self.column = 1 + len(text)
        self.whitespace = self.indention = False

    def indicator(self, text: str, *, space: bool = False, whitespace: bool = False, indention: bool = False) -> None:
        if space and not self.whitespace:
            self.put(" ")
        self.put(text)
        self.whitespace = whitespace
        self.indention = self.indention and indention
