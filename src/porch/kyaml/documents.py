"""Files of a package to documents and back, as the reader and writer of a render have them.

A file is cut at its `---` lines before anything is parsed, each document is read on its own, and what has no content
is left out. Whether lists are written wide is found out for each document. A document that is a list is put below a key
while functions work on it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from porch.krm.errors import YamlError
from porch.kyaml.emit import emit
from porch.kyaml.fields import drop, get
from porch.kyaml.node import Node, mapping, text
from porch.kyaml.parse import parse_one

BARE_LIST = "bareSeqNodeWrappingKey"
READER_ANNOTATIONS = (
    "internal.config.kubernetes.io/index",
    "internal.config.kubernetes.io/path",
    "internal.config.kubernetes.io/seqindent",
    "config.kubernetes.io/index",
    "config.kubernetes.io/path",
)
"""Tell a function where an item comes from; never written to a file."""
_SEPARATOR = re.compile(r"\n---.*\n")


@dataclass(slots=True)
class Document:
    """`root` is a mapping always."""

    root: Node
    wide: bool = False


def read_documents(content: str) -> list[Document]:
    """The documents of a file that have content. Raises YamlError, with the line in the file."""
    documents = []
    for part, offset in split(content):
        root = parse_one(part, offset)
        if root is None or root.tag == "!!null":
            continue
        if root.kind == "sequence":
            root.before = root.after = ""
            root = mapping(text(BARE_LIST), root)
        elif root.kind != "mapping":
            problem = f"wrong node kind: expected MappingNode but got ScalarNode: node contents:\n{emit(root)}"
            raise YamlError(problem, root.row)
        documents.append(Document(root, seqindent(part) == "wide"))
    return documents


def write_documents(documents: Iterable[Document]) -> str:
    """The text of a file. The reader's annotations go, and then annotations and metadata that are empty."""
    parts = []
    for document in documents:
        root = document.root
        clear_annotations(root)
        bare = get(root, BARE_LIST)
        parts.append(emit(bare if bare is not None and bare.content else root, wide=document.wide))
    return "---\n".join(parts)


def clear_annotations(root: Node) -> None:
    metadata = get(root, "metadata")
    if metadata is None:
        return
    annotations = get(metadata, "annotations")
    if annotations is not None:
        for key in READER_ANNOTATIONS:
            drop(annotations, key)
        if not annotations.content:
            drop(metadata, "annotations")
    if not metadata.content:
        drop(root, "metadata")


def split(content: str) -> Iterator[tuple[str, int]]:
    """The documents of a file, each with the number of lines before it. Raises YamlError for `--- text`."""
    content = content.replace("\r\n", "\n")
    if not content:
        return
    start = offset = 0
    for match in _SEPARATOR.finditer(content):
        part = content[start : match.start() + 1]
        offset_after = offset + part.count("\n") + 1
        separator = match[0].strip()
        behind = separator[3:].strip()
        if behind and behind[0] != "#":
            raise YamlError(f"invalid document separator: {separator}", offset_after)
        yield part, offset
        start, offset = match.end(), offset_after
    yield content[start:], offset


def seqindent(document: str) -> str:
    """`wide` or `compact`: how the first list that tells it is indented."""
    lines = document.split("\n")
    for number, line in enumerate(lines):
        before, dash, _ = line.partition("- ")
        if not dash or before.strip(" "):
            continue
        key = _line_above(lines, number)
        bare = key.strip(" ")
        if bare.count(":") != 1 or not bare.endswith(":"):
            continue
        difference = len(before) - (len(key) - len(key.lstrip(" ")))
        if difference == 0:
            return "compact"
        if difference == 2:
            return "wide"
    return "compact"


def _line_above(lines: list[str], number: int) -> str:
    """The nearest line above that is no comment, without a comment at its end."""
    while number:
        number -= 1
        if not lines[number].strip(" ").startswith("#"):
            return lines[number].partition("#")[0]
    return ""
