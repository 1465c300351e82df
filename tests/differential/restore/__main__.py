"""`python -m tests.differential.restore [PAIRS [SEED]]`: comments and order, restored as kyaml does it.

Each pair of documents is given to kyaml's own functions and to ours; the texts must be equal. Where kyaml writes a
comment twice, above a list's item and in it, nothing is compared.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from random import Random

from porch.kyaml import emit, parse
from porch.render.restore import CannotRestore, restore
from tests.differential.restore.generate import pair
from tests.support import gotool

_TWICE = re.compile(r"(# above \d+)\n *- \1\n")
MODULE = Path(__file__).parent / "go"

_PROGRAM = Path(__file__).parents[3] / ".tools/bin/porch-restore"


def main(pairs: int = 20_000, seed: int = 1) -> int:
    program = gotool.build(MODULE, _PROGRAM)
    random = Random(seed)
    cases = [pair(random) for _ in range(pairs)]
    lines = "".join(json.dumps({"before": before, "after": after}) + "\n" for before, after in cases)
    done = subprocess.run([program], input=lines, capture_output=True, text=True, check=True)
    differences = 0
    for (before, after), line in zip(cases, done.stdout.splitlines(), strict=True):
        theirs = json.loads(line)
        if not _TWICE.search(theirs["text"]) and ours(before, after) != (theirs["text"], bool(theirs["error"])):
            differences += 1
            if differences <= 3:
                print(
                    "--- before",
                    before,
                    "--- after",
                    after,
                    "--- theirs",
                    theirs,
                    "--- ours",
                    ours(before, after),
                    sep="\n",
                )
    print(f"{pairs} pairs, seed {seed}: {differences} differences")
    return 1 if differences else 0


def ours(before: str, after: str) -> tuple[str, bool]:
    """The text, and whether it cannot be done."""
    new = parse(after)[0]
    try:
        restore(parse(before)[0], new)
    except CannotRestore:
        return "", True
    return emit(new), False


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
