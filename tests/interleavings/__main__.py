"""`python -m tests.interleavings --seed S --steps N`: a long run; what was reached is written to results/latest.md.

The steps are divided over runs of 500, each with the next seed and a server of its own.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.interleavings.run import Interleaving
from tests.scenario.running import Porch, register
from tests.support.githttp import GitHttp

STEPS_OF_A_RUN = 500
RESULTS = Path(__file__).parent / "results" / "latest.md"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.interleavings", description=__doc__)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    options = parser.parse_args()
    print(f"seed {options.seed}, {options.steps} steps", flush=True)
    codes: Counter[str] = Counter()
    started = time.monotonic()
    for number, first in enumerate(range(0, options.steps, STEPS_OF_A_RUN)):
        codes += one_run(options.seed + number, min(STEPS_OF_A_RUN, options.steps - first))
        RESULTS.write_text(
            report(options.seed, min(first + STEPS_OF_A_RUN, options.steps), codes, time.monotonic() - started)
        )
    print(RESULTS.read_text())


def one_run(seed: int, steps: int) -> Counter[str]:
    with tempfile.TemporaryDirectory(prefix="porch-interleavings-") as directory:
        root = Path(directory)
        (root / "remote").mkdir()
        porch = Porch(root / "data", "--sync-interval", "3600")
        with GitHttp(root / "remote") as remote:
            try:
                register(porch.launch(), "here", "hosted:///here")
                register(porch.api, "there", remote.create("there"))
                truths = {"here": porch.hosted("default", "here"), "there": remote.path("there")}
                run = Interleaving(porch.api, truths, seed)
                run.run(steps)
                return run.codes
            finally:
                porch.end()


def report(seed: int, steps: int, codes: Counter[str], seconds: float) -> str:
    lines = [
        "# The last long run of `python -m tests.interleavings`",
        "",
        (
            f"Seed {seed}, {steps} steps in {seconds:.0f} s, {STEPS_OF_A_RUN} on each server, with the next seed. "
            "Every answer and every state was the model's."
        ),
        "",
        "| request | answers |",
        "|---|---|",
    ]
    kinds = sorted({key.split()[0] for key in codes})
    for kind in kinds:
        found = sorted((key.split()[1], count) for key, count in codes.items() if key.split()[0] == kind)
        lines.append(f"| {kind} | {', '.join(f'{count} x {code}' for code, count in found)} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    main()
