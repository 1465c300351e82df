"""Fault points: each is listed once, and does what the environment says."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import porch
from porch.observe.faults import POINTS

REACHES = "from porch.observe.faults import reach\nreach('pushed')\nprint('once', flush=True)\nreach('pushed')\n"


def test_every_point_in_the_code_is_listed_and_every_listed_one_is_in_the_code() -> None:
    sources = Path(str(porch.__file__)).parent.rglob("*.py")
    reached = {
        point
        for source in sources
        if source.name != "faults.py"
        for point in re.findall(r'\breach\("([^"]+)"\)', source.read_text())
    }
    assert reached == set(POINTS)


@pytest.mark.parametrize(
    ("fault", "code", "out"),
    [
        ("", 0, "once\n"),
        ("indexed", 0, "once\n"),
        ("pushed", -signal.SIGKILL, ""),
        ("pushed:2", -signal.SIGKILL, "once\n"),
        ("pushed:2:full", 1, "once\n"),
    ],
)
def test_a_point_strikes_when_and_how_it_is_told_to(fault: str, code: int, out: str) -> None:
    command = [sys.executable, "-c", REACHES]
    environment = os.environ | {"PORCH_FAULT": fault}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout) == (code, out)
    assert ("No space left on device" in done.stderr) == fault.endswith("full")
