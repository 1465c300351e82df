"""The annotations that a resource carries while functions run: where it comes from, and which one it is.

Functions may read and change path and index, in the newer or the older spelling; that is how they move a resource to
another file. Everything here is taken off again before the resource is written.
"""

from __future__ import annotations

from collections.abc import Mapping

from porch.kyaml import Node, change, drop, followed, get, mapping, put, text

_INTERNAL = "internal.config.kubernetes.io/"
PATH, INDEX = _INTERNAL + "path", _INTERNAL + "index"
OLD_PATH, OLD_INDEX = "config.kubernetes.io/path", "config.kubernetes.io/index"
PACKAGE = _INTERNAL + "package-path"
INDENT = _INTERNAL + "seqindent"
ID, OLD_ID = _INTERNAL + "id", "config.k8s.io/id"
MIGRATION = _INTERNAL + "annotations-migration-resource-id"
_IN_ORDER = [MIGRATION, ID, OLD_ID]
_IDS = frozenset(_IN_ORDER)
_IDS_LENGTH = 2 * len(_IDS)
OURS = frozenset({PATH, INDEX, OLD_PATH, OLD_INDEX, PACKAGE, INDENT, ID, OLD_ID, MIGRATION})


def annotations_of(resource: Node) -> dict[str, str]:
    """All annotations; empty for a resource that has none."""
    found = _annotations(resource)
    if found is None:
        return {}
    content = found.content
    return {
        content[at].value: value.value
        for at in range(0, len(content), 2)
        if (value := followed(content[at + 1])).kind == "scalar"
    }


def annotate_all(resource: Node, values: Mapping[str, str]) -> None:
    """Sets these annotations as kyaml does: one that is there keeps its place and style, new ones come last, in the
    given order and in single quotes.
    """
    found = _made(resource)
    places = {key.value: at for at, key in enumerate(found.content[::2])}
    for key, value in values.items():
        if (at := places.get(key)) is None:
            found.content += (text(key), text(value, "single"))
        else:
            change(found.content[2 * at + 1], value)


def unannotate_all(resource: Node, keys: frozenset[str]) -> None:
    """Takes these annotations away; an emptied `annotations` goes too."""
    metadata = get(resource, "metadata")
    found = _annotations(resource)
    if metadata is None or found is None:
        return
    content = found.content
    if not content or any(key.value in keys for key in content[::2]):
        kept = [at for at in range(0, len(content), 2) if content[at].value not in keys]
        found.content = [node for at in kept for node in content[at : at + 2]]
        if not kept:
            drop(metadata, "annotations")


def add_ids(resource: Node, number: int) -> None:
    """Numbers a resource before a function gets it: from 0 for one of the ids, from 1 for the others."""
    one = str(number + 1)
    _made(resource).content += (
        Node("scalar", "!!str", MIGRATION),
        Node("scalar", "!!str", str(number), "single"),
        Node("scalar", "!!str", ID),
        Node("scalar", "!!str", one, "single"),
        Node("scalar", "!!str", OLD_ID),
        Node("scalar", "!!str", one, "single"),
    )


def take_ids(resource: Node) -> int:
    """The number of a resource that a function gave back, from 0; -1 when it has none. Its ids go."""
    found = _annotations(resource)
    content = found.content if found is not None else []
    if len(content) > _IDS_LENGTH and [key.value for key in content[-_IDS_LENGTH::2]] == _IN_ORDER:
        number = followed(content[-3]).value or followed(content[-1]).value
        del content[-_IDS_LENGTH:]
    else:
        values = {key.value: followed(value).value for key, value in zip(content[::2], content[1::2], strict=False)}
        number = values.get(ID) or values.get(OLD_ID, "")
        unannotate_all(resource, _IDS)
    return int(number) - 1 if number.isdecimal() and len(number) < 10 else -1


def settle(resource: Node) -> None:
    """Gives our annotations the quotes that they came with. Nobody sees these, so other ones are no change."""
    found = _annotations(resource)
    content = found.content if found is not None else []
    for at in range(0, len(content), 2):
        if content[at].value in OURS:
            content[at + 1].style = "single"


def _annotations(resource: Node) -> Node | None:
    metadata = get(resource, "metadata")
    found = get(metadata, "annotations") if metadata is not None else None
    return found if found is not None and found.kind == "mapping" else None


def _made(resource: Node) -> Node:
    """The mapping of annotations, made where it is missing."""
    for key in ("metadata", "annotations"):
        below = get(resource, key)
        if below is None or below.kind != "mapping":
            below = mapping()
            put(resource, key, below)
        resource = below
    return resource
