"""The watermark: the newest version that was given out, in a small file beside the database.

It is written after each commit and not synced, for it guards against something else than a power cut: a log of the
database that was cut off, or an older copy of the database put back. Then the sequence would give out numbers again
that clients know already, and they would miss events. A store that opens below its mark jumps.
"""

from __future__ import annotations

import os
from pathlib import Path

_DIGITS = 19


class Watermark:
    def __init__(self, database: Path) -> None:
        """Raises OSError."""
        path = database.with_name(f"{database.name}-version")
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def read(self) -> int:
        """0 when there is none, or none that can be read."""
        text = os.pread(self._file, _DIGITS, 0)
        return int(text) if text.isdigit() else 0

    def write(self, version: int) -> None:
        """Raises OSError, which costs nothing but the guard."""
        os.pwrite(self._file, b"%0*d" % (_DIGITS, version), 0)

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
        self._file = -1
