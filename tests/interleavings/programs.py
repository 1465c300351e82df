"""Functions that are tiny programs, whose code is changed while others render, and what they have told of it.

Each lane of a run has one function. Every code of it writes down what it gave, in a file of its own: that is the record
of renders that the server has no hand in.
"""

from __future__ import annotations

import re
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

_SAY = "| tee -a {log}/{code}"
_CODES = {
    "pass": "cat " + _SAY,
    "first": "sed 's/stamp: .*/stamp: first/' " + _SAY,
    "second": "sed 's/stamp: .*/stamp: second/' " + _SAY,
    "more": "sed 's/count: n/count: nn/' " + _SAY,
    "slow": "touch {home}/started; until test -e {home}/gate; do sleep 0.02; done; cat " + _SAY,
    "fails": "echo 'not today' >&2; exit 1",
}
"""`more` never gives the same twice."""
CODES = tuple(_CODES)
_DATA = re.compile(r"^ *mark: (\S+)\n *stamp: (\S+)\n *count: (\S+)$", re.MULTILINE)

Data = tuple[str, str, str]
"""What a package's resource says: mark, stamp, count."""


def resource(mark: str, *, stamp: str = "none") -> str:
    return (
        "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n"
        f"data:\n  mark: {mark}\n  stamp: {stamp}\n  count: n\n"
    )


def data_of(text: str) -> set[Data]:
    return {(found[1], found[2], found[3]) for found in _DATA.finditer(text)}


@dataclass
class _Time:
    code: str
    since: float
    until: float = float("inf")


@dataclass
class Program:
    """The function of one lane: an executable below the server's `--function-dir`."""

    path: Path
    home: Path
    _times: list[_Time] = field(default_factory=list)
    _offsets: dict[str, int] = field(default_factory=dict)
    _forgotten: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        (self.home / "log").mkdir(parents=True)
        self.become("pass")

    @property
    def image(self) -> str:
        return f"example.com/{self.path.name}:v1"

    @property
    def code(self) -> str:
        return self._times[-1].code

    def become(self, code: str) -> None:
        """New code, from one moment to the next."""
        text = _CODES[code].format(home=self.home, log=self.home / "log", code=code)
        fresh = self.path.parent / f".{self.path.name}"
        with self._lock:
            fresh.write_text(f"#!/bin/sh\n{text}\n")
            fresh.chmod(0o755)
            self._times.append(_Time(code, time.monotonic()))
            fresh.replace(self.path)
            for earlier in self._times[-2:-1]:
                earlier.until = time.monotonic()

    def codes_between(self, since: float, until: float) -> set[str]:
        """Those that were there at some moment of this time."""
        return {one.code for one in self._times if one.since <= until and one.until >= since}

    def forget(self) -> None:
        """The server has lost its verdicts. What was rendered before does not count any more after the next `begin`."""
        self._forgotten = {path.name: path.stat().st_size for path in (self.home / "log").iterdir()}

    def gave(self, code: str) -> set[Data]:
        """What the function gave with this code, as far as it counts."""
        path = self.home / "log" / code
        if not path.exists():
            return set()
        with path.open("rb") as file:
            file.seek(self._offsets.get(code, 0))
            return data_of(file.read().decode())

    def begin(self) -> None:
        """A burst begins."""
        self._offsets = self._forgotten
        self.close_gate()

    # --- the gate of slow code

    @property
    def has_started(self) -> bool:
        return (self.home / "started").exists()

    def close_gate(self) -> None:
        (self.home / "gate").unlink(missing_ok=True)
        (self.home / "started").unlink(missing_ok=True)

    def open_gate(self) -> None:
        (self.home / "gate").touch()
