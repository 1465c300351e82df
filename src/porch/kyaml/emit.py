"""Nodes to text, byte for byte as Go's yaml.v3 writes it with kyaml's options: indent 2, no folding, lists compact or
wide.

Fields and items that are one line, which most are, are put together at once; the others go step by step.
"""

from __future__ import annotations

from porch.kyaml.fields import pairs
from porch.kyaml.node import Node
from porch.kyaml.write_scalar import ScalarWriter, is_simple_key, one_line, shown_tag


def emit(root: Node, *, wide: bool = False) -> str:
    """A whole document. `wide` indents the items of a list below their key; otherwise they stand in its column."""
    return _Emitter(compact=not wide).document(root)


class _Emitter(ScalarWriter):
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
        if self.in_flow or node.style == "flow" or not node.content:
            if not self.line:
                self.behind(then)
            self.flow(node, item=parent == "item")
            return
        self.behind(then)
        if node.kind == "mapping":
            self.mapping(node, item=parent == "item")
        else:
            self.sequence(node, parent)

    def behind(self, then: str) -> None:
        if then == "flow" and (self.line or self.foot or self.tail):
            self.indicator(",")
        if then:
            self.put_line()
            self.put_foot()

    def mapping(self, node: Node, *, item: bool) -> None:
        before = self.deeper(item=item)
        tail = ""
        for key, value in pairs(node):
            if tail or not self.quick_field(key, value):
                tail = self.field(key, value, tail)
        self.take_end(node, tail)
        self.put_head()
        self.indent = before

    def quick_field(self, key: Node, value: Node) -> bool:
        """Write a field whose key is one line and takes no comment along. False when it must go step by step."""
        if key.line or key.foot or self.line or self.foot or self.tail or self.key_line:
            return False
        name = one_line(key, key=True)
        if name is None:
            return False
        self.head = key.head or self.head
        if self.head:
            self.put_head()
        text = None if value.foot else one_line(value)
        if text is None:
            self.own_line(f"{name}:")
            self.take_comments(value)
            self.node(value, parent="field", then="comments")
            return True
        self.own_line(f"{name}: {text}" if text else f"{name}:")
        self.head = value.head
        if value.line:
            self.line = value.line
            self.put_line()
        return True

    def field(self, key: Node, value: Node, tail: str) -> str:
        """Step by step. `tail` is the foot of the field before; returns that of this one."""
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
        return tail

    def put_key_line(self, value: Node) -> None:
        """The comment on the line of a key: behind a scalar, or before the lines of a block."""
        if not self.key_line:
            return
        if value.kind == "scalar":
            if not self.line:
                self.line, self.key_line = self.key_line, ""
        elif value.kind == "alias" or value.style == "flow":
            return
        elif value.anchor or value.tagged or not value.content:
            # Go writes it first, and then an anchor, tag or `[]` at the beginning of a line, where it cannot be read.
            self.line, self.key_line = self.line or self.key_line, ""
        else:
            self.line, self.key_line = self.key_line, self.line
            self.put_line()
            self.line, self.key_line = self.key_line, self.line

    def sequence(self, node: Node, parent: str) -> None:
        compact = self.compact and parent == "field" and (self.column == 0 or not self.indention)
        before = self.deeper(item=parent == "item", compact=compact)
        for item in node.content:
            text = None if item.foot or self.foot or self.line or self.tail else one_line(item)
            if text is not None:
                self.head = item.head or self.head
                self.put_head()
                self.own_line(f"- {text}" if text else "-")
                self.line = item.line
                self.put_line()
                continue
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
            comma = self.flow_item(content[at + step - 1], parent="field" if step == 2 else "")
        self.take_end(node, tail)
        if not content:
            self.open_flow(node)
        self.close_flow(node, before, comma=comma)

    def flow_item(self, node: Node, parent: str) -> bool:
        """Returns whether a comma must follow. A comment behind an item stands behind its comma."""
        waiting = bool(self.line or self.foot or self.tail)
        if waiting and node.kind in {"mapping", "sequence"}:
            # Go writes the comma and the comment before the opening bracket, where they mean an empty item.
            self.node(node, parent=parent)
            return True
        self.node(node, parent=parent, then="flow")
        return not waiting

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
