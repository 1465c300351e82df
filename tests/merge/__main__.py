"""`python -m tests.merge`: merges generated packages and writes the figures down; exit code 1 on a violation."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from tests.merge.run import chunk, markdown, run, speeds

_RESULTS = Path(__file__).parent / "results"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.merge", description=__doc__)
    parser.add_argument("--triples", type=int, default=20_000, help="how many (20 000)")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other packages (1)")
    parser.add_argument(
        "--replay", type=int, metavar="NAME", help="only this one, by the number that a violation shows"
    )
    given = parser.parse_args()
    if given.replay is not None:
        seed, number = divmod(given.replay, 1_000_000)
        notes = chunk(seed, number, count=1)
        print(*notes.violations, sep="\n")
        return 1 if notes.violations else 0
    measured = speeds()
    start = time.monotonic()
    notes = run(given.seed, given.triples)
    report = markdown(notes, given.seed, time.monotonic() - start, measured)
    print(*notes.violations, report, sep="\n")
    _RESULTS.mkdir(exist_ok=True)
    (_RESULTS / "latest.md").write_text(report)
    return 1 if notes.violations else 0


if __name__ == "__main__":
    sys.exit(main())
