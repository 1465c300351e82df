"""For commands that serve without an event loop: waiting for Ctrl-C or SIGTERM."""

from __future__ import annotations

import signal
import threading


def until_stopped() -> None:
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    stopping.wait()
