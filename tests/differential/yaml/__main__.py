"""`python -m tests.differential.yaml`: compares generated documents with what Go's kyaml makes of them, and writes the
figures down; exit code 1 when something differs. Builds the Go program from the module proxy first.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from tests.differential.yaml.run import MODULE, PROGRAM, markdown, run
from tests.support.gotool import build

_RESULTS = Path(__file__).parent / "results"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.differential.yaml", description=__doc__)
    parser.add_argument("--documents", type=int, default=50_000, help="how many (50 000)")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other documents (1)")
    given = parser.parse_args()
    program = build(MODULE, PROGRAM)
    start = time.monotonic()
    notes = run(program, given.seed, given.documents)
    report = markdown(notes, given.seed, time.monotonic() - start)
    if notes.differences:
        print(*notes.differences[:20], "", "The first one, shortened:", repr(notes.first), "", sep="\n")
    print(report)
    _RESULTS.mkdir(exist_ok=True)
    (_RESULTS / "latest.md").write_text(report)
    return 1 if notes.differences else 0


if __name__ == "__main__":
    sys.exit(main())
