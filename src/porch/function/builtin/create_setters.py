"""create-setters: the other way round than apply-setters. Puts setter comments on fields that hold a setter's value.

The functionConfig gives each setter its value. A value that is a list belongs to lists of the same strings in any
order; other values may stand anywhere in a string of one line, the longest first.
"""

from __future__ import annotations

import re

from porch.errors import PorchError
from porch.function.builtin._framework import data_of, path_of, twice
from porch.function.builtin._go import quote
from porch.function.builtin._walk import join, walk
from porch.function.interface import ResourceList
from porch.function.results import ERROR, FieldRef, FileRef, Result
from porch.kyaml import Node, parse

NAME = "create-setters"
SORTS = False


def run(resources: ResourceList) -> None:
    try:
        creator = _Creator(data_of(resources.config))
        for item in resources.items:
            creator.comment(item)
        if not creator.results:
            raise _Refused("no matches for the input list of setters")
    except _Refused as refusal:
        resources.results.append(Result(f"failed to create setters: {refusal}", ERROR))
        raise twice(str(refusal)) from refusal
    resources.results += creator.results


class _Refused(Exception):
    """The functionConfig cannot be used, or fits nowhere."""


class _Creator:
    def __init__(self, setters: dict[str, str]) -> None:
        if not setters:
            raise _Refused("config map cannot be empty")
        self.results: list[Result] = []
        self.lists: dict[str, list[str]] = {}
        scalars: list[tuple[str, str]] = []
        for name, value in setters.items():
            root = _parsed(value)
            if root.kind == "sequence":
                self.lists[name] = _texts(root)
            elif root.kind == "scalar":
                scalars.append((value, f"${{{name}}}"))
        scalars.sort(key=lambda pair: -len(pair[0].encode()))
        self.references = dict(reversed(scalars))
        self.values = re.compile("|".join(re.escape(value) for value, _ in scalars)) if scalars else None
        self.file: FileRef | None = None

    def comment(self, item: Node) -> None:
        self.file = FileRef(path_of(item))
        walk(item, self.visit_list, self.visit_scalar)

    def visit_list(self, key: Node, value: Node, path: str) -> None:
        texts = _texts(value)
        if value.style == "flow" and self.values and any(map(self.values.search, texts)):
            value.style = ""  # a comment on one of its items needs a line of its own
        for name, wanted in self.lists.items():
            if texts == wanted:
                if texts:
                    value.style = ""
                commented = value if value.style == "flow" else key
                self.put(commented, f"kpt-set: ${{{name}}}", f"[{' '.join(texts)}]", join(path, key.value))
                return

    def visit_scalar(self, node: Node, path: str, step: str | int) -> None:
        value = node.value
        if self.values is None or not self.values.search(value) or "\n" in value:
            return
        pattern = self.values.sub(lambda match: self.references[match[0]], value)
        if pattern != value:
            self.put(node, f"kpt-set: {pattern}", value, join(path, step))

    def put(self, node: Node, comment: str, value: str, path: str) -> None:
        node.line = f"# {comment}"
        message = f"Added line comment {quote(comment)} for field with value {quote(value)}"
        self.results.append(Result(message, field=FieldRef(path.removeprefix(".")), file=self.file))


def _parsed(value: str) -> Node:
    try:
        documents = parse(value)
    except PorchError as error:
        raise _Refused("parsing error") from error
    if not documents:
        raise _Refused("parsing error")
    return documents[0]


def _texts(node: Node) -> list[str]:
    return sorted(item.value if item.kind in {"scalar", "alias"} else "" for item in node.content)
