"""Files to resources, as kpt's reader does it: documents, with annotations that say where they come from.

Each file is split into documents before it is parsed, so that comments stay with theirs. A document without content is
no resource. Parsed files are remembered by their content: most files of a package do not change between renders.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from porch.krm.style import choose
from porch.krm.yaml import decode_text
from porch.kyaml import Node, mapping, pack, text, unpack
from porch.kyaml.documents import BARE_LIST, seqindent, split
from porch.kyaml.parse import parse_one
from porch.render.annotations import INDENT, INDEX, OLD_INDEX, OLD_PATH, PACKAGE, PATH, annotate_all
from porch.render.memory import PARSED, content_key
from porch.render.resource import Place, Resource, Saved, fingerprint, has_folded


def documents_of(data: bytes) -> list[Node]:
    """The documents of a file that have content. Raises YamlError with the line in the file."""
    return [node for node, _ in _documents(data)]


def read_file(path: str, package: str, data: bytes) -> list[Resource]:
    """The resources of the file at `path` in its package, whose own path is `package`. Raises YamlError."""
    key = content_key(b"read", path.encode(), package.encode(), data)
    known = PARSED.get(key)
    if known is None:
        nodes, parsed = _parsed(path, package, data)
        PARSED.put(key, _encode(parsed))
    else:
        parsed = _decode(known)
        nodes = unpack(parsed.packed)
    resources = []
    for index, (node, print_, has_folded_) in enumerate(zip(nodes, parsed.prints, parsed.folded, strict=True)):
        resource = Resource(node, print_, Place(package, path, str(index)), Saved(parsed.packed, index))
        resource.has_folded = has_folded_
        resources.append(resource)
    return resources


class _Parsed(msgspec.Struct, array_like=True):
    """What is remembered of a file: its documents, packed, the fingerprint of each, and whether it has folded text."""

    packed: bytes
    prints: list[bytes]
    folded: list[bool]


_encode, _decode = msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder(_Parsed).decode


def _parsed(path: str, package: str, data: bytes) -> tuple[list[Node], _Parsed]:
    nodes = []
    for index, (node, indent) in enumerate(_documents(data)):
        resource = _wrapped(node)
        if resource.kind == "mapping":
            annotate_all(resource, _origin(path, package, str(index), indent))
        if b"{" in data or b"[" in data:
            _quote_in_flow(resource, flow=False)
        nodes.append(resource)
    may_fold = b">" in data
    folded = [may_fold and has_folded(node) for node in nodes]
    return nodes, _Parsed(pack(nodes), list(map(fingerprint, nodes)), folded)


def _quote_in_flow(node: Node, *, flow: bool) -> None:
    """What flow style cannot hold without quotes gets them now, not when it is written: upstream's functions read what
    has been written, and keep the quotes for a new value.
    """
    flow = flow or node.style == "flow"
    if node.content:
        for below in node.content:
            _quote_in_flow(below, flow=flow)
    elif flow and node.kind == "scalar" and not node.style and node.value:
        node.style = choose(node.value, "literal" if "\n" in node.value else "", flow=True, key=False)


def _origin(path: str, package: str, index: str, indent: str) -> dict[str, str]:
    values = {OLD_INDEX: index, OLD_PATH: path, INDEX: index, PACKAGE: package, PATH: path, INDENT: indent}
    return dict(sorted(values.items()))


def _wrapped(node: Node) -> Node:
    """A bare list cannot carry annotations: it becomes a field while it is in memory."""
    return mapping(text(BARE_LIST), node) if node.kind == "sequence" else node


def _documents(data: bytes) -> Iterator[tuple[Node, str]]:
    """Each document with the style of its lists."""
    for part, lines_before in split(decode_text(data)):
        root = parse_one(part, lines_before)
        if root is not None and root.tag != "!!null":
            yield root, seqindent(part)
