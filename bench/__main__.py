"""Runs the cases, prints each as Markdown when it is done, and writes all of it with JSON below bench/results/.

`--only lists,sizes` runs those; `--sizes 1000,2000` is a quick run with less stored. A part of the cases is written to
files of its own, so that latest.{md,json} is always of a whole run.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from bench import big, lifecycle, loaded, many, reads, remote, rendering, sizes, starting, watching, writes
from bench.measure import Figure
from bench.server import Server
from bench.stored import Stored

_RESULTS = Path(__file__).parent / "results"
_SIZES = (1_000, 10_000, 100_000)
Case = Callable[[Path, Stored], list[Figure]]


def _on_a_fresh_server(work: Callable[[Server], list[Figure]], *options: str) -> Case:
    def case(directory: Path, _: Stored) -> list[Figure]:
        with Server(directory / "data", *options) as server:
            return work(server)

    return case


CASES: dict[str, Case] = {
    "starts": lambda directory, _: starting.starts(directory / "data"),
    "creates": _on_a_fresh_server(writes.creates),
    "rooms": lambda directory, _: writes.rooms(directory / "data"),
    "loaded": _on_a_fresh_server(loaded.loaded_reads, *big.OPTIONS),
    "big": _on_a_fresh_server(big.big_package, *big.OPTIONS),
    "lifecycle": _on_a_fresh_server(lifecycle.hosted),
    "cycles": _on_a_fresh_server(lifecycle.cycles),
    "lifecycle-pushes": lambda directory, _: lifecycle.pushed(directory),
    "many": lambda directory, _: many.many(directory),
    "pushes": lambda directory, _: remote.pushes(directory),
    "full-starts": lambda _, stored: starting.full_starts(stored),
    "reads": lambda _, stored: reads.reads(stored),
    "lists": lambda _, stored: reads.lists(stored),
    "sizes": lambda _, stored: sizes.sizes(stored),
    "watches": lambda _, stored: watching.watches(stored),
}

RENDER: dict[str, Case] = {
    "render-saves": _on_a_fresh_server(rendering.saves),
    "render-workers": lambda directory, _: rendering.workers(directory),
    "render-loaded": _on_a_fresh_server(rendering.loaded),
}
GROUPS = {"latest": CASES, "render": RENDER}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--group", default="latest", choices=GROUPS, help="which cases, and the file they go to")
    parser.add_argument("--only", default="", help=f"of these, separated by commas: {', '.join(CASES | RENDER)}")
    parser.add_argument(
        "--sizes", default=",".join(map(str, _SIZES)), help="numbers of package revisions, by thousands"
    )
    given = parser.parse_args()
    cases = GROUPS[given.group]
    chosen = given.only.split(",") if given.only else list(cases)
    if unknown := set(chosen) - cases.keys():
        parser.error(f"unknown cases: {', '.join(sorted(unknown))}")
    numbers = tuple(sorted(int(text) for text in given.sizes.split(",")))
    if any(number < 1000 or number % 1000 for number in numbers):
        parser.error("--sizes are multiples of 1000")
    whole = set(chosen) == cases.keys() and numbers == _SIZES
    _write(_run(cases, chosen, numbers), numbers, given.group if whole else "partial")


def _run(cases: dict[str, Case], chosen: list[str], numbers: tuple[int, ...]) -> dict[str, list[Figure]]:
    found: dict[str, list[Figure]] = {}
    with tempfile.TemporaryDirectory(prefix="porch-bench-") as root:
        stored = Stored(Path(root), numbers)
        for name in chosen:
            directory = Path(root, name)
            directory.mkdir()
            started = time.perf_counter()
            found[name] = cases[name](directory, stored)
            print("\n".join(_table(f"{name}, {time.perf_counter() - started:.0f} s", found[name])), flush=True)
    return found


def _write(found: dict[str, list[Figure]], numbers: tuple[int, ...], name: str) -> None:
    conditions = _conditions(numbers)
    report = _markdown(found, conditions)
    _RESULTS.mkdir(exist_ok=True)
    (_RESULTS / f"{name}.md").write_text(report)
    figures = {case: [asdict(figure) | {"met": figure.met} for figure in figures] for case, figures in found.items()}
    document = {"conditions": conditions, "figures": figures}
    (_RESULTS / f"{name}.json").write_text(json.dumps(document, indent=2) + "\n")


def _conditions(numbers: tuple[int, ...]) -> dict[str, str]:
    git = subprocess.run(["git", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": f"{os.cpu_count()} {platform.machine()} cores, shared, {platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "git": git.removeprefix("git version "),
        "porch": metadata.version("porch"),
        "load at the end": f"{os.getloadavg()[0]:.2f}",
        "client": "one kept TLS connection per client, client and server on the same machine",
        "package revisions": ", ".join(f"{number:_}".replace("_", " ") for number in numbers),
    }


def _markdown(found: dict[str, list[Figure]], conditions: dict[str, str]) -> str:
    lines = [f"* {name}: {value}" for name, value in conditions.items()]
    for case, figures in found.items():
        lines += _table(case, figures)
    return "\n".join([*lines, ""])


def _table(title: str, figures: list[Figure]) -> list[str]:
    lines = ["", f"### {title}", "", "| figure | value | goal | |", "|---|---|---|---|"]
    for figure in figures:
        goal = f"{figure.goal:g} {figure.unit}".strip() if figure.goal is not None else ""
        verdict = {True: "met", False: "**missed**", None: ""}[figure.met]
        lines.append(f"| {figure.name} | {figure.value:.2f} {figure.unit} | {goal} | {verdict} |")
    return lines


if __name__ == "__main__":
    main()
