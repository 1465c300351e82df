"""Starting the command is quick because it imports what it needs, not all that it could need."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

_HEAVY = (
    "cryptography",
    "grpc",
    "httpx2",
    "hypothesis",
    "prometheus_client",
    "pygit2",
    "sqlite3",
    "uvicorn",
    "uvloop",
    "yaml",
)
_PROGRAM = """
import json, sys
sys.argv = ["porch", *{arguments!r}]
from porch.cli import main
try:
    main()
except SystemExit:
    pass
print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""


def _imported(*arguments: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM.format(arguments=arguments)], capture_output=True, text=True, check=True
    )
    return {name.partition(".")[0] for name in json.loads(done.stderr.splitlines()[-1])}


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("--version",),
        ("up", "--help"),
        ("index", "drop", "--help"),
        ("function-runner", "--help"),
        ("render", "--help"),
        ("fn", "run", "--help"),
    ],
)
def test_asking_for_help_imports_nothing_heavy(arguments: tuple[str, ...]) -> None:
    assert not _imported(*arguments) & set(_HEAVY)


def test_applying_a_file_needs_no_server() -> None:
    assert not _imported("apply", "--help") & {"cryptography", "pygit2", "sqlite3", "uvicorn", "uvloop"}
