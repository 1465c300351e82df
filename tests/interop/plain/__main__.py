"""`python -m tests.interop.plain PATH [BRANCH...]` reads a bare repository and prints what is wrong with it."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.interop.plain.read import read


def main(path: str, *branches: str) -> int:
    report = read(Path(path), *branches)
    for finding in report.findings:
        print(f"{finding.rule}: {finding.place} {finding.why}".rstrip())
    print(f"{len(report.published)} published, {len(report.drafts)} drafts, {len(report.proposed)} proposals")
    return 1 if report.findings else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
