"""`python -m tests.fuzz`: runs the fuzzer, prints its figures and writes them down; exit code 1 on a violation."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.fuzz.report import markdown, problems
from tests.fuzz.run import Notes, running

_RESULTS = Path(__file__).parent / "results"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--cases", type=int, default=20_000, help="how many (20 000)")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other cases (1)")
    parser.add_argument("--replay", type=Path, help="a request that a run has written down: only this is sent")
    parser.add_argument("--details", action="store_true", help="also print the answers of each operation")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="porch-fuzz-") as directory, running(Path(directory), given.seed) as run:
        notes = run.replay(given.replay.read_bytes()) if given.replay else run.go(given.cases)
    found = problems(notes)
    print(*found, sep="\n\n")
    if given.details:
        print(*(f"{count:6} {label}" for label, count in sorted(notes.labels.items())), sep="\n")
    if given.replay:
        print(notes.statuses)
    else:
        _write(notes)
    return 1 if found else 0


def _write(notes: Notes) -> None:
    """The figures, and each violation's request as bytes to be replayed."""
    report = markdown(notes)
    print(report)
    _RESULTS.mkdir(exist_ok=True)
    (_RESULTS / "latest.md").write_text(report)
    for violation in notes.violations:
        path = _RESULTS / f"seed-{notes.seed}-case-{violation.case.number}.http"
        path.write_bytes(violation.case.payload)
        print(f"python -m tests.fuzz --replay {path}")


if __name__ == "__main__":
    sys.exit(main())
