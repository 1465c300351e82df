"""Resources to files, as kpt's writer does it: grouped by path, in the order of their numbers, without annotations.

All files that resources were read from are written anew or, when nothing is left of them, deleted; others stay. What
the text of a resource is, is remembered by its fingerprint.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from posixpath import normpath

import yaml
from yaml.cyaml import CSafeLoader

from porch.krm.errors import YamlError
from porch.krm.paths import collisions, path_problem
from porch.kyaml import Node, drop, emit, get
from porch.kyaml.documents import BARE_LIST
from porch.kyaml.json_text import write_json
from porch.render.annotations import INDENT, OURS, annotations_of, unannotate_all
from porch.render.attribution import attribute
from porch.render.layout import inside
from porch.render.memory import TEXTS, content_key
from porch.render.resource import Resource

_SEPARATOR = b"---\n"


class CannotWrite(Exception):
    """A resource has a path that no file of the package can have, or cannot be written as YAML."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(why)
        self.path = path


def write_files(
    files: Mapping[str, bytes], read: Iterable[str], resources: Sequence[Resource], *, all_: bool
) -> dict[str, bytes]:
    """The files of the package once `resources` are in them, which were read from the files `read`. Unless they are
    `all_` that there are, no file is deleted. Raises CannotWrite.
    """
    written = _texts(resources)
    gone = set(read).difference(written) if all_ else set()
    result = {path: data for path, data in files.items() if path not in gone} | written
    new = [path for path in written if path not in files]
    for path in new:
        if problem := path_problem(path):
            raise CannotWrite(path, f"resource cannot be written to {path}: {problem}")
    for path, problem in collisions(result, files.keys()) if new else ():
        raise CannotWrite(path, f"resource cannot be written to {path}: {problem}")
    return result


def _texts(resources: Sequence[Resource]) -> dict[str, bytes]:
    by_path: dict[str, list[Resource]] = {}
    for resource in resources:
        by_path.setdefault(_path_of(resource), []).append(resource)
    return {path: _file(path, found) for path, found in by_path.items()}


def _path_of(resource: Resource) -> str:
    """From the root of the package that is rendered."""
    path = resource.place.path
    if path.startswith("/"):
        raise CannotWrite(path, f"package paths may not be absolute paths: {path}")
    if path.endswith("/") or not path:
        raise CannotWrite(path, f"config.kubernetes.io/path cannot be a directory: {path}")
    clean = normpath(path)
    if ".." in clean.split("/"):
        raise CannotWrite(path, f"resource must be written under package {resource.place.package}: {path}")
    if clean == ".":
        raise CannotWrite(path, f"config.kubernetes.io/path cannot be a directory: {path}")
    return inside(resource.place.package[1:], clean)


def _file(path: str, resources: list[Resource]) -> bytes:
    numbers = [int(one.place.index) if _is_number(one.place.index) else None for one in resources]
    last = max((number for number in numbers if number is not None), default=0)
    order = sorted(range(len(resources)), key=lambda at: last if (number := numbers[at]) is None else number)
    if path.endswith(".json") and len(resources) == 1:
        try:
            return write_json(_bare(resources[0].node)).encode()
        except YamlError as error:
            raise CannotWrite(path, f"{path}: cannot be written as JSON: {error.message}") from error
    return _SEPARATOR.join(_text(resources[at]) for at in order)


def _is_number(index: str) -> bool:
    return index.removeprefix("-").isdecimal() and len(index) < 12


def _text(resource: Resource) -> bytes:
    key = content_key(b"text", resource.print)
    known = TEXTS.get(key)
    if known is None:
        wide = annotations_of(resource.node).get(INDENT) == "wide"
        known = emit(_bare(resource.node), wide=wide).encode()
        _check(known, resource)
        TEXTS.put(key, known)
    return known


def _check(data: bytes, resource: Resource) -> None:
    """A function can put nodes together that cannot be written: a list in flow style below a comment, for one."""
    try:
        CSafeLoader(data).raw_parse()
    except yaml.MarkedYAMLError as error:
        path = inside(resource.place.package[1:], resource.place.path)
        who = f'function "{resource.changed_by}"' if resource.changed_by else "a function"
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        why = f"{path}: {who} made what is no YAML when it is written: line {line}: {error.problem}"
        raise CannotWrite(path, why) from error


def _bare(node: Node) -> Node:
    """The node without what it carried for the functions. Changes the node: its life ends here."""
    attribute(node)
    unannotate_all(node, OURS)
    if (metadata := get(node, "metadata")) is not None and metadata.kind == "mapping" and not metadata.content:
        drop(node, "metadata")
    wrapped = get(node, BARE_LIST)
    return wrapped if wrapped is not None and wrapped.content else node
