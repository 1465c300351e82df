"""A YAML document as a tree whose entries know their text: every line of a block belongs to exactly one entry.

The text of a block mapping or list is the joined text of its entries, so a merge can take whole entries from either
side and leave the others byte for byte. Nodes are compared by number: `Ids` gives equal values the same one, so that
comparing two subtrees costs nothing and aliases are never expanded. A layout that entries cannot describe (`? key`,
a document that is no mapping) is Opaque.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from porch.krm import yaml
from porch.krm.errors import YamlError
from porch.krm.scalars import resolve

Kind: TypeAlias = Literal["map", "list", "word"]
MAX_NODES = 50_000
"""Values in one document; a larger one is merged as a whole, which takes no time."""
_COMMENT = re.compile(r"(?:^|(?<=[ \t]))#[^\r\n]*")
_COMMENT_LINE = re.compile(r"^[ \t]*(#[^\r\n]*)", re.MULTILINE)


class Opaque(Exception):
    """The document cannot be taken apart; its text is all that is known of it."""


class Ids:
    """Numbers for values; equal ones have the same."""

    def __init__(self) -> None:
        self._known: dict[Hashable, int] = {}

    def of(self, *what: Hashable) -> int:
        return self._known.setdefault(what, len(self._known))

    def of_map(self, items: dict[str, int]) -> int:
        return self.of("map", frozenset(items.items()))

    def of_list(self, items: list[int]) -> int:
        return self.of("list", tuple(items))


@dataclass(slots=True)
class Node:
    kind: Kind
    block: bool
    """Whether its entries stand on lines of their own. Words and flow collections do not."""
    start: int
    end: int
    text: str
    """Of the whole document."""
    yaml: yaml.Node
    same: int
    """Number of the value."""
    full: int
    """Number of the value with its comments."""
    entries: list[Entry] = field(default_factory=list)
    column: int = 0


@dataclass(slots=True)
class Entry:
    """A key with its value, or an item of a list. In a block it ends with the line, `head` is the lines above it."""

    name: str
    start: int
    """Of the key or the dash."""
    label_end: int
    """Behind the colon or the dash."""
    end: int
    value: Node
    full: int
    head: str = ""
    """The lines above, as they are: comments and empty ones."""
    above: str = ""
    """The comments in `head`."""
    beside: str = ""
    """The comment on the line of the key, or behind a value of one line."""
    flow: bool = False
    """In a flow collection it is the text of key and value, without a label or lines of its own."""

    @property
    def body(self) -> str:
        return self.value.text[self.start : self.end]

    @property
    def label(self) -> str:
        return self.value.text[self.start : self.label_end]


@dataclass(slots=True)
class Document:
    root: Node
    foot: str
    """The lines below the last entry."""


def parse(text: str, ids: Ids) -> Document:
    """The one document in `text`. Raises YamlError or Opaque."""
    roots = yaml.documents(text, max_nodes=MAX_NODES)
    if len(roots) != 1 or not isinstance(roots[0], yaml.Mapping) or roots[0].flow or not roots[0].pairs:
        raise Opaque("the document is no mapping in block style")
    if text[: roots[0].start].count("%") and re.search(r"^%", text[: roots[0].start], re.MULTILINE):
        raise Opaque("the document has directives")
    reader = _Reader(text, ids)
    root = reader.block(roots[0], 0)
    foot = text[root.end :]
    if _COMMENT_LINE.sub("", foot).strip():
        raise Opaque("the document goes on after its end")
    return Document(root, foot)


def comments(text: str) -> str:
    """The comment lines in `text`, one a line without their indentation."""
    return "\n".join(_COMMENT_LINE.findall(text)) if "#" in text else ""


class _Reader:
    def __init__(self, text: str, ids: Ids) -> None:
        self._text = text
        self._ids = ids
        self._numbers: dict[int, int] = {}
        """What an alias stands for, by the identity of the node."""

    def block(self, node: yaml.Mapping | yaml.Sequence, begin: int) -> Node:
        """A collection in block style; its first entry's head begins at `begin`."""
        entries = self._pairs(node, begin) if isinstance(node, yaml.Mapping) else self._items(node, begin)
        made = self._collection(node, entries, block=True)
        made.start, made.end, made.column = entries[0].start, entries[-1].end, self._column(entries[0].start)
        return made

    def _pairs(self, node: yaml.Mapping, begin: int) -> list[Entry]:
        entries: list[Entry] = []
        column = self._column(node.pairs[0][0].start)
        for key, value in node.pairs:
            colon = self._text.find(":", key.end)
            if colon < 0 or self._text[key.end : colon].strip(" \t") or (entries and self._column(key.start) != column):
                raise Opaque("a key is written in a way that cannot be edited")
            entries.append(self._entry(yaml.key_of(key), key.start, colon + 1, value, begin, first=not entries))
            begin = entries[-1].end
        self._check_names(node, entries)
        return entries

    def _items(self, node: yaml.Sequence, begin: int) -> list[Entry]:
        entries: list[Entry] = []
        dash = node.start if self._text[node.start] == "-" else self._dash(begin, None)
        column = self._column(dash)
        for item in node.items:
            if entries:
                dash = self._dash(begin, column)
            entries.append(self._entry("", dash, dash + 1, item, begin, first=not entries))
            begin = entries[-1].end
        return entries

    def _dash(self, begin: int, column: int | None) -> int:
        """The next dash that begins a line."""
        place = begin
        while place < len(self._text):
            line_end = self._text.find("\n", place) + 1 or len(self._text)
            dash = place + len(self._text[place:line_end]) - len(self._text[place:line_end].lstrip(" "))
            if self._text[dash : dash + 1] == "-" and column in {None, dash - place}:
                return dash
            place = line_end
        raise Opaque("a list is written in a way that cannot be edited")

    def _entry(self, name: str, start: int, label_end: int, value: yaml.Node, begin: int, *, first: bool) -> Entry:
        line = self._line_start(start)
        inline = first and line < begin
        if not inline and self._text[line:start].strip(" "):
            raise Opaque("a key does not begin its line")
        head = "" if inline else self._text[begin:line]
        above = comments(head)
        if isinstance(value, yaml.Mapping | yaml.Sequence) and not value.flow:
            made, beside = self._block_value(value, label_end)
            end = made.end
        else:
            made, beside, end = self._leaf_value(value, label_end)
        full = self._ids.of("entry", above, beside, made.full) if above or beside else made.full
        return Entry(name, start, label_end, end, made, full, head, above, beside)

    def _block_value(self, value: yaml.Mapping | yaml.Sequence, label_end: int) -> tuple[Node, str]:
        line_end = self._line_end(label_end)
        first = value.pairs[0][0] if isinstance(value, yaml.Mapping) else None
        place = first.start if first else value.start
        if place < line_end and (first is not None or self._text[place] == "-"):
            return self.block(value, line_end), ""
        found = _COMMENT.search(self._text, label_end, line_end)
        return self.block(value, line_end), found[0] if found else ""

    def _leaf_value(self, value: yaml.Node, label_end: int) -> tuple[Node, str, int]:
        made = self._leaf(value)
        end = self._line_end(made.end)
        rest = self._text[made.end : end].strip()
        if rest and not rest.startswith("#"):
            raise Opaque("something stands behind a value")
        gap = self._text[label_end : made.start]
        if "#" in gap:
            made.full = self._ids.of("commented", made.full, comments(gap) or gap.strip())
        return made, rest, end

    def _leaf(self, value: yaml.Node) -> Node:
        if isinstance(value, yaml.Alias):
            number = self._numbers.get(id(value.target))
            if number is None:
                raise Opaque("an alias stands for something that contains it")
            return _word_node(value, self._text, value.end, number, number)
        if isinstance(value, yaml.Scalar):
            return self._word(value)
        return self._flow(value)

    def _word(self, value: yaml.Scalar) -> Node:
        try:
            word = resolve(value.text, value.tag, plain=not value.style)
        except ValueError as error:
            raise YamlError(str(error), value.line) from error
        number = full = self._ids.of(type(word).__name__, word)
        self._numbers[id(value)] = number
        end = value.end
        if value.style in {"|", ">"}:
            header = self._text[value.start : self._line_end(value.start)]
            end = _scalar_end(self._text, value.start, end, keep="+" in header.partition("#")[0])
            if "#" in header:
                full = self._ids.of("commented", number, header.partition("#")[2].strip())
        return _word_node(value, self._text, end, number, full)

    def _flow(self, value: yaml.Mapping | yaml.Sequence) -> Node:
        """A flow collection, of one line unless something is commented in it: then it is one value."""
        text = self._text[value.start : value.end]
        entries = []
        if isinstance(value, yaml.Mapping):
            for key, item in value.pairs:
                made = self._leaf(item)
                end = max(made.end, key.end)
                entries.append(Entry(yaml.key_of(key), key.start, key.end, end, made, made.full, flow=True))
            self._check_names(value, entries)
        else:
            for item in value.items:
                made = self._leaf(item)
                entries.append(Entry("", made.start, made.start, made.end, made, made.full, flow=True))
        node = self._collection(value, entries, block=False)
        node.start, node.end = value.start, value.end
        if "\n" in text and "#" in text:
            node.kind, node.entries = "word", []
            node.full = self._ids.of("commented", node.same, "\n".join(_COMMENT.findall(text)))
        return node

    def _collection(self, value: yaml.Mapping | yaml.Sequence, entries: list[Entry], *, block: bool) -> Node:
        if isinstance(value, yaml.Mapping):
            same = self._ids.of_map({entry.name: entry.value.same for entry in entries})
            full = self._ids.of_map({entry.name: entry.full for entry in entries})
            kind: Kind = "map"
        else:
            same = self._ids.of_list([entry.value.same for entry in entries])
            full = self._ids.of_list([entry.full for entry in entries])
            kind = "list"
        self._numbers[id(value)] = same
        return Node(kind, block, value.start, value.end, self._text, value, same, full, entries)

    def _check_names(self, node: yaml.Mapping, entries: list[Entry]) -> None:
        if len({entry.name for entry in entries}) < len(entries):
            raise YamlError("a mapping has the same key twice", node.line)

    def _line_start(self, place: int) -> int:
        return self._text.rfind("\n", 0, place) + 1

    def _line_end(self, place: int) -> int:
        """The start of the next line."""
        return self._text.find("\n", place) + 1 or len(self._text)

    def _column(self, place: int) -> int:
        return place - self._line_start(place)


def _word_node(value: yaml.Node, text: str, end: int, same: int, full: int) -> Node:
    return Node(kind="word", block=False, start=value.start, end=end, text=text, yaml=value, same=same, full=full)


def _scalar_end(text: str, start: int, end: int, *, keep: bool) -> int:
    """Before the last line break of a block scalar; empty lines below belong to it only if it says so (`|+`)."""
    stop = end if keep else start + len(text[start:end].rstrip("\r\n "))
    if not keep:
        stop = text.find("\n", stop, end)
        stop = end if stop < 0 else stop + 1
    return start + len(text[start:stop].removesuffix("\n").removesuffix("\r"))
