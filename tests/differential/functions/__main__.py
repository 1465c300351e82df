"""`python -m tests.differential.functions`: our functions against Go's libraries; exit code 1 when they differ."""

from __future__ import annotations

import argparse
import os
import platform
import re
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from tests.differential.functions.oracle import build
from tests.differential.functions.run import FUNCTIONS, Notes, chunk, run

_HERE = Path(__file__).parent
_SHOWN = 20


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.differential.functions", description=__doc__)
    parser.add_argument("--packages", type=int, default=5_000, help="how many (5 000)")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other packages (1)")
    parser.add_argument("--replay", type=int, metavar="NAME", help="only this one, by the number of a difference")
    given = parser.parse_args()
    program = build()
    start = time.monotonic()
    if given.replay is not None:
        seed, number = divmod(given.replay, 1_000_000)
        notes = chunk(program, seed, number, count=1)
    else:
        notes = run(program, given.seed, given.packages)
    print(*notes.differences[:_SHOWN], sep="\n\n")
    report = markdown(notes, given.seed, time.monotonic() - start)
    print(report)
    if given.replay is None:
        (_HERE / "results").mkdir(exist_ok=True)
        (_HERE / "results" / "latest.md").write_text(report)
    return 1 if notes.differences else 0


def markdown(notes: Notes, seed: int, seconds: float) -> str:
    modules = re.findall(r"^\t(\S+/\S+) (v\S+)$", (_HERE / "oracle" / "go.mod").read_text(), re.MULTILINE)
    lines = [
        "# The last run of the functions against Go",
        "",
        f"* seed: {seed}",
        f"* date: {datetime.now(UTC):%Y-%m-%d}",
        f"* machine: {os.cpu_count()} {platform.machine()} cores, shared; python {platform.python_version()}",
        f"* upstream's libraries: {', '.join(f'{name} {version}' for name, version in modules)}",
        f"* packages: {notes.packages} in {seconds:.0f} s",
        f"* differences: {len(notes.differences)}",
        "",
        "| function | agree | of these, both fail | differ | not compared |",
        "|---|---|---|---|---|",
        *(f"| {name} | {_row(notes, name)} |" for name in FUNCTIONS),
    ]
    return "".join(f"{line}\n" for line in lines)


def _row(notes: Notes, function: str) -> str:
    agreed = {code: count for (name, code), count in notes.agreed.items() if name == function}
    skipped = [f"{why}: {count}" for (name, why), count in sorted(notes.skipped.items()) if name == function]
    failed = sum(count for code, count in agreed.items() if code)
    return f"{sum(agreed.values())} | {failed} | {notes.differing[function]} | {', '.join(skipped)}"


if __name__ == "__main__":
    sys.exit(main())
