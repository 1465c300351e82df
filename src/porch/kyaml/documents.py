"""Where the documents of a file begin and end, and how their lists are indented, as the reader of a render sees it.

A file is cut at its `---` lines before anything is parsed, so that comments stay with their document.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from porch.krm.errors import YamlError

BARE_LIST = "bareSeqNodeWrappingKey"
"""The key that a document is put below while functions work on it, when it is a list."""
_SEPARATOR = re.compile(r"\n---.*\n")


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
