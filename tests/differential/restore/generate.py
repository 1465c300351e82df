"""Pairs of documents: a resource with comments, and what a function could have made of it."""

from __future__ import annotations

from random import Random
from typing import Any

from porch.kyaml import Node, copy, emit, followed, from_value, parse, text, walk

_HEADS = (
    ("apps/v1", "Deployment", ("spec", "template", "spec")),
    ("v1", "Pod", ("spec",)),
    ("example.com/v1", "Thing", ("spec",)),
)
_WORDS = ("a", "b", "web", "side", "x1", "yes", "10", "8080", "two words", "a: b", "# no comment")
_STYLES = ('"{}"', "'{}'", "{}")


def pair(random: Random) -> tuple[str, str]:
    """Before and after, as text."""
    before = _document(random)
    node = parse(before)[0]
    return before, emit(_changed(node, random))


def _document(random: Random) -> str:
    version, kind, path = random.choice(_HEADS)
    lines = [f"apiVersion: {version}", f"kind: {kind}", "metadata:", "  name: n"]
    if random.random() < 0.5:
        lines += ["  labels:", "    app: a", "    tier: b"]
    for depth, key in enumerate(path):
        lines.append("  " * depth + f"{key}:")
    _fields(random, lines, len(path), 3)
    return "\n".join(_commented(random, lines)) + "\n"


def _fields(random: Random, lines: list[str], depth: int, left: int) -> None:
    keys = ["containers", "volumes", "args", "ports", "env", "data", "text", "flow", "mode", "extra", "name"]
    random.shuffle(keys)
    indent = "  " * depth
    for key in keys[: random.randint(1, 5)]:
        if key in {"containers", "volumes", "env", "ports"} and left:
            lines.append(f"{indent}{key}:")
            for _ in range(random.randint(1, 3)):
                place = len(lines)
                lines.append(f"{indent}  name: {random.choice(('a', 'b', 'c'))}")
                if key == "ports":
                    lines.append(f"{indent}  containerPort: {random.randint(1, 3)}")
                _fields_of_item(random, lines, depth + 1, left - 1)
                lines[place] = f"{indent}- {lines[place].strip()}"
        elif key == "data" and left:
            lines.append(f"{indent}data:")
            _fields(random, lines, depth + 1, left - 1)
        elif key == "args":
            lines += [f"{indent}args:", *(f"{indent}- {_scalar(random)}" for _ in range(random.randint(1, 3)))]
        elif key == "text":
            lines += [f"{indent}text: {random.choice(('|', '>', '|-'))}", f"{indent}  one", f"{indent}  two"]
        elif key == "flow":
            lines.append(f"{indent}flow: {random.choice(('{a: b, c: d}', '[a, b]', '{}', '[]'))}")
        elif key in {"mode", "extra"}:
            lines.append(f"{indent}{key}: {_scalar(random)}")


def _fields_of_item(random: Random, lines: list[str], depth: int, left: int) -> None:
    if left and random.random() < 0.7:
        inner: list[str] = []
        _fields(random, inner, depth, left)
        lines += [line for line in inner if not line.strip().startswith("name:")]


def _scalar(random: Random) -> str:
    word = random.choice(_WORDS)
    style = random.choice(_STYLES)
    return f'"{word}"' if style == "{}" and (":" in word or "#" in word) else style.format(word)


def _commented(random: Random, lines: list[str]) -> list[str]:
    result = []
    for number, line in enumerate(lines):
        if random.random() < 0.2:
            result.append(" " * (len(line) - len(line.lstrip(" "))) + f"# above {number}")
        block = line.endswith(("|", ">", "|-")) or line.strip() in {"one", "two"}
        result.append(f"{line} # behind {number}" if random.random() < 0.2 and not block else line)
        if line.strip() in {"one", "two"} and len(result) > 1 and result[-2].strip().startswith("# above"):
            del result[-2]  # it would be text
    return result


def _changed(node: Node, random: Random) -> Node:
    """As a function gives it back: built anew from values, or changed here and there."""
    node = copy(node) if random.random() < 0.5 else _without_comments(node, random)
    for _ in range(random.randint(0, 4)):
        _change(random.choice([one for one in walk(node) if one.content]), random)
    return node


def _without_comments(node: Node, random: Random) -> Node:
    def plain(one: Node) -> Any:
        one = followed(one)
        if one.kind == "mapping":
            fields = {key.value: plain(value) for key, value in zip(one.content[::2], one.content[1::2], strict=True)}
            return dict(sorted(fields.items())) if random.random() < 0.7 else fields
        return [plain(item) for item in one.content] if one.kind == "sequence" else one.value

    return from_value(plain(node))


def _change(node: Node, random: Random) -> None:
    step = 2 if node.kind == "mapping" else 1
    places = range(0, len(node.content), step)
    at = random.choice(places)
    what = random.random()
    if what < 0.3 and len(places) > 1 and node.content[at].value not in {"apiVersion", "kind", "metadata"}:
        del node.content[at : at + step]
    elif what < 0.6:
        added = text(random.choice(_WORDS))
        node.content[at:at] = [text(f"new{random.randint(0, 10**6)}"), added] if step == 2 else [added]
    elif what < 0.8:
        moved = node.content[at : at + step]
        del node.content[at : at + step]
        node.content += moved
    else:
        value = node.content[at + step - 1]
        if value.kind == "scalar":
            value.value, value.tag, value.style = random.choice(_WORDS), "!!str", ""
