"""Ordinary documents, read line by line: several times as fast as the scanner, and the same nodes.

What Kubernetes resources mostly are is read here: block mappings and lists, scalars on one line, literal blocks,
comments behind a value and directly above what they belong to. Anything else - folded text, anchors, tags, a comment
before an empty line, every mistake - is Unusual, and then the scanner reads, which knows all rules and all errors.
"""

from __future__ import annotations

import re

from porch.krm.errors import YamlError
from porch.krm.scalars import implied_tag
from porch.krm.yaml import MAX_DEPTH, MAX_NODES
from porch.kyaml.compose import compose, split_head
from porch.kyaml.node import Kind, Node, placed

# Tabs, other line breaks than the usual, what YAML forbids; and many blanks, where the scanner stops looking.
_ODD = re.compile(
    "[^\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]|(?<![ \n])[ \n]{100}"
)
_MARKS = re.compile(r"^(?:---|\.\.\.|%)", re.MULTILINE)
_LINE = re.compile(
    r"""(\ *+)(-\ ++)?                                                           # indentation, dash
    (?:([A-Za-z0-9_./][-A-Za-z0-9_./]*+|'[^']*+'|"[^"\\]*+"):(?=\ |$))?\ *+       # key
    ((?:[^\ \-?:,\[\]{}#&*!|<>'"%@`]|[-?:](?=[^\ ]))(?:[^:#]|:(?=[^\ ])|(?<=[^\ ])\#)*+ # value: plain,
      |'(?:[^']|'')*+'|"[^"\\]*+"|\|[-+]?|[\[{][^#]*[\]}]                         # quoted, literal or flow
    )?
    (?:\ *|(?:^|\ +|(?<=\ ))(\#.*))$                                             # comment
    """,
    re.VERBOSE,
)
_WORD = r"[A-Za-z0-9_./$][-A-Za-z0-9_./$=@+]*+(?: ++[-A-Za-z0-9_./$=@+]++)*+"
_FLOW_ITEM = re.compile(rf"""(?:({_WORD}): )? *(?:({_WORD})|'([^']*)'|"([^"\\]*)") *([,}}\]]) *""")
_LONGEST_KEY = 1000
_DEEPEST = MAX_DEPTH // 2
_LONGEST = 2 * MAX_NODES
"""In characters: so much cannot hold more nodes than are allowed."""


class Unusual(Exception):
    """The scanner must read this."""


def compose_plain(text: str, offset: int = 0) -> Node:
    """The root of an ordinary document. Raises Unusual. `offset`: lines that stand before it in its file."""
    explicit = text.startswith("---\n")
    if explicit:
        text, offset = text[4:], offset + 1
    if len(text) > _LONGEST or not text.endswith("\n") or _ODD.search(text) or _MARKS.search(text):
        raise Unusual
    return _Reader(text.split("\n"), offset).read(explicit=explicit)


class _Reader:
    """`top` is the innermost collection that is open, at `column`; `outer` holds those around it."""

    __slots__ = ("at", "column", "head", "lines", "offset", "outer", "top", "waits")

    def __init__(self, lines: list[str], offset: int) -> None:
        self.lines = lines
        self.offset = offset
        self.at = 0
        self.head = ""
        """The comment directly above this line."""
        self.top = Node("sequence", content=[])
        """At first it stands for the document: the root is its item."""
        self.column = -1
        self.outer: list[tuple[int, Node]] = []
        self.waits = 0
        """The row of a key that has no value yet."""

    def read(self, *, explicit: bool) -> Node:
        document = self.top
        before = "" if explicit else self._beginning()
        lines, match_line = self.lines, _LINE.match
        while self.at < len(lines):
            line = lines[self.at]
            self.at += 1
            if not line or line.isspace():
                continue
            match = match_line(line)
            if match is None:
                raise Unusual
            self._line(*match.groups())
        if self.waits:
            self.top.content.append(placed(Node("scalar", "!!null"), self.waits))
        if len(document.content) != 1:
            raise Unusual
        document.content[0].before = before
        return document.content[0]

    def _line(self, indent: str, dash: str | None, key: str | None, value: str | None, comment: str | None) -> None:
        if dash is None and key is None:
            self._own_comment(indent, comment if value is None else None)
            return
        row = self.at + self.offset
        self._go_to(len(indent), row, item=dash is not None)
        field = None
        if key is not None:
            if dash is not None:
                self._open(len(indent) + len(dash), placed(Node("mapping", "!!map", content=[], head=self.head), row))
                self.head = ""
            field = _key(key, row)
            field.head, self.head = self.head, ""
            self.top.content.append(field)
            if value is None:
                self.waits = row
                field.line = comment or ""
                return
        elif value is None:
            raise Unusual  # a dash alone
        assert value is not None
        node = self._value(value, row)
        node.line = comment or ""
        if field is None:
            node.head, self.head = self.head, ""
        self.top.content.append(node)

    def _value(self, value: str, row: int) -> Node:
        match value[0]:
            case '"':
                return placed(Node("scalar", "!!str", value[1:-1], "double"), row)
            case "'":
                return placed(Node("scalar", "!!str", value[1:-1].replace("''", "'"), "single"), row)
            case "|":
                return placed(Node("scalar", "!!str", self._literal(value), "literal"), row)
            case "[" | "{":
                return _flow(value, row)
        plain = value.rstrip(" ")
        return placed(Node("scalar", implied_tag(plain), plain), row)

    def _go_to(self, column: int, row: int, *, item: bool) -> None:
        """Open or end collections, so that a field or item at `column` goes into `top`."""
        if self.waits or self.column < 0:
            if column > self.column or (item and column == self.column):
                made = placed(Node("sequence" if item else "mapping", "!!seq" if item else "!!map", content=[]), row)
                self._open(column, made)
                self.waits = 0
                return
            self.top.content.append(placed(Node("scalar", "!!null"), self.waits))
            self.waits = 0
        while column < self.column or (column == self.column and not item and self.top.kind == "sequence"):
            self.column, self.top = self.outer.pop()
        if column != self.column or (self.top.kind == "sequence") is not item:
            raise Unusual

    def _open(self, column: int, node: Node) -> None:
        self.top.content.append(node)
        self.outer.append((self.column, self.top))
        self.column, self.top = column, node
        if len(self.outer) > _DEEPEST:
            raise Unusual

    # comments

    def _beginning(self) -> str:
        """Comments above the first line of content, with empty lines between them. Returns those of the document."""
        head = ""
        for at, line in enumerate(self.lines):
            text = line.lstrip(" ")
            if not text:
                if head and not head.endswith("\n"):
                    head += "\n"
            elif text[0] == "#":
                head = f"{head}\n{text}" if head else text
            else:
                self.at = at
                before, self.head = split_head(head)
                return before
        raise Unusual

    def _own_comment(self, indent: str, comment: str | None) -> None:
        """Lines of comment and below them, without a gap, what they are the head of, in the same column."""
        if comment is None:
            raise Unusual
        head = [comment]
        while (line := self.lines[self.at]).startswith(indent + "#"):
            head.append(line[len(indent) :])
            self.at += 1
        if not line.startswith(indent) or line[len(indent) : len(indent) + 1] in {"", " ", "#"}:
            raise Unusual
        self.head = "\n".join(head)

    # values

    def _literal(self, header: str) -> str:
        lines, at = self.lines, self.at
        first = lines[at]
        indent = len(first) - len(first.lstrip(" "))
        if indent <= self.column or indent == len(first):
            raise Unusual
        margin = first[:indent]
        content: list[str] = []
        gap = 0  # empty lines that may still be the end
        while at < len(lines) - 1:
            line = lines[at]
            if line.startswith(margin) and len(line) > indent:
                if gap:
                    content += [""] * gap
                    gap = 0
                content.append(line[indent:])
            elif line.isspace() or not line:
                gap += 1
            else:
                break
            at += 1
        self.at = at
        chomp = header[1:]
        return "\n".join(content) + ("" if chomp == "-" else "\n") + ("\n" * gap if chomp == "+" else "")


def _key(text: str, row: int) -> Node:
    if len(text) > _LONGEST_KEY:
        raise Unusual
    if text[0] == '"':
        return placed(Node("scalar", "!!str", text[1:-1], "double"), row)
    if text[0] == "'":
        return placed(Node("scalar", "!!str", text[1:-1], "single"), row)
    return placed(Node("scalar", implied_tag(text), text), row)


def _flow(text: str, row: int) -> Node:
    mapping = text[0] == "{"
    kind: Kind = "mapping" if mapping else "sequence"
    node = placed(Node(kind, "!!map" if mapping else "!!seq", style="flow", content=[]), row)
    at, last = 1, "}" if mapping else "]"
    if len(text) == 2:
        return node
    while match := _FLOW_ITEM.match(text, at):
        key, plain, single, double, mark = match.groups()
        if (key is not None) is not mapping:
            break
        if key is not None:
            node.content.append(placed(Node("scalar", implied_tag(key), key), row))
        if plain is not None:
            node.content.append(placed(Node("scalar", implied_tag(plain), plain), row))
        elif single is not None:
            node.content.append(placed(Node("scalar", "!!str", single, "single"), row))
        else:
            node.content.append(placed(Node("scalar", "!!str", double or "", "double"), row))
        at = match.end()
        if mark != ",":
            if mark == last and at == len(text):
                return node
            break
    return _scanned_flow(text, row)


def _scanned_flow(text: str, row: int) -> Node:
    if text.count("[") + text.count("{") > _DEEPEST or not {"&", "*", "!"}.isdisjoint(text):
        raise Unusual
    try:
        roots = list(compose(text, row - 1))
    except YamlError as error:
        raise Unusual from error
    if len(roots) != 1 or roots[0].style != "flow":
        raise Unusual
    return roots[0]
