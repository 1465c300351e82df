"""Which resources a function gets, and how what it gives back joins the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from porch.kyaml import Node, find, followed, pairs, text_of
from porch.render.annotations import SELECTED, annotate_all, annotations_of, unannotate_all
from porch.render.pipeline import Function, Selector


def select(function: Function, items: Sequence[Node]) -> list[Node]:
    """The resources that any selector matches and no exclusion does, each once however many selectors match it; an
    empty exclusion excludes nothing.
    """
    exclude = [selector for selector in function.exclude if not selector.is_empty]
    return [
        item
        for item in items
        if (not function.selectors or any(_matches(selector, item) for selector in function.selectors))
        and not any(_matches(selector, item) for selector in exclude)
    ]


def mark(items: Sequence[Node]) -> None:
    """Gives each resource a number by which `merge` knows it again."""
    for number, item in enumerate(items):
        annotate_all(item, {SELECTED: str(number)})


def merge(items: Sequence[Node], selected: Sequence[Node], output: Sequence[Node]) -> list[Node]:
    """All resources after a function got the marked `selected` ones and gave `output`. What it left out is deleted,
    what it made comes last.
    """
    given = {id(item) for item in selected}
    came = {annotations_of(item).get(SELECTED, ""): item for item in output}
    result = []
    for number, item in enumerate(items):
        if id(item) not in given:
            result.append(item)
        elif (replaced := came.pop(str(number), None)) is not None:
            result.append(replaced)
    known = {id(item) for item in result}
    result += [item for item in output if id(item) not in known]
    for item in result:
        unannotate_all(item, frozenset({SELECTED}))
    return result


def _matches(selector: Selector, item: Node) -> bool:
    for wanted, path in (
        (selector.api_version, ("apiVersion",)),
        (selector.kind, ("kind",)),
        (selector.name, ("metadata", "name")),
        (selector.namespace, ("metadata", "namespace")),
    ):
        if wanted and text_of(item, *path) != wanted:
            return False
    return _has_all(item, "labels", selector.labels) and _has_all(item, "annotations", selector.annotations)


def _has_all(item: Node, field: str, wanted: Mapping[str, str]) -> bool:
    if not wanted:
        return True
    found = find(item, "metadata", field)
    if found is None or found.kind != "mapping":
        return False
    values = {key.value: followed(value).value for key, value in pairs(found)}
    return all(values.get(key) == value for key, value in wanted.items())
