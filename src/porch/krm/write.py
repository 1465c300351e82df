"""Plain JSON values to YAML text as Go's yaml.v3 writes it: two-space indent, no folding, its choice of quotes.

Mappings keep the order that they are given in. `wide` indents the items of a list below their key, as every Kptfile
has it; otherwise they stand in the key's own column.
"""

from __future__ import annotations

from typing import Any

from porch.krm.scalars import means_text
from porch.krm.style import allowed, choose, double_quoted


def dump(value: Any, *, wide: bool = False) -> str:
    """A whole document."""
    head, lines = block(value, wide=wide)
    return "".join(f"{line}\n" for line in ([head] if head or not lines else []) + lines)


def block(value: Any, *, wide: bool, below_key: bool = False) -> tuple[str, list[str]]:
    """What stands behind `key:` on its line, and the lines below relative to the key's column (`below_key`) or, for
    a document or list item, to the value's own column.
    """
    if isinstance(value, dict) and value:
        return "", _indented(_mapping(value, wide=wide), 2 if below_key else 0)
    if isinstance(value, list) and value:
        return "", _indented(_sequence(value, wide=wide), 2 if below_key and wide else 0)
    if isinstance(value, str) and "\n" in value and _fits_literal(value):
        header, lines = _literal(value)
        return header, _indented(lines, 2)
    return scalar(value), []


def scalar(value: Any) -> str:
    """One line. An empty collection is `{}` or `[]`."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return _string(value)
        case dict() | list():
            return "{}" if isinstance(value, dict) else "[]"
        case float() if value.is_integer() and abs(value) < 1e21:
            return str(int(value))
    return str(value)


def _mapping(value: dict[str, Any], *, wide: bool) -> list[str]:
    lines = []
    for key, item in value.items():
        head, below = block(item, wide=wide, below_key=True)
        lines.append(f"{_string(key)}: {head}" if head else f"{_string(key)}:")
        lines += below
    return lines


def _sequence(value: list[Any], *, wide: bool) -> list[str]:
    lines = []
    for item in value:
        head, below = block(item, wide=wide)
        if head:
            lines += [f"- {head}", *below]
        else:
            first, *rest = below
            lines += [f"- {first}", *_indented(rest, 2)]
    return lines


def _indented(lines: list[str], width: int) -> list[str]:
    return [" " * width + line if line else line for line in lines]


def _string(text: str) -> str:
    if not means_text(text) or allowed(text).multiline:
        return double_quoted(text)
    match choose(text, "", flow=False, key=False):
        case "double":
            return double_quoted(text)
        case "single":
            return "'" + text.replace("'", "''") + "'"
    return text


def _fits_literal(text: str) -> bool:
    return allowed(text).block and {"\u2028", "\u2029"}.isdisjoint(text)


def _literal(text: str) -> tuple[str, list[str]]:
    """Header and lines of a literal block, which stand two columns right of its parent."""
    hint = "2" if text[0] in " \t\n" else ""
    body = text.removesuffix("\n")
    chomp = "" if text.endswith("\n") else "-"
    if text == "\n" or text.endswith("\n\n"):
        chomp = "+"
    return f"|{hint}{chomp}", body.split("\n")
