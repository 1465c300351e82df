"""What ends a script. Texts are those of the Go interpreter: they become the message of the function's one result."""

from __future__ import annotations


class StarlarkError(Exception):
    """The script cannot be read, or failed."""


class ScriptSyntaxError(StarlarkError):
    """The script cannot be read; the message begins with the place."""

    def __init__(self, program: str, line: int, column: int, message: str) -> None:
        super().__init__(f"{program}:{line}:{column}: {message}")
