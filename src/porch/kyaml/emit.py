"""Nodes to text, byte for byte as Go's yaml.v3 writes it with kyaml's options: indent 2, no folding, lists compact or wide.

Go's writer keeps a few marks about the line that it is on, and comments that wait for the next place where one may
stand. Both are kept here under the same rules, because where a comment lands, and whether an empty line stands before
it, follows from them.
"""

from __future__ import annotations

import re

from porch.kyaml.fields import pairs
from porch.kyaml.node import Node, Style
from porch.krm.scalars import implied_tag
from porch.kyaml.style import BREAK, allowed, choose, double_quoted

_LONG = "tag:yaml.org,2002:"
_BREAK_OR_TEXT = re.compile("[\n\u2028\u2029]|[^\n\u2028\u2029]+")
_URI_UNSAFE = re.compile(r"[^-;/?:@&=+$,_.~*'()\[\]0-9A-Za-z]")
_LONGEST_SIMPLE_KEY = 128


def emit(root: Node, *, wide: bool = False) -> str:
    """A whole document. `wide` indents the items of a list below their key; otherwise they stand in its column."""
    return _Emitter(compact=not wide).document(root)


class _Emitter:
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
        self.moved: Node | None = None  # a key that is a list, whose foot waits elsewhere

    def document(self, root: Node) -> str:
        if root.before:
            self.head = root.before
            self.put_head()
            self.put_break()
        self.take_comments(root)
        self.put_head()
        self.node(root, then="comments")
        self.foot = root.after or self.foot
        self.foot_indent = 0
        self.put_foot()
        self.foot_indent = -1
        self.new_line()
        return "".join(self.out)

    # nodes

    def node(self, node: Node, *, parent: str = "", key: bool = False, then: str = "") -> None:
        """`parent` is `item` for an item of a block list, `field` for a key or value. `key`: a key without `?`.
        `then`: what comes behind the node, or behind the opening of a collection.
        """
        if node.kind == "alias":
            self.indicator("*" + node.value, space=True)
            self.behind(then)
            return
        tag = shown_tag(node)
        if node.anchor:
            self.indicator("&" + node.anchor, space=True)
        if tag:
            self.indicator(tag, space=True)
        if node.kind == "scalar":
            self.scalar(node, item=parent == "item", key=key)
            self.behind(then)
            return
        self.behind(then)
        if self.in_flow or node.style == "flow" or not node.content:
            self.flow(node, item=parent == "item")
        elif node.kind == "mapping":
            self.mapping(node, item=parent == "item")
        else:
            self.sequence(node, parent)

    def behind(self, then: str) -> None:
        if then == "flow" and (self.line or self.foot or self.tail):
            self.indicator(",")
        if then:
            self.put_line()
            self.put_foot()

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

    def mapping(self, node: Node, *, item: bool) -> None:
        before = self.deeper(item=item)
        tail = ""
        for key, value in pairs(node):
            tail = self.take_key(key, tail)
            self.put_head()
            self.new_line()
            if self.line:
                self.key_line, self.line = self.line, ""
            if is_simple_key(key):
                self.node(key, parent="field", key=True)
                self.take_comments(value)
                self.indicator(":")
            else:
                self.indicator("?", space=True, indention=True)
                self.node(key, parent="field")
                self.take_comments(value)
                self.new_line()
                self.indicator(":", space=True, indention=True)
            self.put_key_line(value)
            self.node(value, parent="field", then="comments")
        self.take_end(node, tail)
        self.put_head()
        self.indent = before

    def put_key_line(self, value: Node) -> None:
        """The comment on the line of a key: behind a scalar, or before the lines of a block."""
        if not self.key_line:
            return
        if value.kind == "scalar":
            if not self.line:
                self.line, self.key_line = self.key_line, ""
        elif value.kind != "alias" and value.style != "flow":
            self.line, self.key_line = self.key_line, self.line
            self.put_line()
            self.line, self.key_line = self.key_line, self.line

    def sequence(self, node: Node, parent: str) -> None:
        compact = self.compact and parent == "field" and (self.column == 0 or not self.indention)
        before = self.deeper(item=parent == "item", compact=compact)
        for item in node.content:
            self.take_comments(item)
            self.put_head()
            self.new_line()
            self.indicator("-", space=True, indention=True)
            self.node(item, parent="item", then="comments")
        self.take_end(node)
        self.indent = before

    def flow(self, node: Node, *, item: bool) -> None:
        before = self.deeper(flow=True, item=item)
        content = node.content
        step = 2 if node.kind == "mapping" else 1
        comma, tail = False, ""
        for at in range(0, len(content), step):
            if step == 2:
                tail = self.take_key(content[at], tail)
            else:
                self.take_comments(content[at])
            if at == 0:
                self.open_flow(node)
            elif comma:
                self.indicator(",")
            self.put_head()
            if self.column == 0:
                self.new_line()
            if step == 2:
                self.flow_key(content[at], content[at + 1])
            comma = not (self.line or self.foot or self.tail)
            self.node(content[at + step - 1], parent="field" if step == 2 else "", then="flow")
        self.take_end(node, tail)
        if not content:
            self.open_flow(node)
        self.close_flow(node, before, comma=comma)

    def open_flow(self, node: Node) -> None:
        self.indicator("{" if node.kind == "mapping" else "[", space=True, whitespace=True)
        self.in_flow += 1

    def flow_key(self, key: Node, value: Node) -> None:
        simple = is_simple_key(key)
        if not simple:
            self.indicator("?", space=True)
        self.node(key, parent="field", key=simple)
        self.take_comments(value)
        self.indicator(":", space=not simple)

    def close_flow(self, node: Node, indent: int, *, comma: bool) -> None:
        if node.kind == "mapping":
            if comma and (self.head or self.foot or self.tail):
                self.indicator(",")
            self.put_head()
        self.in_flow -= 1
        self.indent = indent
        if node.kind == "sequence" and self.column == 0:
            self.new_line()
        self.indicator("}" if node.kind == "mapping" else "]")
        self.put_line()
        self.put_foot()

    # scalars

    def scalar(self, node: Node, *, item: bool, key: bool) -> None:
        before = self.deeper(flow=True, item=item)
        value = node.value
        match choose(value, wished_style(node), flow=self.in_flow > 0, key=key):
            case "double":
                self.indicator(double_quoted(value), space=True)
            case "single":
                self.quoted("'" + value.replace("'", "''") + "'")
            case "literal":
                self.block_header("|", value)
                self.block_lines(value)
            case "folded":
                self.block_header(">", value)
                self.folded(value)
            case _:
                if value:
                    self.indicator(value, space=True)
                self.indention = False
        self.indent = before

    def quoted(self, text: str) -> None:
        """In single quotes a line break is an empty line."""
        if not allowed(text).multiline:
            self.indicator(text, space=True)
            return
        self.put_space()
        breaks = False
        for piece in _BREAK_OR_TEXT.findall(text):
            if piece in BREAK:
                if not breaks and piece == "\n":
                    self.put_break()
                self.put_break(piece)
            else:
                if breaks:
                    self.new_line()
                self.put(piece)
                self.indention = False
            breaks = piece in BREAK
        self.whitespace = self.indention = False

    def block_header(self, sign: str, value: str) -> None:
        hint = "2" if value[0] == " " or value[0] in BREAK else ""
        chomp = ""
        if value[-1] not in BREAK:
            chomp = "-"
        elif len(value) == 1 or value[-2] in BREAK:
            chomp = "+"
        self.indicator(sign + hint + chomp, space=True)
        if self.line:
            self.put_line()
        else:
            self.put_break()
        self.whitespace = True

    def block_lines(self, value: str) -> None:
        breaks = True
        for piece in _BREAK_OR_TEXT.findall(value):
            if piece in BREAK:
                self.put_break(piece)
            else:
                if breaks:
                    self.new_line()
                self.put(piece)
                self.indention = False
            breaks = piece in BREAK

    def folded(self, value: str) -> None:
        """Lines are not folded again. The empty line that a line break needs comes where Go puts it."""
        breaks = leading_spaces = True
        extra = value.lstrip(BREAK)[:1] not in {" ", "\t"}
        for piece in _BREAK_OR_TEXT.findall(value):
            if piece in BREAK:
                if not breaks and not leading_spaces and piece == "\n" and extra:
                    self.put_break()
                self.put_break(piece)
            else:
                if breaks:
                    self.new_line()
                    leading_spaces = piece[0] in " \t"
                self.put(piece)
                self.indention = False
            breaks = piece in BREAK

    # comments

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
        else:
            self.moved = key
        return key.foot

    def take_end(self, node: Node, tail: str = "") -> None:
        self.tail = tail or self.tail
        self.line = node.line or self.line
        if node is not self.moved:
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
        for piece in _BREAK_OR_TEXT.findall(text):
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

    # characters

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

    def indicator(self, text: str, *, space: bool = False, whitespace: bool = False, indention: bool = False) -> None:
        if space and not self.whitespace:
            self.put(" ")
        self.put(text)
        self.whitespace = whitespace
        self.indention = self.indention and indention


def shown_tag(node: Node) -> str:
    """The tag as it is written; empty when the text says it without."""
    tag = node.tag
    if not tag:
        return ""
    if not node.tagged:
        if node.kind == "scalar":
            if tag == "!!str" or implied_tag(node.value) == tag:
                return ""
        elif tag == ("!!map" if node.kind == "mapping" else "!!seq"):
            return ""
    if tag.startswith("!"):
        handle = "!!" if tag.startswith("!!") else "!"
        return handle + _uri(tag[len(handle) :])
    return f"!<{_uri(tag)}>"


def _uri(text: str) -> str:
    return _URI_UNSAFE.sub(lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode()), text)


def wished_style(node: Node) -> Style:
    if node.style in {"", "flow"}:
        if "\n" in node.value:
            return "literal"
        if node.tag == "!!str" and not node.tagged and implied_tag(node.value) != "!!str":
            return "double"
        return ""
    return node.style


def is_simple_key(key: Node) -> bool:
    """Whether a key can stand before its `:` without a `?`."""
    if key.kind == "alias":
        return len(key.value) <= _LONGEST_SIMPLE_KEY
    if key.kind != "scalar" and key.content:
        return False
    value = key.value
    if len(value) < 40 and value.isascii() and not key.anchor and not key.tagged:
        return "\n" not in value and "\r" not in value
    if allowed(value).multiline:
        return False
    tag = shown_tag(key).strip("<>") if key.tag else ""
    return len(key.anchor) + len(tag) + len(value.encode()) <= _LONGEST_SIMPLE_KEY
