"""Patterns of field paths: `spec.*.name`, `**.image`, `spec.containers[*].env[0]`, `*[0]`."""

from __future__ import annotations


class PathPattern:
    """`*` stands for one element, `**` for any number of them. Elements are split at dots, also those inside a key."""

    def __init__(self, text: str) -> None:
        self.elements = text.split(".") if text else []
        self.absolute = bool(text) and "[" not in text and all(part and "*" not in part for part in self.elements)
        """Whether it names one field."""
        self._known: dict[str, bool] = {}

    def matches(self, path: str) -> bool:
        """Resources of a package share most of their paths: each is compared once."""
        known = self._known.get(path)
        if known is None:
            known = self._known[path] = self._matches(path.removeprefix(".").split("."))
        return known

    def _matches(self, path: list[str]) -> bool:
        if not self.elements:
            return False
        # reached[n]: the path so far matches the first n elements of the pattern.
        reached = [True] + [False] * len(self.elements)
        for count, element in enumerate(self.elements, 1):
            reached[count] = element == "**" and reached[count - 1]
        for step in path:
            before, reached = reached, [False] * len(reached)
            for count, element in enumerate(self.elements, 1):
                if element == "**":
                    reached[count] = reached[count - 1] or before[count]
                else:
                    reached[count] = before[count - 1] and _matches_element(step, element)
        return reached[-1]


def _matches_element(step: str, element: str) -> bool:
    if element in {"*", step}:
        return True
    if "[" not in step:
        return False
    name, index = step.split("[")[:2]
    wanted_name, *wanted_index = element.split("[")
    return wanted_name in {"*", name} and bool(wanted_index) and wanted_index[0] in {"*]", index}
