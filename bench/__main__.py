"""Runs every case on a fresh server, prints Markdown, and writes it with JSON below bench/results/."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import tempfile
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from bench import cases, remote
from bench.measure import Figure
from bench.server import Server

_RESULTS = Path(__file__).parent / "results"


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="porch-bench-") as directory:
        found = cases.starts(Path(directory, "starts"))
        with Server(Path(directory, "data")) as server:
            cases.prepare(server)
            for case in (cases.creates, cases.reads, cases.loaded_reads):
                found += case(server)
            found.append(Figure("memory after the run", server.memory(), "MB"))
        found += remote.pushes(Path(directory))
    report = _markdown(found)
    print(report)
    _RESULTS.mkdir(exist_ok=True)
    (_RESULTS / "latest.md").write_text(report)
    document = {"conditions": _conditions(), "figures": [asdict(figure) | {"met": figure.met} for figure in found]}
    (_RESULTS / "latest.json").write_text(json.dumps(document, indent=2) + "\n")


def _conditions() -> dict[str, str]:
    git = subprocess.run(["git", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "machine": f"{os.cpu_count()} {platform.machine()} cores, shared, {platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "git": git.removeprefix("git version "),
        "porch": metadata.version("porch"),
        "load before": f"{os.getloadavg()[0]:.2f}",
        "client": "one kept TLS connection per client, client and server on the same machine",
    }


def _markdown(found: list[Figure]) -> str:
    lines = [f"* {name}: {value}" for name, value in _conditions().items()]
    lines += ["", "| figure | value | goal | |", "|---|---|---|---|"]
    for figure in found:
        goal = f"{figure.goal:g} {figure.unit}" if figure.goal is not None else ""
        verdict = {True: "met", False: "**missed**", None: ""}[figure.met]
        lines.append(f"| {figure.name} | {figure.value:.2f} {figure.unit} | {goal} | {verdict} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    main()
