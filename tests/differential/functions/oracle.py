"""The Go program of `oracle/`: functions on upstream's libraries, asked line by line.

It is built with Go from the pinned modules. A question that kills it is answered with exit code 3, and it starts anew.
"""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.support import gotool

_MODULE = Path(__file__).parent / "oracle"
PANICKED, KILLED = 2, 3


@dataclass(frozen=True, slots=True)
class Answer:
    output: str
    error: str
    exit: int


def build() -> Path:
    return gotool.build(_MODULE, "porch-functions")


class Oracle:
    def __init__(self, program: Path) -> None:
        self._program = program
        self._process = self._start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.kill()
        self._process.communicate()

    def ask(self, function: str, text: str) -> Answer:
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({"function": function, "input": text}) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        if not line:
            process.communicate()
            self._process = self._start()
            return Answer("", "it was killed", KILLED)
        found = json.loads(line)
        return Answer(found["output"], found["error"], found["exit"])

    def _start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [self._program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
