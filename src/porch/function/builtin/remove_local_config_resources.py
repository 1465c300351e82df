"""remove-local-config-resources: drops what is only for tools, that is, carries the local-config annotation.

The Go version drops the Kptfile too, which carries it since `init`; without one no package is left. It stays here.
"""

from __future__ import annotations

from porch.function.builtin._framework import annotations_of, file_of, is_empty, value_of
from porch.function.interface import ResourceList
from porch.function.results import INFO, WARNING, FileRef, Result
from porch.kyaml import Node, get

NAME = "remove-local-config-resources"
SORTS = False
_LOCAL = "config.kubernetes.io/local-config"


def run(resources: ResourceList) -> None:
    kept: list[Node] = []
    removed: list[Result] = []
    for item in resources.items:
        if is_empty(item):
            continue
        annotations = annotations_of(item)
        if annotations.get(_LOCAL, "").lower() != "true" or is_kptfile(item):
            kept.append(item)
            continue
        metadata = get(item, "metadata")
        name = value_of(get(metadata, "name")) if metadata is not None else ""
        removed.append(Result(f"Resource name: [{name}]", INFO, file=FileRef(file_of(annotations).path)))
    resources.items = kept
    if removed:
        resources.results += [Result(f"Number of resources pruned: {len(removed)}", INFO), *removed]
    else:
        resources.results.append(Result("Found no resources to prune with the local config annotation", WARNING))


def is_kptfile(item: Node) -> bool:
    group = value_of(get(item, "apiVersion")).partition("/")[0]
    return group == "kpt.dev" and value_of(get(item, "kind")) == "Kptfile"
