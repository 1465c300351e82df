"""How a server process treats the limits that it was started with."""

from __future__ import annotations

import subprocess
import sys

SHOWS = (
    "import resource as r; r.setrlimit(r.RLIMIT_NOFILE, (64, 512)); from porch.cli.process import tune; tune(); "
    "print(r.getrlimit(r.RLIMIT_NOFILE))"
)


def test_a_server_takes_all_the_open_files_that_it_may_have() -> None:
    done = subprocess.run([sys.executable, "-c", SHOWS], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout == "(512, 512)\n"
