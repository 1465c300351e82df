"""Scalars as they are written: on the line, in quotes over lines, or as a block below; and the tag before them."""

from __future__ import annotations

import re
from functools import lru_cache

from porch.krm.scalars import implied_tag
from porch.krm.style import BREAK, Style, allowed, choose, double_quoted
from porch.kyaml.node import Node
from porch.kyaml.writer import BREAK_OR_TEXT, Writer

_URI_UNSAFE = re.compile(r"[^-;/?:@&=+$,_.~*'()\[\]0-9A-Za-z]")
_LONGEST_SIMPLE_KEY = 128
_LONGEST_KEPT = 200
"""Longer texts are rarely seen again."""


class ScalarWriter(Writer):
    def scalar(self, node: Node, *, item: bool, key: bool) -> None:
        before = self.deeper(flow=True, item=item)
        value = node.value
        match choose(value, wished_style(node), flow=self.in_flow > 0, key=key):
            case "double":
                self.indicator(double_quoted(value), space=True)
            case "single":
                self.quoted(value.replace("'", "''"))
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
            self.indicator(f"'{text}'", space=True)
            return
        self.indicator("'", space=True)
        breaks = False
        for piece in BREAK_OR_TEXT.findall(text):
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
        self.indicator("'")

    def block_header(self, sign: str, value: str) -> None:
        # Before a tab, too, where Go writes none and then cannot read its own text.
        hint = "2" if value[0] in " \t" or value[0] in BREAK else ""
        chomp = ""
        if value[-1] not in BREAK:
            chomp = "-"
        elif len(value) == 1 or value[-2] in BREAK:
            chomp = "+"
        self.indicator(sign + hint + chomp, space=True)
        if self.line:
            self.line = self.line.replace("\n", " ")  # Go writes its second line into the text of the block
            self.put_line()
        else:
            self.put_break()
        self.whitespace = True

    def block_lines(self, value: str) -> None:
        breaks = True
        for piece in BREAK_OR_TEXT.findall(value):
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
        for piece in BREAK_OR_TEXT.findall(value):
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


def one_line(node: Node, *, key: bool = False) -> str | None:
    """The scalar as it stands in a block, when it is one line without anchor or tag; else None."""
    if node.kind != "scalar" or node.anchor or node.tagged:
        return None
    if len(node.value) > _LONGEST_KEPT:
        return _one_line.__wrapped__(node.value, node.style, node.tag, key)
    return _one_line(node.value, node.style, node.tag, key)


@lru_cache(maxsize=8192)
def _one_line(value: str, style: Style, tag: str, key: bool) -> str | None:
    node = Node("scalar", tag, value, style)
    if shown_tag(node) or (key and not is_simple_key(node)):
        return None
    match choose(value, wished_style(node), flow=False, key=key):
        case "double":
            return double_quoted(value)
        case "single":
            return None if allowed(value).multiline else "'" + value.replace("'", "''") + "'"
        case "":
            return value
    return None


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
        # Go writes a string `<<` plain, and then it is read as a merge.
        means_more = node.value == "<<" or implied_tag(node.value) != "!!str"
        return "double" if node.tag == "!!str" and not node.tagged and means_more else ""
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
