"""upsert-resource: puts the functionConfig, or each item of a List, in the place of the resource of the same group,
kind, name and namespace; adds it when there is none.

The annotation target-path names the file that it belongs into, and is not written.
"""

from __future__ import annotations

from typing import NamedTuple

from porch.function.builtin._framework import (
    INDEX,
    OLD_INDEX,
    OLD_PATH,
    PATH,
    annotations_of,
    set_annotations,
    set_field,
    value_of,
)
from porch.function.interface import FunctionFailed, ResourceList
from porch.kyaml import Node, copy, get, text

NAME = "upsert-resource"
SORTS = False
_TARGET_PATH = "config.kubernetes.io/target-path"
_FUNCTION = ("config.kubernetes.io/function", "config.k8s.io/function")
_OWN = (
    *_FUNCTION,
    _TARGET_PATH,
    PATH,
    INDEX,
    OLD_PATH,
    OLD_INDEX,
    # A functionConfig that is a file of the package has these of its own.
    "internal.config.kubernetes.io/annotations-migration-resource-id",
    "internal.config.kubernetes.io/id",
    "config.k8s.io/id",
    "internal.config.kubernetes.io/package-path",
    "internal.config.kubernetes.io/seqindent",
)


def run(resources: ResourceList) -> None:
    if resources.config is None:
        raise FunctionFailed("failed to upsert resource: `functionConfig` is missing, it is the resource to upsert\n")
    identities = [_identity(item) for item in resources.items]
    for wanted in _wanted(resources.config):
        _upsert(resources.items, identities, wanted)


class _Identity(NamedTuple):
    group: str
    kind: str
    name: str
    namespace: str


def _wanted(config: Node) -> list[Node]:
    if value_of(get(config, "kind")) != "List":
        return [config]
    items = get(config, "items")
    return items.content if items is not None else []


def _upsert(items: list[Node], identities: list[_Identity], wanted: Node) -> None:
    identity, annotations = _identity(wanted), annotations_of(wanted)
    path = annotations.get(_TARGET_PATH, "")
    kept = {key: value for key, value in annotations.items() if key not in _OWN}
    found = False
    for at, known in enumerate(identities):
        if known != identity:
            continue
        old = annotations_of(items[at])
        if not any(old.get(key) for key in _FUNCTION) and path in {"", old.get(PATH)}:
            items[at] = _placed(wanted, kept, {PATH: old.get(PATH, ""), INDEX: old.get(INDEX, "")})
            found = True
    if not found:
        items.append(_placed(wanted, kept, {PATH: path} if path else {}))
        identities.append(identity)


def _placed(wanted: Node, annotations: dict[str, str], place: dict[str, str]) -> Node:
    made = copy(wanted)
    set_annotations(made, annotations | place)
    metadata = get(made, "metadata")
    written = get(metadata, "annotations") if metadata is not None else None
    for key, older in ((PATH, OLD_PATH), (INDEX, OLD_INDEX)):
        if written is not None and place.get(key):
            set_field(written, older, text(place[key], "single"))
    return made


def _identity(item: Node) -> _Identity:
    version, metadata = value_of(get(item, "apiVersion")), get(item, "metadata")
    group = version.partition("/")[0] if "/" in version else ""
    name, namespace = (value_of(get(metadata, key)) if metadata is not None else "" for key in ("name", "namespace"))
    return _Identity(group, value_of(get(item, "kind")), name, namespace)
