"""search-replace: finds fields by path, value or file, and gives them a value or a comment.

With neither it tells what it found. A plain path with a value and nothing to compare it with creates the field.
"""

from __future__ import annotations

import re

from porch.function.builtin._framework import data_of, is_empty, path_of, set_field, settle, twice, wrong_kind
from porch.function.builtin._glob import GlobError, matches_path
from porch.function.builtin._go import quote, quote_all
from porch.function.builtin._paths import PathPattern
from porch.function.builtin._re2 import compile_re2
from porch.function.builtin._re2_characters import RegexError
from porch.function.builtin._walk import join, walk
from porch.function.interface import ResourceList
from porch.function.results import ERROR, FieldRef, FileRef, Result
from porch.kyaml import Node, emit, get, mapping

NAME = "search-replace"
SORTS = False
_KEYS = ("by-value", "by-file-path", "by-value-regex", "by-path", "put-value", "put-comment")
_GROUP = re.compile(r"\$\{[0-9]+\}")


def run(resources: ResourceList) -> None:
    try:
        search = _Search(data_of(resources.config), compatible=resources.compatible)
        for item in resources.items:
            search.visit(item)
    except (_Refused, RegexError, GlobError) as refusal:
        message = f"failed to perform search-replace operation: {quote(str(refusal))}"
        resources.results.append(Result(message, ERROR))
        raise twice(str(refusal)) from refusal
    resources.results += search.results or [Result("no matches")]


class _Refused(Exception):
    """The functionConfig cannot be used, or not on this resource."""


class _Search:
    def __init__(self, matchers: dict[str, str], *, compatible: bool) -> None:
        self.compatible = compatible
        for key in matchers:
            if key not in _KEYS:
                raise _Refused(f"invalid matcher {quote(key)}, must be one of {quote_all(_KEYS)}")
        self.value, self.file_path, self.regex_text, self.path_text, self.put_value, self.put_comment = (
            matchers.get(key, "") for key in _KEYS
        )
        if self.value and self.regex_text:
            raise _Refused('only one of ["by-value", "by-value-regex"] can be provided')
        self.regex = compile_re2(self.regex_text) if self.regex_text else None
        self.path = PathPattern(self.path_text)
        self.by_value = bool(self.value or self.regex)
        self.verb = "Mutated field value to" if self.put_value or self.put_comment else "Matched field value"
        self.results: list[Result] = []
        self.file: FileRef | None = None

    def visit(self, item: Node) -> None:
        file = path_of(item)
        if self.file_path and not matches_path(self.file_path, file):
            return
        self.file = FileRef(file)
        if self.path.absolute and self.put_value and not self.by_value:
            self.create(item)
        elif self.by_value or self.path_text:
            walk(item, self.visit_list, self.visit_scalar)

    def create(self, item: Node) -> None:
        """Set the field in every resource; what is on the way there is made."""
        *way, last = map(str.strip, self.path_text.split("."))
        parent = _parent(item, [part for part in way if part])
        if parent is not None and not (parent.kind == "scalar" and parent.tag == "!!null"):
            if parent.kind != "mapping":
                raise _Refused(wrong_kind(parent, "mapping"))
            made = Node("scalar", "", self.put_value)
            set_field(parent, last, made)
            settle(made)
        self.tell(self.put_value, self.path_text)

    def visit_list(self, key: Node, value: Node, path: str) -> None:
        if not self.put_comment or is_empty(value):
            return
        name = emit(key).strip() if self.compatible and not _is_bare(key) else key.value
        if not self.path.matches(join(path, name)):
            return
        key.line = _comment(self.put_comment)
        value.style = "flow"
        told = emit(value).strip()
        value.style = ""
        self.tell(told, f"{self.path_text} # {self.put_comment}")

    def visit_scalar(self, node: Node, path: str, step: str | int) -> None:
        if self.by_value and not self.holds(node.value):
            return
        if self.path_text and not self.path.matches(join(path, step)):
            return
        if self.put_comment:
            node.line = _comment(self.resolved(self.put_comment, node.value))
        if self.put_value:
            old, node.value = node.value, ""  # and so it stays when this fails, as in Go
            node.value = self.resolved(self.put_value, old)
            settle(node)
        if self.file and self.file.path:
            self.tell(emit(node).strip(), join(path, step))

    def holds(self, value: str) -> bool:
        return self.regex.search(value) is not None if self.regex else value == self.value

    def resolved(self, pattern: str, value: str) -> str:
        """`${1}` and so on replaced by what the groups of the expression matched."""
        if self.regex is None:
            return pattern
        found = self.regex.search(value)
        for number, group in enumerate(found.groups("") if found else (), 1):
            pattern = pattern.replace(f"${{{number}}}", group)
        if _GROUP.search(pattern):
            raise _Refused("unable to resolve capture groups")
        return pattern

    def tell(self, value: str, path: str) -> None:
        self.results.append(
            Result(f"{self.verb} {quote(value)}", field=FieldRef(path.removeprefix(".")), file=self.file)
        )


def _is_bare(key: Node) -> bool:
    """The Go version compares other keys as they are written, with quotes and comments, and so never finds them."""
    return not (key.head or key.line or key.foot or key.style)


def _parent(node: Node, way: list[str]) -> Node | None:
    """The mapping that the field goes into, made where it is missing. None below a null and beside the end of a list:
    there nothing is set.
    """
    for part in way:
        if node.kind == "scalar" and node.tag == "!!null":
            return None
        wanted = "sequence" if part == "-" or part.isdecimal() else "mapping"
        if node.kind != wanted:
            raise _Refused(wrong_kind(node, wanted))
        if wanted == "sequence":
            index = len(node.content) - 1 if part == "-" else int(part)
            if not 0 <= index < len(node.content):
                return None
            node = node.content[index]
            continue
        if (found := get(node, part)) is None:
            found = mapping()
            set_field(node, part, found)
        node = found
    return node


def _comment(text: str) -> str:
    return "\n".join(line if line.startswith("#") or not line else f"# {line}" for line in text.split("\n"))
