"""Points of the write path at which a test may have the process die, as by a power cut or a kill -9.

`reach("pushed")` stands between two steps and does nothing, unless PORCH_FAULT names that point when the process
starts: `PORCH_FAULT=pushed` kills at the first time it is reached, `PORCH_FAULT=pushed:3` at the third.
"""

from __future__ import annotations

import itertools
import os
import signal

_point, _, _hits = os.environ.get("PORCH_FAULT", "").partition(":")
_fatal = int(_hits) if _hits.isdecimal() else 1
_reached = itertools.count(1)


def reach(point: str) -> None:
    if point == _point and next(_reached) == _fatal:
        os.kill(os.getpid(), signal.SIGKILL)
