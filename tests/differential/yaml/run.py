"""Asks the Go program and ours about seeded documents, in several processes, and collects where they differ."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Any, Self

from porch.kyaml.compose import compose
from tests.differential.yaml.changes import change
from tests.differential.yaml.compare import OTHERWISE, difference, document_tree, emit_difference, typed_difference
from tests.differential.yaml.generate import document, fixtures, values

MODULE = Path(__file__).parent / "go"
PROGRAM = Path(__file__).parents[3] / ".tools" / "bin" / "kyaml-oracle"
_CHUNK = 1000


@dataclass
class Notes:
    documents: int = 0
    refused: int = 0
    """Documents that Go cannot read."""
    changed: int = 0
    """Trees that were changed before they were written."""
    values: int = 0
    """Values that were written as Go writes typed ones."""
    otherwise: int = 0
    """Texts where Go's cannot be read or says something else than the nodes."""
    differences: list[str] = field(default_factory=list)
    first: str = ""
    """The first document that differs."""

    def add(self, other: Notes) -> None:
        self.documents += other.documents
        self.refused += other.refused
        self.changed += other.changed
        self.values += other.values
        self.otherwise += other.otherwise
        self.differences += other.differences
        self.first = self.first or other.first


class Oracle:
    """The Go program, running."""

    def __init__(self, program: Path) -> None:
        self._process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.communicate()

    def ask(self, request: str | list[Any] | dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


def chunk(program: Path, seed: int, last: int, first: int) -> Notes:
    """Document number n of a seed is always the same one."""
    samples = fixtures()
    notes = Notes()
    with Oracle(program) as oracle:
        for number in range(first, min(first + _CHUNK, last)):
            text = document(Random(f"{seed}-{number}"), samples)
            theirs = oracle.ask(text)
            notes.documents += 1
            notes.refused += "error" in theirs
            if "error" not in theirs:
                _changed(oracle, text, f"{seed}-{number}", notes)
            value = {"a": values(Random(f"{seed}-{number}"), 0)}
            if not _written_otherwise(value):
                notes.values += 1
                what = typed_difference(value, oracle.ask(value))
                notes.differences += [f"{number}, value: {what} {value!r}"] if what else []
            what = difference(text, theirs)
            notes.otherwise += what == OTHERWISE
            if what not in {"", OTHERWISE}:
                notes.differences.append(f"{number}: {what}")
                notes.first = notes.first or _shortened(oracle, text)
    return notes


def _written_otherwise(value: Any) -> bool:
    """Go writes `<<` so that it is read as a merge, a block that begins with a tab so that it cannot be read, and other
    line breaks and keys of several lines in ways that few readers know.
    """
    match value:
        case str():
            return value == "<<" or "\u2028" in value
        case dict():
            return any("\n" in key or _written_otherwise(key) or _written_otherwise(value[key]) for key in value)
        case list():
            return any(map(_written_otherwise, value))
    return False


def _changed(oracle: Oracle, text: str, name: str, notes: Notes) -> None:
    root = next(compose(text))
    change(root, Random(name))
    what = emit_difference(root, oracle.ask(document_tree(root)))
    notes.changed += 1
    notes.otherwise += what == OTHERWISE
    if what not in {"", OTHERWISE}:
        notes.differences.append(f"{name}, changed: {what}")


def run(program: Path, seed: int, documents: int) -> Notes:
    notes = Notes()
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for part in pool.map(partial(chunk, program, seed, documents), range(0, documents, _CHUNK)):
            notes.add(part)
    return notes


def _shortened(oracle: Oracle, text: str) -> str:
    """Lines taken away as long as the two differ."""
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        shorter = lines[:at] + lines[at + 1 :]
        candidate = "\n".join(shorter)
        if difference(candidate, oracle.ask(candidate)) not in {"", OTHERWISE}:
            lines, at = shorter, 0
        else:
            at += 1
    return "\n".join(lines)


def markdown(notes: Notes, seed: int, seconds: float) -> str:
    return f"""# The last run of the YAML comparison

* seed: {seed}
* date: {datetime.now(UTC):%Y-%m-%d}
* machine: {os.cpu_count()} {platform.machine()} cores, shared
* python: {platform.python_version()}
* compared with: {versions()}
* documents: {notes.documents} in {seconds:.0f} s; {notes.refused} of them cannot be read
* trees changed and written: {notes.changed}
* typed values written: {notes.values}
* texts that Go writes so that they cannot be read or say something else, and we do not: {notes.otherwise}
* differences: {len(notes.differences)}
"""


def versions() -> str:
    """The modules that the Go program is built from."""
    wanted = ("sigs.k8s.io/kustomize/kyaml", "go.yaml.in/yaml/v3")
    text = (MODULE / "go.mod").read_text()
    return ", ".join(" ".join(re.findall(rf"{re.escape(name)} v[0-9.]+", text)) for name in wanted)
