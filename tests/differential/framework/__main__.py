"""`python -m tests.differential.framework`: our functions against Go's libraries; exit code 1 when they differ."""

from __future__ import annotations

import argparse
import sys

from tests.differential.framework.oracle import build
from tests.differential.framework.run import run


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--packages", type=int, default=2000)
    parser.add_argument("--show", type=int, default=5, help="how many differences to print")
    given = parser.parse_args()
    notes = run(build(), given.seed, given.packages)
    for (function, code), count in sorted(notes.agreed.items()):
        print(f"{function}: {count} agreed with exit code {code}")
    print(f"{notes.packages} packages, {len(notes.differences)} differences")
    print("\n\n".join(notes.differences[: given.show]))
    return 1 if notes.differences else 0


if __name__ == "__main__":
    sys.exit(main())
