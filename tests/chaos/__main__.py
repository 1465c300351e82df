"""`make chaos`: many rounds from one seed; what was reached is written to tests/chaos/results/latest.md.

Power cuts come last, a few for each run of clients; their result is tests/chaos/results/power-cuts.md.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from pathlib import Path

from porch.observe.faults import POINTS
from tests.chaos.harness import Chaos
from tests.chaos.powercuts import PowerCuts

CUTS_OF_A_RUN, WRITES = 20, 25
RESULTS = Path(__file__).parent / "results" / "latest.md"
CUTS = RESULTS.with_name("power-cuts.md")


def main() -> None:
    parser = argparse.ArgumentParser(prog="make chaos ARGS=...", description=__doc__)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--power-cuts", type=int, default=60)
    options = parser.parse_args()
    print(f"seed {options.seed}, {options.rounds} rounds, {options.power_cuts} power cuts", flush=True)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="porch-chaos-") as directory, Chaos(Path(directory), options.seed) as chaos:
        RESULTS.parent.mkdir(exist_ok=True)
        chaos.run(options.rounds, told=lambda: RESULTS.write_text(report(chaos, time.monotonic() - started)))
    if options.power_cuts:
        cut_power(options.seed, options.power_cuts)
    if options.rounds:
        print(RESULTS.read_text())


def cut_power(seed: int, count: int) -> None:
    started = time.monotonic()
    for number, start in enumerate(range(0, count, CUTS_OF_A_RUN)):
        with tempfile.TemporaryDirectory(prefix="porch-power-") as directory:
            cuts = PowerCuts(Path(directory), seed + number)
            cuts.run(WRITES)
            cuts.cut(min(CUTS_OF_A_RUN, count - start))
    seconds = time.monotonic() - started
    CUTS.write_text(
        "# The last run of power cuts\n\n"
        f"Seed {seed}, {count} power cuts in {seconds:.0f} s, {CUTS_OF_A_RUN} for each run of clients that write. "
        "After each of them all that was acknowledged was there.\n"
    )


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
