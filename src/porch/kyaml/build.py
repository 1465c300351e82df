"""What composing is made of: tokens with the comments that they take along, and new nodes."""

from __future__ import annotations

from porch.krm.errors import YamlError
from porch.krm.scalars import implied_tag
from porch.krm.style import Style
from porch.krm.yaml import MAX_NODES
from porch.kyaml.node import Kind, Node, placed
from porch.kyaml.scan import Scanner
from porch.kyaml.source import Token

LONG = "tag:yaml.org,2002:"
HANDLES = {"!": "!", "!!": LONG}
_STYLES: dict[str, Style] = {
    "": "",
    "single": "single",
    "double": "double",
    "literal": "literal",
    "folded": "folded",
    "flow": "flow",
}
_DEFAULTS = {"mapping": "!!map", "sequence": "!!seq", "alias": ""}


class Builder:
    def __init__(self, text: str, offset: int = 0) -> None:
        self.offset = offset
        self.scanner = Scanner(text, offset)
        self.head = self.line = self.foot = self.stem = ""
        self.handles = dict(HANDLES)
        self.anchors: dict[str, Node] = {}
        self.depth = 0
        self.count = 0

    def peek(self) -> Token:
        token = self.scanner.peek()
        comments = self.scanner.comments
        if comments and token.at >= comments[0].token:
            self._unfold(token)
        return token

    def _unfold(self, token: Token) -> None:
        comments = self.scanner.comments
        taken = 0
        for comment in comments:
            if token.at < comment.token or (comment.head and token.kind == "block-end"):
                break
            taken += 1
        self.head = _joined(self.head, [comment.head for comment in comments[:taken]])
        self.foot = _joined(self.foot, [comment.foot for comment in comments[:taken]])
        self.line = _joined(self.line, [comment.line for comment in comments[:taken]])
        del comments[:taken]

    def skip(self) -> Token:
        self.scanner.skip_token()
        return self.peek()

    def take_comments(self, node: Node) -> None:
        node.head, node.line, node.foot = self.head, self.line, self.foot
        self.head = self.line = self.foot = self.stem = ""

    def make(
        self, kind: Kind, token: Token, tag: str = "", anchor: str = "", *, value: str = "", style: str = ""
    ) -> Node:
        self.count += 1
        if self.count > MAX_NODES:
            raise self.fail(f"more than {MAX_NODES} values", token)
        node = placed(Node(kind, "", value, _STYLES[style]), token.line + 1 + self.offset)
        if kind in {"mapping", "sequence"}:
            node.content = []
        if tag and tag != "!":
            node.tag = "!!" + tag[len(LONG) :] if tag.startswith(LONG) else tag
            node.tagged = True
        elif kind != "scalar":
            node.tag = _DEFAULTS[kind]
        elif style:
            node.tag = "!!str"
        else:
            node.tag = "!!merge" if value == "<<" else implied_tag(value)
        if anchor:
            node.anchor = anchor
            self.anchors[anchor] = node
        return node

    def fail(self, problem: str, token: Token) -> YamlError:
        return YamlError(problem, token.line + 1 + self.offset)


def _joined(text: str, more: list[str]) -> str:
    return "\n".join(filter(None, [text, *more]))
