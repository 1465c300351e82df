"""What the Go function SDK does with an object: reads and sets fields, tells local config, kind and scope.

Functions built on the SDK share these rules, and their oddities: a key counts only when it is a string, reading a
field of the wrong type gives nothing or an error with the SDK's words, a part that is missing in apiVersion or kind
matches any other. An alias is followed where it is read (the SDK panics), and becomes a copy where it is changed.
"""

from __future__ import annotations

from collections.abc import Iterable

from porch.function.interface import FunctionFailed
from porch.kyaml import Node, copy, followed, walk

LOCAL_CONFIG = "config.kubernetes.io/local-config"
UPSTREAM_IDENTIFIER = "internal.kpt.dev/upstream-identifier"
PATH = "internal.config.kubernetes.io/path"
INDEX = "internal.config.kubernetes.io/index"
_STRING = frozenset({"!!str", ""})


class FieldError(Exception):
    """A field is not what the function needs. The text is the SDK's."""


def failure(error: object = "error: function failure") -> FunctionFailed:
    """What a function says on stderr when it fails."""
    return FunctionFailed(f"failed to evaluate function: {error}")


# fields


def place(node: Node, key: str) -> int:
    """Where the key stands in `content`; -1 when it does not, or when this is no mapping."""
    if node.kind == "mapping":
        content = node.content
        for at in range(0, len(content), 2):
            found = content[at]
            if found.value == key and found.tag in _STRING:
                return at
    return -1


def entry(node: Node, key: str) -> Node | None:
    at = place(node, key)
    return followed(node.content[at + 1]) if at >= 0 else None


def find(node: Node, *path: str) -> Node | None:
    """The value at the end of the path. Raises LookupError when there is something else than a mapping on the way."""
    last = len(path) - 1
    found: Node | None = node
    for depth, key in enumerate(path):
        found = entry(node, key)
        if found is None or depth == last:
            break
        if found.kind != "mapping":
            raise LookupError(key)
        node = found
    return found


def has(node: Node, *path: str) -> bool:
    """Something else than a mapping on the way counts as found."""
    try:
        return find(node, *path) is not None
    except LookupError:
        return True


def text(node: Node, *path: str) -> str:
    """The string at the end of the path; empty when it is missing or of another type."""
    try:
        found = find(node, *path)
    except LookupError:
        return ""
    return found.value if found is not None and found.kind == "scalar" and found.tag == "!!str" else ""


def items_of(node: Node, key: str) -> list[Node]:
    """The mappings of a list; none when it is no list, or one item is something else."""
    found = entry(node, key)
    if found is None or found.kind != "sequence":
        return []
    items = [followed(item) for item in found.content]
    return items if all(item.kind == "mapping" for item in items) else []


class Part:
    """A mapping inside an object, with the way to it as errors tell it."""

    __slots__ = ("node", "owner", "way")

    def __init__(self, node: Node, owner: str = "Resource(apiVersion=, kind=)", way: str = "") -> None:
        self.node = node
        self.owner = owner
        self.way = way

    @classmethod
    def whole(cls, node: Node) -> Part:
        """An object. The SDK tells its apiVersion by two fields that objects do not have."""
        group, version = text(node, "group"), text(node, "version")
        api_version = f"{group}/{version}" if group else version
        return cls(node, f"Resource(apiVersion={api_version}, kind={text(node, 'kind')})")

    def child(self, key: str) -> Part | None:
        """A field's value whatever its type: the SDK takes any node for a mapping, and finds nothing in it."""
        found = entry(self.node, key)
        return Part(found, self.owner, f"{self.way}.{key}") if found is not None else None

    def items(self, key: str) -> list[Part]:
        """The mappings of a list; none when it is no list, or one item is something else."""
        return [Part(item) for item in items_of(self.node, key)]

    def mapping(self, *path: str, problem_at: str = "") -> Part | None:
        """The mapping at the end of the path. Raises FieldError about a field in it when something else is there."""
        try:
            found = find(self.node, *path)
        except LookupError:
            raise self.mismatch("string", *path, problem_at) from None
        if found is not None and found.kind != "mapping":
            raise self.mismatch("string", *path, problem_at)
        return Part(found, self.owner, ".".join((self.way, *path))) if found is not None else None

    def text(self, *path: str) -> str | None:
        """The string at the end of the path. Raises FieldError when it, or what is on the way, has another type."""
        try:
            found = find(self.node, *path)
        except LookupError:
            raise self.mismatch("string", *path) from None
        if found is not None and (found.kind != "scalar" or found.tag != "!!str"):
            raise self.mismatch("string", *path)
        return found.value if found is not None else None

    def mismatch(self, go_type: str, *path: str) -> FieldError:
        return FieldError(f'{self.owner} has unmatched field type "{go_type}" in fieldpath {self.way}.{".".join(path)}')


def set_text(node: Node, value: str, *path: str, keep_style: bool = True) -> Node:
    """Set a string, and return the mapping that holds it.

    Mappings on the way are made at the end of theirs. An old scalar's comments stay, and its style, but for functions
    of 2022. What is set inside a scalar disappears, as it does in the SDK.
    """
    *way, last = path
    if last == UPSTREAM_IDENTIFIER:
        raise FieldError(f"annotation {UPSTREAM_IDENTIFIER} is managed by kpt and should not be modified")
    for key in way:
        at = place(node, key)
        if at < 0:
            node = _added(node, key, Node("mapping", content=[]))
        else:
            node = _owned(node.content, at + 1)
            if node.kind != "mapping":
                kind = "Slice" if node.kind == "sequence" else "scalar"
                raise FieldError(
                    f"unable to set {value} at fields [{' '.join(path)}] with error: "
                    f"incorrect type, was *internal.{kind}Variant"
                )
    at = place(node, last)
    if at < 0:
        _added(node, last, Node("scalar", "!!str", value))
    else:
        node.content[at + 1] = _replaced(node.content[at + 1], value, keep_style=keep_style)
    return node


def remove(node: Node, *path: str) -> bool:
    """Take a field away, each time that it is there."""
    *way, last = path
    for key in way:
        at = place(node, key)
        if at < 0:
            return False
        node = _owned(node.content, at + 1)
    removed = False
    while (at := place(node, last)) >= 0:
        del node.content[at : at + 2]
        removed = True
    return removed


def _added(node: Node, key: str, value: Node) -> Node:
    if node.kind == "mapping":
        node.content += [Node("scalar", "!!str", key), value]
    return value


def _replaced(old: Node, value: str, *, keep_style: bool) -> Node:
    if old.kind != "scalar":
        return Node("scalar", "!!str", value)
    old.tag, old.value = "!!str", value  # with its anchor, which the SDK drops: then aliases of it are no YAML
    if not keep_style:
        old.style, old.tagged = "", False
    return old


def _owned(content: list[Node], at: int) -> Node:
    """The node there, not shared with an anchor elsewhere: an alias is replaced by a copy of what it stands for."""
    node = content[at]
    if node.kind == "alias":
        node = copy(followed(node))
        for inner in walk(node):
            inner.anchor = ""
        content[at] = node
    return node


# objects


class Item:
    """An object with what is asked of it again and again."""

    __slots__ = ("api_version", "group", "kind", "node", "version", "whole_kind")

    def __init__(self, node: Node) -> None:
        self.node = node
        self.api_version = text(node, "apiVersion")
        self.whole_kind = self.kind = text(node, "kind")
        self.group, _, self.version = self.api_version.rpartition("/")
        if "/" in self.group:  # the SDK gives up on such an apiVersion, and takes the object for one of any kind
            self.group = self.version = self.kind = ""

    @property
    def name(self) -> str:
        return text(self.node, "metadata", "name")

    @property
    def namespace(self) -> str:
        return text(self.node, "metadata", "namespace")

    def annotation(self, key: str) -> str:
        return text(self.node, "metadata", "annotations", key)

    def is_local_config(self) -> bool:
        return self.annotation(LOCAL_CONFIG) not in {"", "false"}

    def is_a(self, group: str, version: str, kind: str) -> bool:
        return matches((self.group, self.version, self.kind), (group, version, kind))

    def __str__(self) -> str:
        return (
            f"Resource(apiVersion={self.api_version}, kind={self.whole_kind}, "
            f"namespace={self.namespace}, name={self.name})"
        )


def matches(gvk: Iterable[str], wanted: Iterable[str]) -> bool:
    """Group, version and kind; a part that is empty here or there matches."""
    return all(not a or not b or a == b for a, b in zip(gvk, wanted, strict=True))


def annotations_of(node: Node) -> dict[str, str]:
    """All annotations, as their text whatever their type."""
    try:
        found = find(node, "metadata", "annotations")
    except LookupError:
        found = None
    if found is None or found.kind != "mapping":
        return {}
    return {key.value: value.value for key, value in zip(found.content[::2], found.content[1::2], strict=True)}
