"""Walks a resource as the setter functions do: each mapping's lists first, then what is in its fields, in their order.

What a visitor changes is walked as changed. Aliases are not followed, so that what they stand for is visited once.
"""

from __future__ import annotations

from collections.abc import Callable

from porch.kyaml import Node

OnList = Callable[[Node, Node, str], None]
"""Called with the key and the value of a field that holds a list, and with the path of the mapping."""
OnScalar = Callable[[Node, str, str | int], None]
"""Called with a scalar, with the path of what it is in, and with its key or its index there."""


def walk(node: Node, on_list: OnList, on_scalar: OnScalar, path: str = "") -> None:
    if node.kind == "mapping":
        _walk_mapping(node, on_list, on_scalar, path)
    elif node.kind == "sequence":
        for index, item in enumerate(node.content):
            if item.kind == "scalar":
                on_scalar(item, path, index)
            else:
                walk(item, on_list, on_scalar, f"{path}[{index}]")
    elif node.kind == "scalar":
        on_scalar(node, path, "")


def _walk_mapping(node: Node, on_list: OnList, on_scalar: OnScalar, path: str) -> None:
    content = node.content
    for at in range(1, len(content), 2):
        if content[at].kind == "sequence":
            on_list(content[at - 1], content[at], path)
    for at in range(1, len(content), 2):
        value = content[at]
        if value.kind == "scalar":
            on_scalar(value, path, content[at - 1].value)
        elif value.kind != "alias":
            walk(value, on_list, on_scalar, join(path, content[at - 1].value))


def join(path: str, step: str | int) -> str:
    """The path one step further down: `a.b`, `a[0]`."""
    if isinstance(step, int):
        return f"{path}[{step}]"
    return f"{path}.{step}" if path else step
