"""delete-annotations: takes annotations away from all objects, local config and the Kptfile included.

The functionConfig is a ConfigMap whose `annotationKeys` names them, separated by commas without blanks.
"""

from __future__ import annotations

from porch.function.builtin._config import report
from porch.function.builtin._sdk import PATH, Item, remove, text
from porch.function.interface import FunctionFailed, ResourceList
from porch.function.results import ERROR, INFO, FileRef, Result

NAME = "delete-annotations"
SORTS = True


def run(resources: ResourceList) -> None:
    config = resources.config
    if config is None or not config.content:
        report(resources, "panic with runtime error: invalid memory address or nil pointer dereference", ERROR)
        raise FunctionFailed
    keys = text(config, "data", "annotationKeys")
    if not keys:
        report(resources, "annotationKeys was not provided as part of the config or paramters to the function", ERROR)
        raise FunctionFailed
    removed, count, name = [], 0, ""
    for item in map(Item, resources.items):
        if not item.whole_kind or not item.name or not item.api_version:
            continue
        for key in keys.strip().split(","):
            if remove(item.node, "metadata", "annotations", key):
                if item.name != name:  # objects of one name in a row count as one
                    count, name = count + 1, item.name
                removed.append(_removed(item, key))
    if removed:
        report(resources, f"The provided annotations were deleted from {count} resource(s)", INFO)
        resources.results += removed
    else:
        report(resources, "None of the resources had the provided annotations to delete", INFO)


def _removed(item: Item, key: str) -> Result:
    message = f"Annonation: [{key}] removed from resource: [{item.name}]"
    return Result(message, INFO, file=FileRef(item.annotation(PATH)))
