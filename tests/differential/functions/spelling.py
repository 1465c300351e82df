"""JSON values as YAML in one of the many ways that people write it: styles, quotes, indents, comments, anchors, orders.

What is written is always valid YAML, and comments stand where people put them.
"""

from __future__ import annotations

import json
import re
from random import Random
from typing import Any

from porch.krm.scalars import means_text
from tests.differential.functions.objects import Raw

_PLAIN = re.compile(r"[A-Za-z0-9_./é][A-Za-z0-9_./@é -]*(?::[A-Za-z0-9_./@-]+)*")


class Speller:
    """Writes one document. Its habits are drawn once; each value may differ all the same."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.indent = random.choice((2, 2, 2, 2, 4))
        self.wide = random.random() < 0.4
        self.talkative = random.choice((0, 0, 0.02, 0.1))
        self.flowing = random.choice((0, 0.05, 0.3))
        self.quoting = random.choice((0.1, 0.5))
        self.anchoring = random.choice((0, 0, 0, 0.02))
        self.anchors: list[str] = []

    def document(self, value: dict[str, Any]) -> str:
        head = "# about\n" if self._talks() else ""
        foot = "# the end\n" if self._talks() else ""
        return head + "".join(f"{line}\n" for line in self._mapping(value)) + foot

    def _talks(self) -> bool:
        return self.random.random() < self.talkative

    def _mapping(self, value: dict[str, Any]) -> list[str]:
        lines: list[str] = []
        for key, item in value.items():
            if self._talks():
                lines += [""] * (self.random.random() < 0.3) + [f"# before {key}"]
            lines += self._entry(self._key(key) + ":", item)
            if self._talks():
                lines += [f"# after {key}"] + [""] * (self.random.random() < 0.5)
        return lines

    def _entry(self, start: str, item: Any) -> list[str]:
        if self._is_block(item):
            below = self._mapping(item) if isinstance(item, dict) else self._sequence(item)
            by = 0 if isinstance(item, list) and not self.wide else self.indent
            return [start + self._remark(), *(" " * by + line if line else "" for line in below)]
        first, *others = self._inline(item)
        remark = self._remark() if not others else ""
        return [f"{start} {first}".rstrip() + remark, *(" " * self.indent + line if line else "" for line in others)]

    def _sequence(self, value: list[Any]) -> list[str]:
        lines: list[str] = []
        for item in value:
            if self._talks():
                lines.append("# an item")
            if self._is_block(item):
                below = self._mapping(item) if isinstance(item, dict) else self._sequence(item)
                lines += ["- " + below[0] if below[0] else "-", *("  " + line if line else "" for line in below[1:])]
            else:
                first, *others = self._inline(item)
                lines += [f"- {first}", *("  " + line if line else "" for line in others)]
        return lines

    def _remark(self) -> str:
        return self.random.choice((" # r", "   # remark")) if self._talks() else ""

    def _is_block(self, item: Any) -> bool:
        return isinstance(item, dict | list) and bool(item) and self.random.random() >= self.flowing

    def _inline(self, item: Any) -> list[str]:
        """A scalar or a flow collection; a literal has more lines."""
        if self.anchors and self.random.random() < self.anchoring:
            return [f"*{self.random.choice(self.anchors)}"]
        if isinstance(item, str) and not isinstance(item, Raw) and "\n" in item and self.random.random() < 0.7:
            header = self.random.choice("|>") + ("" if item.endswith("\n") else "-")
            return [header, *item.rstrip("\n").split("\n")]
        text = self._flow(item)
        if isinstance(item, str) and self.random.random() < self.anchoring:
            self.anchors.append(f"a{len(self.anchors)}")
            return [f"&{self.anchors[-1]} {text}"]
        return [text]

    def _flow(self, item: Any) -> str:
        if isinstance(item, dict):
            return "{" + ", ".join(f"{self._key(key)}: {self._flow(value)}" for key, value in item.items()) + "}"
        if isinstance(item, list):
            return "[" + ", ".join(map(self._flow, item)) + "]"
        if isinstance(item, Raw):
            return str(item)
        return self._string(item) if isinstance(item, str) else json.dumps(item)

    def _string(self, item: str) -> str:
        if _PLAIN.fullmatch(item) and item == item.strip() and means_text(item) and self.random.random() > self.quoting:
            return item
        if "\n" not in item and self.random.random() < 0.5:
            return "'" + item.replace("'", "''") + "'"
        return json.dumps(item, ensure_ascii=self.random.random() < 0.1)

    def _key(self, key: str) -> str:
        return f'"{key}"' if self.random.random() < 0.01 or not means_text(key) else key
