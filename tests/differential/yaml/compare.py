"""One document, read and written by both sides: every field of every node, and every text."""

from __future__ import annotations

from typing import Any

from porch import kyaml
from porch.krm.write import dump
from porch.kyaml.compose import compose
from porch.kyaml.documents import split
from porch.kyaml.json_text import write_json
from porch.kyaml.node import Node, walk
from tests.differential.yaml.files import rewritten
from tests.differential.yaml.order import in_order

_KINDS = {"sequence": 2, "mapping": 4, "scalar": 8, "alias": 16}
_STYLES = {"": 0, "double": 2, "single": 4, "literal": 8, "folded": 16, "flow": 32}
_TAGGED = 1
OTHERWISE = "otherwise"
"""Ours is another text, because Go's cannot be read or says something else than the nodes."""
_BEHIND = {"a second document", "did not find expected <document start>", "found incompatible YAML document"}


def ours(document: str) -> dict[str, Any]:
    """The same answer as that of the Go program."""
    result: dict[str, Any] = {}
    try:
        root = next(compose(document), None)
    except kyaml.YamlError as error:
        result["error"] = error.problem
    else:
        if root is None:
            result["error"] = "EOF"
        else:
            result["tree"] = document_tree(root)
            result["compact"] = kyaml.emit(root)
            result["wide"] = kyaml.emit(root, wide=True)
            result["json"] = _json(root)
    try:
        result["file"] = rewritten(document) or ""
    except kyaml.YamlError as error:
        result["fileError"] = error.problem
    return result


def document_tree(root: Node) -> list[Any]:
    return [1, "", "", 0, "", root.before, "", root.after, [tree(root)]]


def tree(node: Node) -> list[Any]:
    style = _STYLES[node.style] | (_TAGGED if node.tagged else 0)
    return [
        _KINDS[node.kind],
        node.tag,
        node.value,
        style,
        node.anchor,
        node.head,
        node.line,
        node.foot,
        [tree(child) for child in node.content],
    ]


def without_rows(node: list[Any]) -> list[Any]:
    return [*node[:8], [without_rows(child) for child in node[9]]]


def difference(document: str, theirs: dict[str, Any]) -> str:
    """What differs, in a word; empty when nothing does, or only what docs/yaml.md lists."""
    mine = ours(document)
    if "\ufeff" in document[1:]:
        return ""  # Go's scanner loses characters after a byte order mark inside the text
    return _parsed(mine, theirs) or _written(mine, theirs) or _as_json(mine, theirs) or _file(document, mine, theirs)


def _parsed(mine: dict[str, Any], theirs: dict[str, Any]) -> str:
    refused, accepted = theirs.get("error", ""), mine.get("error", "")
    if not refused and not accepted:
        return "" if without_rows(theirs["tree"]) == mine["tree"] else "tree"
    if not refused:
        return f"refused: {accepted}"
    if not accepted:
        return f"not refused: {refused}"
    # Which of two errors is found first: we look for odd characters before anything else, and Go goes on after an error
    # in the first line of a list item under a comment.
    same = refused.endswith(accepted) or accepted.startswith(("control characters", "found a tab"))
    return "" if same else f"error: {accepted}"


def _written(mine: dict[str, Any], theirs: dict[str, Any]) -> str:
    """Ours may differ where Go's text says something else than the nodes, and only there."""
    if "tree" not in mine or "emitError" in theirs:
        return ""
    for which in ("compact", "wide"):
        if theirs.get(which, "") != mine[which]:
            wanted = content(mine["tree"])
            if read(theirs.get(which, "")) == wanted or read(mine[which]) is None:
                return which
            return OTHERWISE
    return ""


def read(text: str) -> list[Any] | None:
    try:
        (root,) = kyaml.parse(text)
    except (kyaml.YamlError, ValueError):
        return None
    return content(document_tree(root))


def content(node: list[Any]) -> list[Any]:
    """A tree without comments and styles. In flow style an empty value is null, and empty text when it is written."""
    tag = "!!str" if node[1] == "!!null" and not node[2] else node[1]
    return [node[0], tag, node[2], node[4], list(map(content, node[8]))]


def _json(root: Node) -> str | None:
    """None where docs/yaml.md says that ours differs: times, and what Go's writer changes on the way."""
    for node in walk(root):
        changed = "\u2028" in node.value or ("\n" in node.value and node.style != "double")
        if (changed or not node.value) and node.kind == "scalar":
            return None
        if node.kind == "alias" or node.tagged or node.tag in {"!!timestamp", "!!merge"}:
            return None
    try:
        return write_json(root)
    except kyaml.YamlError:
        return None


def _as_json(mine: dict[str, Any], theirs: dict[str, Any]) -> str:
    both = mine.get("json") and theirs.get("json")
    return "json" if both and mine["json"] != theirs["json"] else ""


def _file(document: str, mine: dict[str, Any], theirs: dict[str, Any]) -> str:
    refused, accepted = theirs.get("fileError", ""), mine.get("fileError", "")
    if "wrong node kind" in refused or document.count("metadata") > 1:
        return ""
    behind = accepted in _BEHIND or "\n..." in document
    if not refused and (behind or ("tree" in mine and "\n---" not in document)):
        return ""  # Go loses what stands behind the end of a document, we refuse
    if refused or accepted:
        return "" if refused and accepted else f"file error: {accepted or refused}"
    otherwise = "compact" in mine and mine["compact"] != theirs.get("compact")
    return "" if mine["file"] == theirs.get("file", "") or otherwise or _is_list(document) else "file"


def _is_list(document: str) -> bool:
    """Go loses the comments above and below a list that is a whole document."""
    return any(root.kind == "sequence" for part, _ in split(document) for root in compose(part))


def typed_difference(value: Any, theirs: dict[str, Any]) -> str:
    """How a value is written that is none of a text."""
    value = _sorted(value)
    mine = {"compact": dump(value), "wide": dump(value, wide=True)}
    return next((which for which in mine if theirs.get(which) != mine[which]), "")


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return in_order({key: _sorted(item) for key, item in value.items()})
    return [_sorted(item) for item in value] if isinstance(value, list) else value


def emit_difference(root: Node, theirs: dict[str, Any]) -> str:
    """How a changed tree is written."""
    if "emitError" in theirs:
        return ""
    mine = {"tree": document_tree(root), "compact": kyaml.emit(root), "wide": kyaml.emit(root, wide=True)}
    return _written(mine, theirs)
