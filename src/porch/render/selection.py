"""Which resources a function gets, and how what it gives back joins the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from porch.kyaml import Node, find, followed, pairs, text_of
from porch.render.pipeline import Function, Selector
from porch.render.resource import Resource
from porch.render.step import Done


def select(function: Function, resources: list[Resource]) -> list[Resource]:
    """The resources that any selector matches and no exclusion does, each once however many selectors match it; an
    empty exclusion excludes nothing.
    """
    if not function.selects:
        return resources
    exclude = [selector for selector in function.exclude if not selector.is_empty]
    return [
        resource
        for resource in resources
        if (not function.selectors or any(_matches(selector, resource.node) for selector in function.selectors))
        and not any(_matches(selector, resource.node) for selector in exclude)
    ]


def merge(resources: Sequence[Resource], selected: Sequence[Resource], done: Done) -> list[Resource]:
    """All resources after a function got the selected ones. What it left out is deleted, what it made comes last."""
    given = set(selected)
    came = {
        selected[source]: output for output, source in zip(done.resources, done.sources, strict=True) if source >= 0
    }
    result = [came.get(one) if one in given else one for one in resources]
    made = [output for output, source in zip(done.resources, done.sources, strict=True) if source < 0]
    return [one for one in result if one is not None] + made


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
