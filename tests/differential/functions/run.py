"""Runs seeded packages through our functions and through Go, and collects where they differ."""

from __future__ import annotations

import difflib
import os
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random

from porch.function.builtin import apply_replacements, set_image, set_labels, set_namespace
from porch.function.interface import FunctionFailed, NativeFunction, ResourceList
from porch.function.resourcelist import read_resource_list
from porch.krm.errors import YamlError
from porch.kyaml import emit, parse
from tests.differential.functions.configs import config
from tests.differential.functions.objects import package
from tests.differential.functions.oracle import KILLED, PANICKED, Oracle
from tests.differential.functions.spelling import Speller
from tests.support.functions import Ran, run_function

_CHUNK = 50


class _Nothing:
    """Does nothing: only how text is read, sorted and written can differ."""

    NAME = "nothing"
    SORTS = True

    def run(self, resources: ResourceList) -> None:
        pass


class _ThroughText:
    """A function whose Go version writes each item and reads it again, before and after. Some comments move by that."""

    SORTS = True

    def __init__(self, function: NativeFunction) -> None:
        self.NAME = function.NAME
        self._function = function

    def run(self, resources: ResourceList) -> None:
        given = resources.items
        resources.items = [parse(emit(item))[0] for item in given]
        try:
            self._function.run(resources)
        except FunctionFailed:
            resources.items = given
            raise
        resources.items = [parse(emit(item))[0] for item in resources.items]


class _ImageFields:
    """What set-image does with additional fields."""

    NAME = "image-fields"
    SORTS = True

    def run(self, resources: ResourceList) -> None:
        image, fields = set_image._configured(resources)
        set_image._update_fields(resources, fields or [], image)
        resources.results.clear()


FUNCTIONS: dict[str, NativeFunction] = {
    "nothing": _Nothing(),
    "set-namespace": set_namespace,
    "set-labels": set_labels,
    "apply-replacements": _ThroughText(apply_replacements),
    "image-fields": _ImageFields(),
}


@dataclass
class Notes:
    """`agreed` counts by function and exit code; `skipped` where there is nothing to compare, and why."""

    packages: int = 0
    agreed: Counter[tuple[str, int]] = field(default_factory=Counter)
    skipped: Counter[tuple[str, str]] = field(default_factory=Counter)
    differing: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)

    def add(self, other: Notes) -> None:
        self.packages += other.packages
        self.agreed += other.agreed
        self.skipped += other.skipped
        self.differing += other.differing
        self.differences += other.differences


def run(program: Path, seed: int, packages: int) -> Notes:
    notes = Notes()
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for part in pool.map(partial(chunk, program, seed), range(0, packages, _CHUNK)):
            notes.add(part)
    return notes


def chunk(program: Path, seed: int, first: int, count: int = _CHUNK) -> Notes:
    """Package number n of a seed is always the same one."""
    notes = Notes(count)
    with Oracle(program) as oracle:
        for number in range(first, first + count):
            name = seed * 1_000_000 + number
            random = Random(name)
            items = _items(random)
            for function in FUNCTIONS:
                if not _compare(oracle, function, _question(items, function, random), name, notes):
                    break  # the text itself is read or written differently, and would be by each function
    return notes


def _items(random: Random) -> str:
    documents = (Speller(random).document(item).rstrip("\n").split("\n") for item in package(random))
    lines = [line for first, *others in documents for line in (f"- {first}", *(f"  {line}" for line in others))]
    return "".join(f"{line.rstrip(' ')}\n" for line in ("items:", *lines))


def _question(items: str, function: str, random: Random) -> str:
    text = f"apiVersion: config.kubernetes.io/v1\nkind: ResourceList\n{items}"
    wanted = config(function, random)
    if wanted is None:
        return text
    if not wanted:
        return f"{text}functionConfig: {{}}\n"
    lines = Speller(random).document(wanted).splitlines()
    return f"{text}functionConfig:\n" + "".join(f"  {line}\n" for line in lines)


def _compare(oracle: Oracle, function: str, text: str, name: int, notes: Notes) -> bool:
    """Whether the two agree, as far as they can be compared."""
    theirs = oracle.ask(function, text)
    if theirs.exit in {KILLED, PANICKED}:
        notes.skipped[function, "Go panics"] += 1
        return True
    try:
        ours = run_function(FUNCTIONS[function], read_resource_list(text.encode()))
    except YamlError as error:
        if theirs.exit and not theirs.output:
            notes.skipped[function, "not YAML for both"] += 1
            return True
        ours = Ran("", [], str(error), 1)
    if function == "image-fields" and theirs.exit:
        notes.skipped[function, "an error"] += 1
        return True
    if (ours.stdout, ours.stderr, ours.exit_code) == (theirs.output, theirs.error, theirs.exit):
        notes.agreed[function, theirs.exit] += 1
        return True
    if function != "nothing" and "&a" in text:  # the SDK drops an anchor when it sets a value, we keep it
        notes.skipped[function, "anchors"] += 1
        return True
    notes.differing[function] += 1
    lines = difflib.unified_diff(theirs.output.splitlines(), ours.stdout.splitlines(), "Go", "ours", "", "", 2, "")
    shown = "\n".join(lines) if ours.stdout != theirs.output else ""
    said = f"{theirs.exit} {theirs.error!r}\n{ours.exit_code} {ours.stderr!r}\n"
    notes.differences.append(f"--- {function} {name}\n{said if ours.stderr != theirs.error else ''}{shown}")
    return function != "nothing"
