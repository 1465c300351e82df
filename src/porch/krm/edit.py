"""Changes one value of a YAML text and leaves every other byte as it is: comments, order, quotes, layout, line ends.

An edit replaces the smallest range of whole lines or of one scalar, then reads the result and compares it with what
the edit means. Aliases that would change with it are written out first. A text that cannot be changed so (flow style,
keys in unusual places) falls back to writing the enclosing value, at last the whole document, in Go's style: right,
only less pretty.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from collections.abc import Sequence as Ordered
from typing import Any

from porch.krm.aliases import shared
from porch.krm.errors import YamlError
from porch.krm.places import Path, at, equal, has, position, put
from porch.krm.write import block, dump
from porch.krm.yaml import MAX_NODES, Mapping, Node, Scalar, Sequence, documents, is_empty, value_of

_NOTHING: dict[str, Any] = {}


class _CannotSplice(Exception):
    """The text around the place is laid out in a way that no small edit fits."""


class Text:
    """One YAML document under edit. `value` is what it means; new lists are written wide or compact."""

    def __init__(self, text: str, *, wide: bool = True, max_nodes: int = MAX_NODES) -> None:
        """Raises YamlError when the text is not one mapping of at most `max_nodes` values: every edit reads it anew."""
        self.text = text
        self.wide = wide
        self.root, self.value = _read(text, max_nodes)

    def get(self, *path: str | int) -> Any:
        """The value at `path`, None when there is none."""
        return at(self.value, path)

    def set(self, path: Path, value: Any, order: Ordered[str] = ()) -> None:
        """Sets the value at `path`, whose parent must exist. The last element may be one past a list's end. A new key
        goes before the first one that `order` names later, else to the end.
        """
        if has(self.value, path) and equal(self.get(*path), value):
            return
        wanted = copy.deepcopy(self.value)
        put(wanted, path, value, order)
        self._become(wanted, path, lambda: self._spliced(path, value, order))

    def remove(self, path: Path) -> None:
        """Removes a key or list item; nothing happens when it is not there. An emptied parent stays as `{}` or `[]`."""
        if not has(self.value, path):
            return
        wanted = copy.deepcopy(self.value)
        parent = at(wanted, path[:-1])
        del parent[path[-1]]
        if not parent and len(path) > 1:
            self.set(path[:-1], parent)
        else:
            self._become(wanted, path, lambda: self._without(path))

    def _become(self, wanted: Any, path: Path, splice: Callable[[], str]) -> None:
        try:
            text = splice()
            root, value = _read(text)
        except (_CannotSplice, YamlError):
            value = _NOTHING
        if value is not _NOTHING and equal(value, wanted):
            self.text, self.root, self.value = text, root, value
        elif self._unshare(path):
            self._become(wanted, path, splice)
        elif len(path) > 1:
            parent = path[:-1]
            replacement = at(wanted, parent)
            self._become(wanted, parent, lambda: self._replaced(parent, replacement))
        else:
            self.text = dump(wanted, wide=self.wide).replace("\n", self._line_end)
            self.root, self.value = _read(self.text)

    def _unshare(self, path: Path) -> bool:
        """Writes out what aliases stand for that the edit would change with it. False when there are none, or one of
        them cannot be written out.
        """
        places = shared(self.root, path)
        for place in places:
            try:
                text = self._replaced(place, self.get(*place))
                root, value = _read(text)
            except (_CannotSplice, YamlError):
                return False
            if not equal(value, self.value):
                return False
            self.text, self.root, self.value = text, root, value
        return bool(places)

    # --- the splices: each returns the whole new text

    def _spliced(self, path: Path, value: Any, order: Ordered[str]) -> str:
        parent = self._node(path[:-1])
        if parent.flow:
            raise _CannotSplice
        if has(self.value, path):
            return self._replaced(path, value)
        if isinstance(parent, Mapping):
            return self._with_pair(parent, str(path[-1]), value, order)
        return self._with_item(parent, len(parent.items), value)

    def _replaced(self, path: Path, value: Any) -> str:
        parent = self._node(path[:-1])
        if parent.flow:
            raise _CannotSplice
        if isinstance(parent, Sequence):
            index = int(path[-1])
            first, last = self._item_lines(parent, index)
            return self.text[:first] + self._item_text(parent, value) + self.text[last:]
        key, old = next(pair for pair in parent.pairs if isinstance(pair[0], Scalar) and pair[0].text == path[-1])
        head, lines = block(value, wide=self.wide, below_key=True)
        return self._with_value(key, old, head, lines)

    def _with_value(self, key: Node, old: Node, head: str, lines: list[str]) -> str:
        colon = self.text.find(":", key.end) + 1
        below = isinstance(old, Mapping | Sequence) and not old.flow
        begin = self._line_start(old.start) if below else old.start
        if not colon or (begin <= colon and below) or self.text[key.end : colon - 1].strip(" \t"):
            raise _CannotSplice
        end = self._end(old)
        inserted = self._lines(lines, self._column(key.start))
        if below:
            line_end = self._line_end_after(end)
            return (
                self.text[:colon]
                + (f" {head}" if head else "")
                + self.text[colon:begin]
                + inserted
                + self.text[line_end:]
            )
        rest_end = self._line_end_after(end)
        rest = self.text[end:rest_end]
        if lines and not rest.endswith("\n"):
            rest += self._line_end
        space = self.text[colon:begin] or " "
        return self.text[:colon] + (space + head if head else "") + rest + inserted + self.text[rest_end:]

    def _with_pair(self, parent: Mapping, name: str, value: Any, order: Ordered[str]) -> str:
        column = self._column(parent.pairs[0][0].start)
        _, lines = block({name: value}, wide=self.wide)
        after = position(list(map(_name, parent.pairs)), name, order)
        if after == 0:
            place = self._line_start(parent.pairs[0][0].start)
            if self.text[place : parent.pairs[0][0].start].strip(" "):
                raise _CannotSplice
        else:
            place = self._line_end_after(self._end(parent.pairs[after - 1][1]))
        return self._inserted(place, self._lines(lines, column))

    def _with_item(self, parent: Sequence, index: int, value: Any) -> str:
        place = self._line_end_after(self._end(parent.items[index - 1]))
        return self._inserted(place, self._item_text(parent, value))

    def _item_text(self, parent: Sequence, value: Any) -> str:
        _, lines = block([value], wide=self.wide)
        return self._lines(lines, self._column(parent.start))

    def _inserted(self, place: int, added: str) -> str:
        gap = "" if place == 0 or self.text[place - 1] == "\n" else self._line_end
        return self.text[:place] + gap + added + self.text[place:]

    def _without(self, path: Path) -> str:
        parent = self._node(path[:-1])
        if parent.flow:
            raise _CannotSplice
        if isinstance(parent, Sequence):
            first, last = self._item_lines(parent, int(path[-1]))
        else:
            key, old = next(pair for pair in parent.pairs if _name(pair) == path[-1])
            first, last = self._line_start(key.start), self._line_end_after(self._end(old))
            if self.text[first : key.start].strip(" "):
                raise _CannotSplice
        return self.text[:first] + self.text[last:]

    # --- places

    def _node(self, path: Path) -> Mapping | Sequence:
        node: Node | None = self.root
        for part in path:
            if isinstance(node, Mapping):
                node = node.find(str(part))
            elif isinstance(node, Sequence):
                node = node.items[int(part)]
        if not isinstance(node, Mapping | Sequence) or not (node.pairs if isinstance(node, Mapping) else node.items):
            raise _CannotSplice
        return node

    def _item_lines(self, parent: Sequence, index: int) -> tuple[int, int]:
        """From the line of the item's dash to the end of its last line."""
        column = self._column(parent.start)
        start = self._line_start(parent.items[index].start)
        while self.text[start : start + column].strip(" ") or self.text[start + column] != "-":
            if start <= parent.start:
                raise _CannotSplice
            start = self._line_start(start - 1)
        return start, self._line_end_after(self._end(parent.items[index]))

    def _end(self, node: Node) -> int:
        """Where the last character of the node is; collections in block style end with their last part."""
        while isinstance(node, Mapping | Sequence) and not node.flow:
            node = node.pairs[-1][1] if isinstance(node, Mapping) else node.items[-1]
        end = node.end
        if isinstance(node, Scalar) and node.style in {"|", ">"}:
            while end > node.start and self.text[end - 1] in "\r\n":
                end -= 1
        return end

    def _line_start(self, place: int) -> int:
        return self.text.rfind("\n", 0, place) + 1

    def _line_end_after(self, place: int) -> int:
        """The start of the next line."""
        return self.text.find("\n", place) + 1 or len(self.text)

    def _column(self, place: int) -> int:
        return place - self._line_start(place)

    def _lines(self, lines: list[str], column: int) -> str:
        return "".join((" " * column + line if line else "") + self._line_end for line in lines)

    @property
    def _line_end(self) -> str:
        return "\r\n" if "\r\n" in self.text else "\n"


def _read(text: str, max_nodes: int = MAX_NODES) -> tuple[Mapping, dict[str, Any]]:
    roots = [root for root in documents(text, max_nodes=max_nodes) if not is_empty(root)]
    if len(roots) != 1:
        raise YamlError(f"expected exactly one YAML document, found {len(roots)}")
    root = roots[0]
    if not isinstance(root, Mapping):
        raise YamlError("the document must be a mapping", root.line)
    return root, value_of(root)


def _name(pair: tuple[Node, Node]) -> str:
    return pair[0].text if isinstance(pair[0], Scalar) else ""
