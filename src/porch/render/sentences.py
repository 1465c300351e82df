"""How a failure is told: kpt's nested sentence, in the answer and, a little different, in the Kptfile.

    fn.render: pkg /:
        pkg.render: pkg /sub:
        pipeline.run: error: function failure

In the Kptfile the first line is left out and the package's own directory is a dot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sentence:
    """`packages` are the directories from below the root down to the package that failed, `operation` is what failed in
    it, `cause` why. Paths in `cause` begin with a slash.
    """

    cause: str
    operation: str = ""
    packages: Sequence[str] = ()
    root: str = "pkg.render"

    def __str__(self) -> str:
        blocks = [f"pkg.render: pkg /{directory}" for directory in self.packages] or [self.root] * bool(self.root)
        return ":\n\t".join(["fn.render: pkg /", *blocks, *self._last]) + f": {self.cause}"

    @property
    def condition(self) -> str:
        """As the Kptfile keeps it."""
        where = f"./{self.packages[0]}" if self.packages else "."
        blocks = [f"{self.root or self.operation}: pkg {where}"]
        blocks += [f"pkg.render: pkg ./{directory}" for directory in self.packages[1:]]
        cause = f".{self.cause}" if self.cause.startswith("/") else self.cause
        return ":\n\t".join([*blocks, *(self._last if self.root else [])]) + f": {cause}"

    @property
    def _last(self) -> list[str]:
        return [self.operation] if self.operation else []
