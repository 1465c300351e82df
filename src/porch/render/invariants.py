"""What a function may not do to the resources it was given, and what happens when it moves one to another file."""

from __future__ import annotations

from collections.abc import Sequence
from posixpath import normpath

from porch.kyaml import Node, text_of
from porch.render.annotations import INDEX, OLD_INDEX, OLD_PATH, PACKAGE, PATH, annotate_all, annotations_of
from porch.render.krm import krm_problem
from porch.render.resource import Place, Resource

_PAIRS = ((PATH, OLD_PATH, "path"), (INDEX, OLD_INDEX, "index"))


class Broken(Exception):
    """The function gave what cannot be, in upstream's words."""


def check_output(resources: Sequence[Resource], sources: Sequence[int], given: Sequence[Resource]) -> None:
    """Raises Broken. What stayed as it was is not looked at again; `sources` are the numbers of what was given."""
    moved = len(set(sources)) < len(sources)
    for resource, source in zip(resources, sources, strict=True):
        before = given[source] if source >= 0 else None
        if resource is not before:
            _check(resource)
            moved = moved or before is None or before.place != resource.place
    if moved:
        _check_places(resources)


def _check(resource: Resource) -> None:
    path = resource.place.path
    if normpath(path).split("/")[0] == "..":
        raise Broken(f"function must not modify resources outside of package: resource has path {path}")
    if problem := krm_problem(resource.node, path):
        raise Broken(f"output resource list must contain only KRM resources: {path}: {problem}")


def _check_places(resources: Sequence[Resource]) -> None:
    seen: set[tuple[str, str, str]] = set()
    for resource in resources:
        path, index = normpath(resource.place.path), resource.place.index
        place = (resource.place.package, path, index)
        if index and place in seen:  # what has no number gets one when it is written
            raise Broken(f'resource at path "{path}" and index "{index}" already exists')
        seen.add(place)


def follow_moves(item: Node, was: Place | None, package: str) -> None:
    """A path or index that the function changed in one spelling changes in the other. What has no path gets the default
    one, in the package that runs the function. Raises Broken when both spellings were changed and differ.
    """
    found = annotations_of(item)
    wanted: dict[str, str] = {}
    for key, old_key, word in _PAIRS:
        value, old = found.get(key, ""), found.get(old_key, "")
        before = (was.path if word == "path" else was.index) if was else ""
        if value and old and value != old:
            if before not in {value, old}:
                raise Broken(f"resource input to function has mismatched legacy and internal {word} annotations")
            value = old if value == before else value
        value = value or old
        if not value and word == "path":
            value = default_path(item)
        if value:
            wanted |= {one: value for one in (key, old_key) if found.get(one) != value}
    if not found.get(PACKAGE):
        wanted[PACKAGE] = package
    if wanted:
        annotate_all(item, wanted)


def default_path(item: Node) -> str:
    """Where a resource goes that a function made without a path."""
    name = f"{text_of(item, 'kind').lower()}_{text_of(item, 'metadata', 'name')}.yaml"
    namespace = text_of(item, "metadata", "namespace")
    return f"{namespace}/{name}" if namespace else name
