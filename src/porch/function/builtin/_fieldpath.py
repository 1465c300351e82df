r"""kustomize's paths to fields: `spec.ports.[name=web].port`, `a.0`, `a.*`, `metadata.annotations.[a.b/c]`, `a\.b`.

`lookup` follows one to a single value, `match` to all values that it means, and may make what is missing. An element of
a list matches in `match` when its value is found by the regular expression after `=`, in `lookup` when it is equal.
"""

from __future__ import annotations

import re
from typing import Literal

from porch.function.builtin._framework import is_null, wrong_kind
from porch.function.builtin._re2 import compile_re2
from porch.function.builtin._re2_characters import RegexError
from porch.function.builtin._sdk import FieldError
from porch.kyaml import Node, emit, followed, get

Kind = Literal["mapping", "sequence", "scalar"]


class Journal:
    """How nodes were before they were changed, to take all of it back."""

    def __init__(self) -> None:
        self._before: list[tuple[Node, list[object]]] = []

    def keep(self, node: Node) -> None:
        fields = [getattr(node, name) for name in Node.__slots__]
        self._before.append((node, [field.copy() if isinstance(field, list) else field for field in fields]))

    def revert(self) -> None:
        for node, fields in reversed(self._before):
            for name, value in zip(Node.__slots__, fields, strict=True):
                setattr(node, name, value)


def split_path(path: str) -> list[str]:
    """The parts between dots, those after a backslash or in brackets left out. Brackets without `=` only protect."""
    parts = _split(path)
    result: list[str] = []
    while parts:
        part = parts.pop(0)
        if part.startswith("[") and not part.endswith("]"):
            while parts:
                part += "." + (following := parts.pop(0))
                if following.endswith("]"):
                    break
            if "=" not in part:
                part = part.strip("[]")
        result.append(part)
    return result


def _split(path: str) -> list[str]:
    first, *others = path.split(".")
    if others and not first:
        first, *others = others
    parts = [first]
    for part in others:
        if parts[-1].endswith("\\"):
            parts[-1] = parts[-1][:-1] + "." + part
        else:
            parts.append(part)
    return parts


def expect(node: Node, kind: Kind) -> None:
    """Raises FieldError when the node is of another kind; null is of any."""
    if node.kind != kind and not is_null(node):
        raise FieldError(wrong_kind(node, kind))


def lookup(node: Node, path: list[str]) -> Node | None:
    """The value at the path. Raises FieldError when there is something else than a mapping or list on the way."""
    found: Node | None = node
    for part in filter(None, map(str.strip, path)):
        if found is None:
            return None
        found = _part(found, part)
    return found


def _part(node: Node, part: str) -> Node | None:
    if (number := _number(part)) is not None or part == "-":
        if number is not None and number < 0:
            raise FieldError(f"array index {number} cannot be negative")
        expect(node, "sequence")
        return next(iter(_elements(node)[-1 if number is None else number :][:1]), None)
    if part == "*":
        raise FieldError("wildcard is not supported in PathGetter")
    if not _is_element(part):
        return _field(node, part)
    expect(node, "sequence")
    key, value = _condition(part)
    for element in _elements(node):
        compared = element if not key else get(element, key)
        if compared is not None and compared.value == value:
            return element
    return None


def match(node: Node, path: list[str], create: Kind | None, journal: Journal) -> list[Node]:
    """All values that the path means. With `create`, what is missing is made, the last part of that kind."""
    if not path:
        return [node]
    part, *rest = path
    number = _number(part)
    if number is not None and number >= 0:
        return match(_indexed(node, number, rest, create, journal), rest, create, journal)
    if _is_element(part):
        return _matching(node, part, rest, create, journal)
    if part == "*":
        expect(node, "sequence")
        return [found for element in _elements(node) for found in match(element, rest, create, journal)]
    found = _field(node, part)
    if found is None:
        if create is None:
            return []
        found = Node(_kind_before(rest, create), content=[])
        _append(node, journal, Node("scalar", "", part), found)
    return match(found, rest, create, journal)


def _indexed(node: Node, number: int, rest: list[str], create: Kind | None, journal: Journal) -> Node:
    expect(node, "sequence")
    elements = _elements(node)
    if number == len(elements) and create is not None:
        made = Node(_kind_before(rest, create), content=[])
        _append(node, journal, made)
        return made
    if number >= len(elements):
        raise FieldError(f"index {number} specified but only {len(elements)} elements found")
    return elements[number]


def _matching(node: Node, part: str, rest: list[str], create: Kind | None, journal: Journal) -> list[Node]:
    key, wanted = _condition(part)
    try:
        pattern = compile_re2(wanted)
    except RegexError as error:
        raise FieldError(str(error)) from None
    expect(node, "sequence")
    elements = _elements(node)
    for _ in range(2):
        found: list[Node] = []
        for element in elements:
            compared = get(element, key) if key else element
            if compared is not None and pattern.search(emit(compared).strip()):
                found += match(element, rest, create, journal) if key else [element]
        if found or create is None:
            return found
        value = Node("scalar", "", wanted)
        made = Node("mapping", content=[Node("scalar", "", key), value]) if key else value
        _append(node, journal, made)
        elements = [made]  # the one that was made just now
    raise FieldError(f'the pattern "{wanted}" does not match itself')


def _field(node: Node, name: str) -> Node | None:
    if is_null(node):
        return None
    expect(node, "mapping")
    return get(node, name)


def _append(node: Node, journal: Journal, *made: Node) -> None:
    """What is put into null disappears."""
    if not is_null(node):
        journal.keep(node)
        node.content += made


def _elements(node: Node) -> list[Node]:
    return [followed(item) for item in node.content]


def _kind_before(rest: list[str], last: Kind) -> Kind:
    """The kind of a node that is made, by the part that follows."""
    if not rest or not rest[0]:
        return last
    number = _number(rest[0])
    return "sequence" if _is_element(rest[0]) or (number is not None and number >= 0) else "mapping"


def _number(part: str) -> int | None:
    return int(part) if re.fullmatch(r"[-+]?[0-9]+", part) else None


def _is_element(part: str) -> bool:
    return part.startswith("[") and part.endswith("]")


def _condition(part: str) -> tuple[str, str]:
    key, equals, value = part.removesuffix("]").removeprefix("[").partition("=")
    if not equals:
        raise FieldError("list path element must contain fieldName=fieldValue for element to match")
    return key, value
