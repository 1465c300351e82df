"""Label and field selectors as values: a conjunction of requirements. Their text form is parsed by the apiserver."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Requirement:
    """`operator` is one of `in`, `notin`, `exists`, `!exists`, `gt`, `lt`. Equality is `in` with one value."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def matches(self, values: Mapping[str, str]) -> bool:
        present = self.key in values
        match self.operator:
            case "in":
                return present and values[self.key] in self.values
            case "notin":
                return not present or values[self.key] not in self.values
            case "exists":
                return present
            case "!exists":
                return not present
            case _:
                return present and self._compares(values[self.key])

    def _compares(self, text: str) -> bool:
        try:
            number, bound = int(text), int(self.values[0])
        except ValueError:
            return False
        return number > bound if self.operator == "gt" else number < bound


@dataclass(frozen=True, slots=True)
class Selector:
    """Matches when every requirement does; empty matches everything."""

    requirements: tuple[Requirement, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.requirements)

    def matches(self, values: Mapping[str, str]) -> bool:
        return all(requirement.matches(values) for requirement in self.requirements)

    def exactly(self, key: str) -> str | None:
        """The one value that `key` must have, if the selector pins it."""
        for requirement in self.requirements:
            if requirement.key == key and requirement.operator == "in" and len(requirement.values) == 1:
                return requirement.values[0]
        return None


EVERYTHING = Selector()
