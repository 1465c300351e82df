"""`make chaos`: many rounds from one seed; what was reached is written to tests/chaos/results/latest.md."""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from pathlib import Path

from porch.observe.faults import POINTS
from tests.chaos.harness import Chaos

RESULTS = Path(__file__).parent / "results" / "latest.md"


def main() -> None:
    parser = argparse.ArgumentParser(prog="make chaos ARGS=...", description=__doc__)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    options = parser.parse_args()
    print(f"seed {options.seed}, {options.rounds} rounds", flush=True)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="porch-chaos-") as directory, Chaos(Path(directory), options.seed) as chaos:
        RESULTS.parent.mkdir(exist_ok=True)
        chaos.run(options.rounds, told=lambda: RESULTS.write_text(report(chaos, time.monotonic() - started)))
    print(RESULTS.read_text())


def report(chaos: Chaos, seconds: float) -> str:
    lines = [
        "# The last long run of `make chaos`",
        "",
        (
            f"Seed {chaos.seed}, {chaos.rounds} rounds in {seconds:.0f} s. The clients sent {chaos.writes} writes; "
            f"{chaos.lost} answers were lost. Watches went on after each restart; {chaos.relisted} times one had to "
            "list again. All invariants held."
        ),
        "",
        "| the server died at | times | |",
        "|---|---|---|",
    ]
    meanings = POINTS | {"a random moment": "killed from outside"}
    lines += [f"| {point} | {chaos.reached[point]} | {meaning} |" for point, meaning in meanings.items()]
    lines += ["", "Points of `porch backup` and `porch restore` are reached by `tests/scenario/test_backup.py`.", ""]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
