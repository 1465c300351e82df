"""A ResourceList as text: what functions outside of this process read and write.

Written as kpt writes it: items, then the functionConfig if there is one, lists compact; results only by a function.
Of what a function writes, only `items` and `results` are read.
"""

from __future__ import annotations

from porch.function.interface import ResourceList
from porch.function.results import Result, results_from_json
from porch.krm.errors import YamlError
from porch.kyaml import Node, emit, followed, from_value, get, mapping, parse, put, sequence, text, to_value

API_VERSION, KIND = "config.kubernetes.io/v1", "ResourceList"


class BadOutput(YamlError):
    """What a function wrote is no ResourceList."""


def write_resource_list(resources: ResourceList) -> bytes:
    root = mapping()
    put(root, "apiVersion", text(API_VERSION))
    put(root, "kind", text(KIND))
    put(root, "items", sequence(*resources.items))
    if resources.config is not None:
        put(root, "functionConfig", resources.config)
    if resources.results:
        put(root, "results", from_value([result.to_json() for result in resources.results]))
    return emit(root).encode()


def read_resource_list(data: bytes) -> ResourceList:
    """Nothing at all is a list without items. Raises YamlError, BadOutput among them."""
    try:
        documents = parse(data.decode())
    except UnicodeDecodeError as error:
        raise BadOutput("it is not UTF-8") from error
    if not documents:
        return ResourceList([])
    root = documents[0]
    if len(documents) > 1 or root.kind != "mapping":
        raise BadOutput("it is not one ResourceList")
    return ResourceList(_items(root), get(root, "functionConfig"), read_results(root))


def read_results(root: Node) -> list[Result]:
    """The results of a ResourceList that was read."""
    found = get(root, "results")
    return results_from_json(to_value(found)) if found is not None else []


def _items(root: Node) -> list[Node]:
    found = get(root, "items")
    if found is None or (found.kind == "scalar" and found.value in {"", "null", "~"}):
        return []
    if found.kind != "sequence":
        raise BadOutput("its items are no list", found.row)
    items = [followed(item) for item in found.content]
    for item in items:
        if item.kind != "mapping":
            raise BadOutput("an item is no object", item.row)
    return items
