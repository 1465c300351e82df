"""One document, read and written by both sides: every field of every node, and every text."""

from __future__ import annotations

from typing import Any

from porch import kyaml
from porch.kyaml.compose import compose_first
from porch.kyaml.documents import read_documents, write_documents
from porch.kyaml.node import Node

_KINDS = {"sequence": 2, "mapping": 4, "scalar": 8, "alias": 16}
_STYLES = {"": 0, "double": 2, "single": 4, "literal": 8, "folded": 16, "flow": 32}
_TAGGED = 1


def ours(document: str) -> dict[str, Any]:
    """The same answer as that of the Go program."""
    result: dict[str, Any] = {}
    try:
        root = compose_first(document)
    except kyaml.YamlError as error:
        result["error"] = error.problem
    else:
        if root is None:
            result["error"] = "EOF"
        else:
            result["tree"] = document_tree(root)
            result["compact"] = kyaml.emit(root)
            result["wide"] = kyaml.emit(root, wide=True)
    try:
        result["file"] = write_documents(read_documents(document))
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
    return _parsed(mine, theirs) or _written(mine, theirs) or _file(document, mine, theirs)


def _parsed(mine: dict[str, Any], theirs: dict[str, Any]) -> str:
    refused, accepted = theirs.get("error", ""), mine.get("error", "")
    if not refused and not accepted:
        return "" if without_rows(theirs["tree"]) == mine["tree"] else "tree"
    if not refused:
        return f"refused: {accepted}"
    if not accepted:
        return f"not refused: {refused}"
    # Which of two errors is found first: the text is checked for odd characters before anything else.
    same = refused.endswith(accepted) or accepted.startswith("control characters")
    return "" if same else f"error: {accepted}"


def _written(mine: dict[str, Any], theirs: dict[str, Any]) -> str:
    if "tree" not in mine or "emitError" in theirs:
        return ""
    return next((which for which in ("compact", "wide") if theirs.get(which, "") != mine[which]), "")


def _file(document: str, mine: dict[str, Any], theirs: dict[str, Any]) -> str:
    refused, accepted = theirs.get("fileError", ""), mine.get("fileError", "")
    if "wrong node kind" in refused or document.count("metadata") > 1:
        return ""
    if refused or accepted:
        return "" if refused and accepted else f"file error: {accepted or refused}"
    return "" if mine["file"] == theirs.get("file", "") else "file"


def emit_difference(root: Node, theirs: dict[str, Any]) -> str:
    """How a changed tree is written."""
    if "emitError" in theirs:
        return ""
    mine = {"tree": [], "compact": kyaml.emit(root), "wide": kyaml.emit(root, wide=True)}
    return _written(mine, theirs)
