"""A client that nobody here wrote, as a program on the command line, in the namespace of one test."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.server import Done, Lines, run
from tests.wire.space import Space

OLDEST, BETWEEN, NEWEST = "kubectl-1.24", "kubectl-1.31", "kubectl-1.37"


@dataclass(frozen=True)
class Program:
    """`program("get", "packagerevisions")` runs it as the administrator."""

    path: Path
    space: Space

    def __call__(self, *arguments: str, stdin: str | None = None, code: int = 0, **environment: str) -> Done:
        done = run(self._command(arguments), stdin=stdin, environment=self.space.server.environment() | environment)
        assert done.code == code, done
        return done

    @contextmanager
    def following(self, *arguments: str) -> Iterator[Lines]:
        """A call that goes on (`get -w`): its lines as they come."""
        environment = self.space.server.environment()
        with subprocess.Popen(self._command(arguments), stdout=subprocess.PIPE, env=environment) as process:
            assert process.stdout is not None
            try:
                yield Lines(process.stdout)
            finally:
                process.terminate()

    def _command(self, arguments: tuple[str, ...]) -> list[str]:
        return [str(self.path), f"--namespace={self.space.namespace}", *arguments]
