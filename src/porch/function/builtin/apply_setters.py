"""apply-setters: writes values into all fields that carry a comment like `# kpt-set: ${image}:${tag}`.

A value that a pattern needs and nobody gives is derived from the field as it is. Every kind of resource is changed, the
Kptfile too.
"""

from __future__ import annotations

from porch.errors import PorchError
from porch.function.builtin._framework import data_of, path_of, settle, twice
from porch.function.builtin._go import quote
from porch.function.builtin._setters import bare, derive, pattern_of, references
from porch.function.builtin._walk import join, walk
from porch.function.interface import ResourceList
from porch.function.results import ERROR, FieldRef, FileRef, Result
from porch.kyaml import Node, parse

NAME = "apply-setters"
SORTS = False


def run(resources: ResourceList) -> None:
    setters = _Setters(data_of(resources.config))
    try:
        for item in resources.items:
            setters.apply(item)
    except _Refused as refusal:
        resources.results.append(Result(f"failed to apply setters: {refusal}", ERROR))
        raise twice(str(refusal)) from refusal
    resources.results += setters.results or [Result("no matches for input setter(s)")]


class _Refused(Exception):
    """A pattern and the given values do not go together."""


class _Setters:
    def __init__(self, values: dict[str, str]) -> None:
        self.values = {f"${{{name}}}": value for name, value in values.items()}
        self.results: list[Result] = []
        self.file: FileRef | None = None

    def apply(self, item: Node) -> None:
        self.file = FileRef(path_of(item))
        if self.values:
            walk(item, self.set_list, self.set_scalar)

    def pattern(self, comment: str) -> str:
        """The pattern, if it holds one of the given setters."""
        pattern = pattern_of(comment) if comment else ""
        return pattern if pattern and any(name in pattern for name in self.values) else ""

    def set_list(self, key: Node, value: Node, path: str) -> None:
        comment = value.line if value.style == "flow" else key.line
        if not (pattern := self.pattern(comment)):
            return
        if len(references(pattern)) != 1 or not (pattern.startswith("${") and pattern.endswith("}")):
            raise _Refused(f"invalid setter pattern for array node: {quote(pattern)}")
        wanted = self.values.get(f"${{{bare(pattern)}}}", "")
        items = _list_in(wanted) if wanted else []
        if items:
            value.content = items
            value.style, key.line = "", comment
        else:
            # An empty list stands on the line of its key, and so must its comment.
            value.content = []
            value.style, value.line, key.line = "flow", comment, ""
        self.tell(wanted, join(path, key.value))

    def set_scalar(self, node: Node, path: str, step: str | int) -> None:
        if not (pattern := self.pattern(node.line)):
            return
        value = pattern
        for name, given in self.values.items():
            value = value.replace(name, given)
        if references(value):
            for derived, old in derive(pattern, node.value).items():
                value = value.replace(f"${{{derived}}}", old)
        if missing := references(value):
            raise _Refused(f"values for setters [{' '.join(missing)}] must be provided")
        node.value = value
        if not value:
            node.style = "double"
        settle(node)
        self.tell(value, join(path, step))

    def tell(self, value: str, path: str) -> None:
        self.results.append(
            Result(f"set field value to {quote(value)}", field=FieldRef(path.removeprefix(".")), file=self.file)
        )


def _list_in(text: str) -> list[Node]:
    try:
        documents = parse(text)
    except PorchError:
        documents = []
    if not documents or documents[0].kind != "sequence":
        raise _Refused(f"input to array setter must be an array of values, but found {quote(text)}")
    return documents[0].content
