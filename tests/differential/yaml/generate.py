"""Random YAML texts: ordinary resources with comments everywhere, odd ones, and fixtures with lines moved about.

Most of them can be read. Where a comment belongs is decided by the lines around it, so that is what varies most.
"""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

_FIXTURES = Path(__file__).parents[2] / "fixtures" / "yaml" / "documents.jsonl"
_WORDS = ("app", "web", "a b", "v1.2", "x-y", "name", "on", "true", "null", "~", "12", "0x1f", "1e3", "2001-01-01", "é")
_ODD = (
    "a: b",
    "# no comment",
    "- x",
    "it's",
    'say "x"',
    "",
    " lead",
    "trail ",
    "tab\there",
    "@x",
    "%x",
    "`x",
    "*x",
    "&x",
    "!x",
    "{x",
    "x}",
    "[x]",
    "a,b",
    "http://x/y?z",
    "\u2028",
    "😀",
    "\ufeff",
    "a #b",
    "a# b",
    "---",
    "...",
    "-",
    "?",
    "=",
    "<<",
    "line\nmore",
    "line\n\n more\n",
    "\n",
    "x\n\n",
)
_KEYS = ("apiVersion", "kind", "metadata", "name", "spec", "labels", "app", "image", "args", "data", "x", "y.z/w")
_STRANGE_LINES = (
    "",
    "",
    "# c",
    "  # c",
    "    # c",
    "---",
    "...",
    "- x",
    "  - y # c",
    "? k",
    ": v",
    "a: |",
    "a: >-",
    "  text",
    "k: [a, # c",
    "b]",
    "k: {a: 1, # c",
    "}",
    "a: &x",
    "b: *x",
    "<<: *x",
    "a: !!str",
    "- - a",
    "-",
    "\t",
    "x: 'a",
    "b'",
    "k: # c",
    "%TAG ! x",
)


class Writer:
    """Writes one document, line by line."""

    def __init__(self, random: Random, *, odd: bool) -> None:
        self.random = random
        self.odd = odd
        self.lines: list[str] = []
        self.anchors: list[str] = []

    def text(self) -> str:
        self._between(0)
        if self.random.random() < 0.9:
            self._mapping(0, 0)
        else:
            self._sequence(0, 0)
        self._between(0)
        return "\n".join(self.lines) + self.random.choice(("\n", "\n", "\n\n", "", "\n# last\n"))

    def _maybe(self, chance: float) -> bool:
        return self.random.random() < chance

    def _between(self, indent: int) -> None:
        """Comments and empty lines."""
        if self._maybe(0.7):
            return
        for _ in range(self.random.randint(1, 3)):
            if self._maybe(0.35):
                self.lines.append("")
            else:
                column = indent if self._maybe(0.8) else self.random.randint(0, indent + 3)
                self.lines.append(" " * column + self.random.choice(("# c", "#c", "# é c", "#", "# " + "x" * 5)))

    def _behind(self) -> str:
        return self.random.choice(("", "", "", "", "", " # behind", "  #x", " "))

    def _mapping(self, indent: int, depth: int, first: str = "") -> None:
        for number in range(self.random.randint(1, 4)):
            if number or not first:
                self._between(indent)
            prefix = first if not number and first else " " * indent
            self._field(prefix, indent, depth)

    def _field(self, prefix: str, indent: int, depth: int) -> None:
        key = self.random.choice(_KEYS) + (str(self.random.randint(0, 9)) if self._maybe(0.5) else "")
        if self.odd and self._maybe(0.08):
            key = self._scalar(key=True)
        kind = self.random.random()
        if depth < 4 and kind < 0.25:
            self.lines.append(f"{prefix}{key}:{self._properties()}{self._behind()}")
            self._mapping(indent + self.random.choice((2, 2, 2, 4)), depth + 1)
        elif depth < 4 and kind < 0.45:
            self.lines.append(f"{prefix}{key}:{self._properties()}{self._behind()}")
            self._sequence(indent + self.random.choice((0, 2)), depth + 1)
        elif kind < 0.52:
            self.lines.append(f"{prefix}{key}: {self._flow(0)}{self._behind()}")
        elif kind < 0.6:
            self._block(f"{prefix}{key}: ", indent)
        elif self.odd and kind < 0.63 and self.anchors:
            self.lines.append(f"{prefix}{key}: *{self.random.choice(self.anchors)}{self._behind()}")
        else:
            properties = self._properties() if self._maybe(0.2) else ""
            self.lines.append(f"{prefix}{key}:{properties} {self._scalar()}{self._behind()}".rstrip())

    def _properties(self) -> str:
        if not self.odd or self._maybe(0.85):
            return ""
        if self._maybe(0.4):
            return self.random.choice((" !!str", " !local", " !", " !<tag:x,2000:y>", " !!map", " !!seq", " !!int"))
        self.anchors.append(f"a{len(self.anchors)}")
        return f" &{self.anchors[-1]}"

    def _sequence(self, indent: int, depth: int) -> None:
        for _ in range(self.random.randint(1, 3)):
            self._between(indent)
            prefix = " " * indent + "- "
            kind = self.random.random()
            if depth < 4 and kind < 0.4:
                self._mapping(indent + 2, depth + 1, prefix)
            elif depth < 4 and kind < 0.45:
                self.lines.append(f"{prefix}{self._behind()}".rstrip() if self._maybe(0.5) else f"{prefix}# under")
                self._mapping(indent + 2, depth + 1)
            elif depth < 4 and kind < 0.5:
                self.lines.append(f"{prefix}- {self._scalar()}{self._behind()}")
            elif kind < 0.57:
                self.lines.append(f"{prefix}{self._flow(0)}{self._behind()}")
            elif kind < 0.63:
                self._block(prefix, indent)
            else:
                self.lines.append(f"{prefix}{self._scalar()}{self._behind()}".rstrip())

    def _scalar(self, *, key: bool = False) -> str:
        word = self.random.choice(_ODD) if self.odd and self._maybe(0.4) else self.random.choice(_WORDS)
        style = self.random.random()
        if style < 0.2:
            return json.dumps(word, ensure_ascii=self._maybe(0.3))
        if style < 0.35 and "\n" not in word:
            return "'" + word.replace("'", "''") + "'"
        if "\n" in word:
            return "x" if key else word.strip().replace("\n", "\n      ")
        return word

    def _flow(self, depth: int) -> str:
        items = []
        for _ in range(self.random.randint(0, 3)):
            item = self._flow(depth + 1) if depth < 2 and self._maybe(0.2) else self._scalar()
            if self.odd and self._maybe(0.1):
                item += self.random.choice((" # in\n      ", "\n      ", "\n\n      # own\n      "))
            items.append(item)
        if self._maybe(0.5):
            return "[" + ", ".join(items) + "]"
        keyed = [f"{self.random.choice(_KEYS)}: {item}" if self._maybe(0.9) else item for item in items]
        return "{" + self.random.choice((", ", ",")).join(keyed) + "}"

    def _block(self, prefix: str, indent: int) -> None:
        header = (
            self.random.choice("||>") + self.random.choice(("", "", "-", "+")) + self.random.choice(("", "", " # h"))
        )
        self.lines.append(prefix + header)
        for _ in range(self.random.randint(0, 4)):
            line = self.random.choice(("one", "two  ", "", "  more", "# text", "a: b", "- x", "t\tt", "é"))
            self.lines.append(" " * (indent + 2) + line if line or self._maybe(0.2) else "")


def fixtures() -> list[str]:
    return [json.loads(line)["doc"] for line in _FIXTURES.read_text().split("\n") if line]


def document(random: Random, samples: list[str]) -> str:
    kind = random.random()
    if kind < 0.35:
        return Writer(random, odd=False).text()
    if kind < 0.7:
        return Writer(random, odd=True).text()
    text = random.choice(samples) if kind < 0.85 else Writer(random, odd=True).text()
    lines = text.split("\n")
    for _ in range(random.randint(1, 3)):
        _change(random, lines, samples)
    return "\n".join(lines)


def _change(random: Random, lines: list[str], samples: list[str]) -> None:
    at = random.randint(0, len(lines))
    what = random.random()
    if what < 0.4 or not lines:
        lines.insert(at, random.choice(_STRANGE_LINES))
    elif what < 0.6:
        lines[at:at] = random.choice(samples).split("\n")
    elif what < 0.7:
        del lines[at : at + random.randint(1, 2)]
    elif what < 0.85:
        lines[at:at] = [" " * random.randint(1, 4) + line for line in lines[at : at + 3]]
    else:
        at = min(at, len(lines) - 1)
        column = random.randint(0, len(lines[at]))
        lines[at] = lines[at][:column] + random.choice(" #:-?,[]{}&*!|>'\"%@`\t~\\") + lines[at][column:]


def values(random: Random, depth: int) -> Any:
    """A JSON value without numbers: those are other types in a typed value."""
    kind = random.random()
    if depth < 3 and kind < 0.4:
        return {_text(random): values(random, depth + 1) for _ in range(random.randint(0, 4))}
    if depth < 3 and kind < 0.6:
        return [values(random, depth + 1) for _ in range(random.randint(0, 3))]
    return random.choice((True, False, None)) if kind < 0.65 else _text(random)


def _text(random: Random) -> str:
    if random.random() < 0.3:
        return "".join(random.choice("ab.-_01299z") for _ in range(random.randint(1, 5)))
    return random.choice(random.choice((_WORDS, _ODD, _KEYS)))
