"""A repository that is read with the plain reader after each step: what was right before must stay right."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.interop.plain import Finding, Report, changed_since, read


class Watched:
    """`before` has what is known to be wrong, made by hand before we came."""

    def __init__(self, path: Path, *branches: str) -> None:
        self.path = path
        self._branches = branches
        self.before = self.last = read(path, *branches)

    def check(self) -> Report:
        """Nothing is newly wrong, no tag has moved, the branch has lost nothing."""
        report = read(self.path, *self._branches)
        assert self._new(report.findings) == []
        assert changed_since(self.last) == []
        assert report.others == self.before.others
        self.last = report
        return report

    def _new(self, findings: Sequence[Finding]) -> list[Finding]:
        return [finding for finding in findings if finding not in self.before.findings]
