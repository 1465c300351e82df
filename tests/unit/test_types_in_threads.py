"""The types are looked at before threads use them: msgspec crashes when two threads meet a type for the first time."""

from __future__ import annotations

import subprocess
import sys

_PROGRAM = """
import sys, threading
sys.setswitchinterval(0.000001)
import msgspec, porch.cli.standalone
from porch.types import ALL_KINDS
from porch.types.base import know_all_types
know_all_types()
start = threading.Barrier(8)
def use():
    start.wait()
    for kind in ALL_KINDS:
        msgspec.convert({"metadata": {"name": "a"}}, kind.type, strict=False)
threads = [threading.Thread(target=use) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print("whole")
"""


def test_many_threads_may_decode_every_kind_at_once() -> None:
    done = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout == "whole\n", (done.returncode, done.stderr)
