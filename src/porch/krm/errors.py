"""What is wrong with a YAML text, and on which line. Callers that know the field turn it into a FieldError."""

from __future__ import annotations

from typing import Any

from porch.errors import BadRequest


class YamlError(BadRequest):
    """The YAML text cannot be read."""

    def __init__(self, problem: str, line: int = 0, **more: Any) -> None:
        """`line` counts from 1; 0 when no line can be blamed."""
        self.problem = problem
        self.line = line
        super().__init__(f"line {line}: {problem}" if line else problem, **more)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.problem, self.line)
