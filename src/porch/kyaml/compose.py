"""Tokens to nodes. Each node takes the comments that stand before the place where it ends; a foot found at a value goes
to its key, and one found at a key to the key before, as in Go's yaml.v3.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from porch.krm.errors import YamlError
from porch.krm.yaml import MAX_DEPTH
from porch.kyaml.build import HANDLES, Builder
from porch.kyaml.node import Node
from porch.kyaml.source import Token


def compose(text: str, offset: int = 0) -> Iterator[Node]:
    """The root of each document, one by one; what follows the last one asked for is not looked at. A text without
    content has none; an empty document between others is a null. `offset` lines stand before `text` in its file.
    """
    return _Composer(text, offset).documents()


class _Composer(Builder):
    # documents

    def documents(self) -> Iterator[Node]:
        self.peek()
        token = self.skip()
        first = True
        while token.kind != "stream-end":
            self.count = 0
            self.anchors = {}
            yield self._document(token, explicit_only=not first)
            first = False
            token = self.peek()
            while token.kind == "document-end":
                token = self.skip()

    def _document(self, token: Token, *, explicit_only: bool) -> Node:
        before = ""
        if explicit_only or token.kind in {"version", "tag-directive", "document-start"}:
            token = self._directives(token)
            if token.kind != "document-start":
                raise self.fail("did not find expected <document start>", token)
            token = self.skip()
            empty = token.kind in {"version", "tag-directive", "document-start", "document-end", "stream-end"}
            root = self._empty(token) if empty else self.node(block=True)
        else:
            before, self.head = split_head(self.head)
            root = self.node(block=True)
        token = self.peek()
        if token.kind == "document-end":
            self.scanner.skip_token()
        self.handles = dict(HANDLES)
        root.before = before
        root.after = self.foot or self.head
        self.head = self.line = self.foot = self.stem = ""
        return root

    def _directives(self, token: Token) -> Token:
        version = False
        own: set[str] = set()
        while token.kind in {"version", "tag-directive"}:
            if token.kind == "version":
                if version:
                    raise self.fail("found duplicate %YAML directive", token)
                if token.value != "1.1":
                    raise self.fail("found incompatible YAML document", token)
                version = True
            elif token.value in own:
                raise self.fail("found duplicate %TAG directive", token)
            else:
                own.add(token.value)
                self.handles[token.value] = token.suffix
            token = self.skip()
        return token

    # nodes

    def node(self, *, block: bool, indentless: bool = False) -> Node:
        start = token = self.peek()
        if token.kind == "alias":
            return self._alias(token)
        anchor, tag = "", ""
        for _ in range(2):
            if token.kind == "anchor" and not anchor:
                anchor = token.value
                token = self.skip()
            elif token.kind == "tag" and not tag:
                tag = self._tag(token)
                token = self.skip()
        kind = token.kind
        if kind == "scalar":
            node = self.make("scalar", start, tag, anchor, value=token.value, style=token.style)
            self.take_comments(node)
            self.scanner.skip_token()
            return node
        if indentless and kind == "entry":
            return self.inside(self.make("sequence", start, tag, anchor), self._indentless)
        if kind in {"[", "{"}:
            node = self.make("sequence" if kind == "[" else "mapping", start, tag, anchor, style="flow")
            self.take_comments(node)
            return self.inside(node, self._flow_sequence if kind == "[" else self._flow_mapping)
        if block and kind in {"sequence-start", "mapping-start"}:
            node = self.make("sequence" if kind == "sequence-start" else "mapping", start, tag, anchor)
            node.head, self.stem = self.stem, ""
            self.scanner.skip_token()
            return self.inside(node, self._fields if kind == "mapping-start" else self._entries)
        if anchor or tag:
            return self.make("scalar", start, tag, anchor)
        raise self.fail("did not find expected node content", token)

    def _empty(self, token: Token) -> Node:
        return self.make("scalar", token)

    def _alias(self, token: Token) -> Node:
        node = self.make("alias", token, value=token.value)
        node.target = self.anchors.get(token.value)
        if node.target is None:
            raise self.fail(f"unknown anchor '{token.value}' referenced", token)
        self.take_comments(node)
        self.scanner.skip_token()
        return node

    def _tag(self, token: Token) -> str:
        if not token.value:
            return token.suffix
        if token.value not in self.handles:
            raise self.fail("found undefined tag handle", token)
        return self.handles[token.value] + token.suffix

    def inside(self, node: Node, fill: Callable[[Node], None]) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise YamlError(f"nested deeper than {MAX_DEPTH} levels", node.row)
        fill(node)
        self.depth -= 1
        return node

    # collections

    def _entries(self, node: Node) -> None:
        while True:
            token = self.peek()
            if token.kind == "block-end":
                self.scanner.skip_token()
                return
            if token.kind != "entry":
                raise self.fail("did not find expected '-' indicator", token)
            following = self._past_dash()
            empty = following.kind in {"entry", "block-end"}
            node.content.append(self._empty(token) if empty else self.node(block=True))

    def _indentless(self, node: Node) -> None:
        while (token := self.peek()).kind == "entry":
            following = self._past_dash()
            empty = following.kind in {"entry", "?", ":", "block-end"}
            node.content.append(self._empty(token) if empty else self.node(block=True))

    def _past_dash(self) -> Token:
        """When a collection follows a dash, the comment above the dash is not that of its first key or item."""
        before = len(self.head)
        token = self.skip()
        if before and token.kind in {"sequence-start", "mapping-start"}:
            self.stem, self.head = self.head[:before], self.head[before + 1 :]
        return token

    def _fields(self, node: Node) -> None:
        content = node.content
        while True:
            token = self.peek()
            if token.kind == "block-end":
                break
            if token.kind != "?":
                raise self.fail("did not find expected key", token)
            following = self.skip()
            empty = following.kind in {"?", ":", "block-end"}
            key = self._empty(token) if empty else self.node(block=True, indentless=True)
            if key.foot and content:
                content[-2].foot, key.foot = key.foot, ""
            self._add_field(node, key, self._value())
        foot = self.foot
        self._end(node)
        if foot and content:
            content[-2].foot, node.foot = foot, ""

    def _value(self) -> Node:
        token = self.peek()
        if token.kind != ":":
            return self._empty(token)
        following = self.skip()
        if following.kind in {"?", ":", "block-end"}:
            return self._empty(token)
        return self.node(block=True, indentless=True)

    def _add_field(self, node: Node, key: Node, value: Node) -> None:
        if value.foot and not key.foot:
            key.foot, value.foot = value.foot, ""
        node.content += [key, value]

    def _end(self, node: Node) -> None:
        """Comments at the end of a collection; those of its beginning are lost."""
        node.line, node.foot = self.line, self.foot
        self.head = self.line = self.foot = self.stem = ""
        self.scanner.skip_token()

    def _flow_items(self, node: Node, end: str) -> Iterator[Token]:
        """The first token of each item."""
        token = self.skip()
        first = True
        while token.kind != end:
            if not first:
                if token.kind != ",":
                    raise self.fail(f"did not find expected ',' or '{end}'", token)
                token = self.skip()
                if token.kind == end:
                    break
            first = False
            yield token
            token = self.peek()
        self._end(node)

    def _flow_sequence(self, node: Node) -> None:
        for token in self._flow_items(node, "]"):
            if token.kind != "?":
                node.content.append(self.node(block=False))
                continue
            pair = self.make("mapping", token, style="flow")
            node.content.append(pair)
            following = self.skip()
            if following.kind in {":", ",", "]"}:
                key = self._empty(following)
                self.scanner.skip_token()
            else:
                key = self.node(block=False)
            self._add_field(pair, key, self._flow_value("]"))

    def _flow_mapping(self, node: Node) -> None:
        for token in self._flow_items(node, "}"):
            if token.kind != "?":
                self._add_field(node, self.node(block=False), self._empty(self.peek()))
                continue
            following = self.skip()
            key = self._empty(following) if following.kind in {":", ",", "}"} else self.node(block=False)
            self._add_field(node, key, self._flow_value("}"))

    def _flow_value(self, end: str) -> Node:
        token = self.peek()
        if token.kind == ":":
            following = self.skip()
            if following.kind not in {",", end}:
                return self.node(block=False)
        return self._empty(token)


def split_head(head: str) -> tuple[str, str]:
    """What stands above the last empty line of the first comments belongs to the document, the rest to the root."""
    if head.endswith("\n"):
        return head[:-1], ""
    above, gap, below = head.rpartition("\n\n")
    return (above, below) if gap else ("", head)
