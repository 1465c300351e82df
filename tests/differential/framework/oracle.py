"""The Go program of `oracle/`: kustomize and kyaml of the catalog's time, asked line by line."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from tests.support import gotool

_MODULE = Path(__file__).parent / "oracle"


class Answer(NamedTuple):
    output: str
    error: str
    exit: int


def build() -> Path:
    return gotool.build(_MODULE, "porch-framework")


class Oracle:
    def __init__(self, program: Path) -> None:
        self._process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.kill()
        self._process.communicate()

    def ask(self, function: str, text: str) -> Answer:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"function": function, "input": text}) + "\n")
        self._process.stdin.flush()
        return Answer(**json.loads(self._process.stdout.readline()))
