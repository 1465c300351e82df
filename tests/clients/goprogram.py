"""The client program of tests/clients/go, run against a server: its JSON lines, as they come or all together."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.support.gotool import find
from tests.support.server import SECONDS, Lines, Server, run

Line = dict[str, Any]


def ended(server: Server, *arguments: str, stdin: Any = None, code: int = 0) -> list[Line]:
    """Runs a subcommand to its end; `stdin` is sent as JSON."""
    done = run(
        [str(find()), *arguments],
        stdin=None if stdin is None else json.dumps(stdin),
        environment=server.environment(),
    )
    assert done.code == code, done
    return [json.loads(line) for line in done.out.splitlines()]


def of(lines: list[Line], event: str) -> list[Line]:
    return [line for line in lines if line["event"] == event]


@dataclass
class Running:
    """A subcommand that goes on. `seen` is all that it has printed so far."""

    process: subprocess.Popen[bytes]
    lines: Lines
    seen: list[Line] = field(default_factory=list)

    def until(self, wanted: Callable[[Line], bool], seconds: float = SECONDS) -> Line:
        """The next line that is wanted."""
        while True:
            line: Line = json.loads(self.lines.next(seconds))
            self.seen.append(line)
            if wanted(line):
                return line

    def event(self, event: str, seconds: float = SECONDS, **values: Any) -> Line:
        """The next line of that event with these values."""
        wanted = {"event": event, **values}
        return self.until(lambda line: wanted.items() <= line.items(), seconds)

    def ask(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n".encode())
        self.process.stdin.flush()


@contextmanager
def running(server: Server, *arguments: str, environment: Mapping[str, str] | None = None) -> Iterator[Running]:
    """Killed at the end of the block, if it has not ended by then."""
    with subprocess.Popen(
        [str(find()), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=server.environment() | dict(environment or {}),
    ) as process:
        assert process.stdout is not None
        try:
            yield Running(process, Lines(process.stdout))
        finally:
            process.kill()
